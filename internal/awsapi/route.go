package awsapi

import (
	"net/http"
	"net/url"
	"strings"
)

// Media types of requests.
const (
	typeForm   = "application/x-www-form-urlencoded"
	typeCBOR   = "application/x-amz-cbor-"
	typeJSON10 = "application/x-amz-json-1.0"
	typeAmazon = "application/x-amz-"
)

// isCall tells, from the header alone, what may be a call of an AWS API. A form
// may turn out not to be one.
func isCall(r *http.Request) bool {
	media := r.Header.Get("Content-Type")
	switch {
	case r.Header.Get("X-Amz-Target") != "", hasPrefixFold(media, typeAmazon):
		return true
	case r.Method == http.MethodPost:
		return r.URL.Path == "/" && hasPrefixFold(media, typeForm)
	case r.Method == http.MethodGet:
		return r.URL.Path == "/" && strings.Contains(r.URL.RawQuery, "Action=")
	}
	return false
}

// route finds service, operation and protocol. It returns nil for a form that
// has no Action.
func (h *handler) route(r *http.Request, body []byte) *call {
	cred := parseCredential(r)
	media := r.Header.Get("Content-Type")
	target := r.Header.Get("X-Amz-Target")
	if target == "" && !hasPrefixFold(media, typeAmazon) {
		return h.routeForm(r, cred, body)
	}
	c := h.newCall(cred)
	if hasPrefixFold(media, typeCBOR) {
		c.protocol = h.cbor
	} else {
		c.protocol = jsonProtocol{version10: hasPrefixFold(media, typeJSON10), fields: &h.fields}
	}
	prefix, operation, _ := strings.Cut(target, ".")
	c.Operation = operation
	if c.Service = targetService(prefix); c.Service != "" {
		c.op = h.lookup(c.Service, operation)
	} else {
		c.Service = prefix // for the log
	}
	return c
}

// routeAny is route for a body that is not whole: what it does not tell stays empty.
func (h *handler) routeAny(r *http.Request, head []byte) *call {
	if c := h.route(r, head); c != nil {
		return c
	}
	cred := parseCredential(r)
	c := h.newCall(cred)
	c.protocol, c.Service = query{}, cred.service
	return c
}

// routeForm routes a query request: by the service of its credential scope, or,
// if it has none, to the service that has the Action.
func (h *handler) routeForm(r *http.Request, cred credential, body []byte) *call {
	form, tooMany := parseForm(r.URL.RawQuery)
	if r.Method == http.MethodPost {
		fromBody, more := parseForm(string(body))
		tooMany = tooMany || more
		for k, v := range fromBody {
			form[k] = v
		}
	}
	action := form.Get("Action")
	if action == "" {
		return nil
	}
	c := h.newCall(cred)
	c.protocol = query{form: form, tooMany: tooMany}
	c.Operation = action
	c.Service = cred.service
	for _, service := range h.cfg.Services {
		name := service.Name()
		if hasTarget(name) || c.Service != "" && c.Service != name {
			continue
		}
		if op := h.lookup(name, action); op != nil {
			c.Service, c.op = name, op
			break
		}
	}
	return c
}

// parseForm reads the parameters of a form that are well-formed, and says
// whether there are more than are read. The standard library would give none of
// a form that it finds too long, not even the Action.
func parseForm(raw string) (form url.Values, tooMany bool) {
	end, n := 0, 0
	for p := range strings.SplitAfterSeq(raw, "&") {
		if n++; n > queryMaxKeys {
			tooMany = true
			break
		}
		end += len(p)
	}
	form, _ = url.ParseQuery(raw[:end]) // what is wrong is left out
	return form, tooMany
}

// lookup finds an operation, or nil.
func (h *handler) lookup(service, operation string) Operation {
	s := h.services[service]
	if s == nil || operation == "" {
		return nil
	}
	return s.Operation(operation)
}

// targetService tells which service an X-Amz-Target's prefix belongs to, or "".
func targetService(prefix string) string {
	switch prefix {
	case "Kinesis_20131202":
		return "kinesis"
	case "TrentService":
		return "kms"
	}
	return ""
}

// hasTarget reports whether a service's calls are told by X-Amz-Target; all
// others speak the query protocol.
func hasTarget(service string) bool { return service == "kinesis" || service == "kms" }

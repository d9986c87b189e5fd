package sigv4

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	algorithm = "AWS4-HMAC-SHA256"
	isoTime   = "20060102T150405Z"
	maxExpiry = 7 * 24 * time.Hour // of a presigned request
)

// Signature is what a request says of its own signature.
type Signature struct {
	AccessKey string
	Token     string // the session token of temporary credentials
	Region    string
	Service   string

	day       string // of the scope: 20261122
	end       string // of the scope: aws4_request
	time      time.Time
	expires   time.Duration // of a presigned request, else 0
	headers   []string      // signed ones, lower case, sorted
	signature string
	presigned bool
}

// Read finds a request's signature. It believes nothing yet.
func Read(r *http.Request) (*Signature, *Error) {
	header := r.Header.Get("Authorization")
	query := r.URL.Query() // what is malformed is left out, and then does not match
	presigned := query.Has("X-Amz-Algorithm") || query.Has("X-Amz-Signature") || query.Has("X-Amz-Credential")
	switch {
	case header == "" && !presigned:
		return nil, &Error{Kind: Missing, Message: "Missing Authentication Token"}
	case header != "" && presigned:
		return nil, incomplete("A request is signed in the Authorization header or in the query string, not in both.")
	case presigned:
		return readQuery(query)
	}
	return readHeader(r, header)
}

func readHeader(r *http.Request, header string) (*Signature, *Error) {
	if len(r.Header.Values("Authorization")) > 1 {
		return nil, incomplete("The Authorization header is given more than once.")
	}
	name, rest, _ := strings.Cut(header, " ")
	if name != algorithm {
		return nil, incomplete("Unsupported AWS 'algorithm': '%s'. Only %s is supported.", clip(name), algorithm)
	}
	parts := map[string]string{}
	for _, p := range strings.FieldsFunc(rest, func(c rune) bool { return c == ',' || c == ' ' }) {
		k, v, ok := strings.Cut(p, "=")
		if _, again := parts[k]; !ok || again {
			return nil, incomplete("'%s' not a valid key=value pair (missing equal-sign, or given twice) in Authorization header.", clip(p))
		}
		parts[k] = v
	}
	for _, k := range []string{"Credential", "Signature", "SignedHeaders"} {
		if parts[k] == "" {
			return nil, incomplete("Authorization header requires '%s' parameter.", k)
		}
	}
	at := r.Header.Get("X-Amz-Date")
	s := &Signature{signature: parts["Signature"], Token: r.Header.Get("X-Amz-Security-Token")}
	var ok bool
	if at == "" {
		at = r.Header.Get("Date")
	}
	if at == "" {
		return nil, incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
	}
	if s.time, ok = readTime(at); !ok {
		return nil, incomplete("Date must be in ISO-8601 'basic format'. Got '%s'.", clip(at))
	}
	return s, s.scope(parts["Credential"], parts["SignedHeaders"])
}

func readQuery(q url.Values) (*Signature, *Error) {
	for _, k := range []string{"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature"} {
		switch v := q[k]; {
		case len(v) == 0 || v[0] == "":
			return nil, incomplete("AWS query-string parameters must include '%s'.", k)
		case len(v) > 1:
			return nil, incomplete("The query-string parameter '%s' is given more than once.", k)
		}
	}
	if a := q.Get("X-Amz-Algorithm"); a != algorithm {
		return nil, incomplete("Unsupported AWS 'algorithm': '%s'. Only %s is supported.", clip(a), algorithm)
	}
	s := &Signature{presigned: true, signature: q.Get("X-Amz-Signature"), Token: q.Get("X-Amz-Security-Token")}
	at, err := time.Parse(isoTime, q.Get("X-Amz-Date"))
	if err != nil {
		return nil, incomplete("Date must be in ISO-8601 'basic format'. Got '%s'.", clip(q.Get("X-Amz-Date")))
	}
	s.time = at
	seconds, err := strconv.ParseUint(q.Get("X-Amz-Expires"), 10, 32)
	if s.expires = time.Duration(seconds) * time.Second; err != nil || seconds == 0 || s.expires > maxExpiry {
		return nil, incomplete("X-Amz-Expires must be a number of seconds from 1 to %d.", int(maxExpiry.Seconds()))
	}
	return s, s.scope(q.Get("X-Amz-Credential"), q.Get("X-Amz-SignedHeaders"))
}

// scope takes ACCESSKEY/20261122/us-east-1/kinesis/aws4_request apart, and the list
// of signed headers.
func (s *Signature) scope(credential, headers string) *Error {
	p := strings.Split(credential, "/")
	if len(p) != 5 || slices.Contains(p, "") {
		return incomplete("Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '%s'.", clip(credential))
	}
	s.AccessKey, s.day, s.Region, s.Service, s.end = p[0], p[1], p[2], p[3], p[4]
	s.headers = strings.Split(strings.ToLower(headers), ";")
	if !slices.IsSorted(s.headers) || slices.Contains(s.headers, "") || len(slices.Compact(slices.Clone(s.headers))) != len(s.headers) {
		return incomplete("SignedHeaders must be a sorted list of different header names, separated by semicolons.")
	}
	// HTTP/2 clients may sign the pseudo-header instead, as AWS's JavaScript SDK does.
	if !slices.Contains(s.headers, "host") && !slices.Contains(s.headers, ":authority") {
		return incomplete("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
	}
	return nil
}

// readTime reads the two forms that a header may have.
func readTime(s string) (time.Time, bool) {
	if t, err := time.Parse(isoTime, s); err == nil {
		return t, true
	}
	t, err := http.ParseTime(s)
	return t.UTC(), err == nil
}

// clip bounds what of a request comes back in an error.
func clip(s string) string { return s[:min(len(s), 128)] }

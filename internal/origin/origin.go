package origin

import (
	"net/http"
	"net/url"
	"strings"
)

// Sender is who made a request, as far as its headers say.
type Sender int

// The senders. A reader who types an address, or follows a bookmark, is a Client.
const (
	Client  Sender = iota // no page
	Own                   // a page of the address that is asked
	Foreign               // a page of another origin
)

// Of says who made a request.
func Of(r *http.Request) Sender {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin":
		return Own
	case "none":
		return Client
	case "":
	default: // cross-site, same-site and what may come
		return Foreign
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return Client
	}
	if u, err := url.Parse(origin); err != nil || !strings.EqualFold(u.Host, r.Host) {
		return Foreign
	}
	return Own
}

// fromBrowser reports whether a browser sends the request, as far as it can be told.
// With a GET to a plain http:// name browsers send neither of the first two headers, and
// some let a page of that name choose its User-Agent, but none leave Accept-Language out.
func fromBrowser(r *http.Request) bool {
	return r.Header.Get("Sec-Fetch-Site") != "" || r.Header.Get("Origin") != "" || mozilla(r) || looks(r) && r.Header.Get("Accept-Language") != ""
}

// mozilla reports whether a request has the User-Agent of a browser. Pages of other
// origins can't change it.
func mozilla(r *http.Request) bool { return strings.HasPrefix(r.UserAgent(), "Mozilla/") }

func looks(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// probe reports whether a request is for the health pages, which monitors that call
// themselves Mozilla may read by any name.
func probe(r *http.Request) bool {
	return looks(r) && (r.URL.Path == "/_das/health" || r.URL.Path == "/_localstack/health") &&
		r.Header.Get("Sec-Fetch-Site") == "" && r.Header.Get("Origin") == ""
}

// unasked reports whether a page of another origin may have sent the request without
// saying so: a call by its URL, such as an <img> makes. The parameters of a signature in
// the URL are no sign of a client, since pages can write them.
func unasked(r *http.Request) bool {
	return mozilla(r) && looks(r) && !harmless(r) && r.Header.Get("Sec-Fetch-Site") == "" && r.Header.Get("Authorization") == ""
}

// harmless reports whether a request only looks: a link to a page of das-local's, but
// no call of an API by its URL.
func harmless(r *http.Request) bool {
	return looks(r) &&
		!strings.Contains(r.URL.RawQuery, "Action=") && !strings.Contains(r.URL.RawQuery, "X-Amz-")
}

// Browsers keeps the pages of other origins away from everything: a form of any page
// could otherwise call the API. There is no CORS, so a preflight gets an answer that
// allows nothing.
func (h Hosts) Browsers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case fromBrowser(r) && !h.Knows(r.Host) && !probe(r):
			refuseHost(w, r)
		case Of(r) == Foreign && !harmless(r):
			http.Error(w, "das-local: calls from web pages of other origins are refused", http.StatusForbidden)
		case unasked(r):
			http.Error(w, "das-local: a browser's call by GET is refused, since any page can send it; use POST, or a client that is no browser", http.StatusForbidden)
		case r.Method == http.MethodOptions:
			w.Header().Set("Allow", "GET, HEAD, POST")
			w.WriteHeader(http.StatusNoContent)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// Required refuses whoever asks by a name that is not this machine's, browser or not:
// older browsers do not say that they are some. It is for all that is no AWS call.
func (h Hosts) Required(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !h.Knows(r.Host) {
			refuseHost(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

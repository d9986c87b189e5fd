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

// fromBrowser reports whether a browser says that it sends the request.
func fromBrowser(r *http.Request) bool {
	return r.Header.Get("Sec-Fetch-Site") != "" || r.Header.Get("Origin") != ""
}

// harmless reports whether a request only looks: a link to a page of das-local's, but
// no call of an API by its URL.
func harmless(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) &&
		!strings.Contains(r.URL.RawQuery, "Action=") && !strings.Contains(r.URL.RawQuery, "X-Amz-")
}

// Browsers keeps the pages of other origins away from everything: a form of any page
// could otherwise call the API. There is no CORS, so a preflight gets an answer that
// allows nothing.
func (h Hosts) Browsers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case fromBrowser(r) && !h.Knows(r.Host):
			refuseHost(w, r)
		case Of(r) == Foreign && !harmless(r):
			http.Error(w, "das-local: calls from web pages of other origins are refused", http.StatusForbidden)
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

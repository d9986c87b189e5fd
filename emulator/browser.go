package emulator

import (
	"net/http"
	"net/url"
	"strings"
)

// refuseWebPages keeps the pages of other origins away: a form of any page could
// otherwise call the API of a machine's loopback address. There is no CORS, so a
// preflight gets an answer that allows nothing. Clients that are no browsers send
// neither header.
func refuseWebPages(known func(host string) bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case fromBrowser(r) && !known(r.Host): // a name of the page's owner, who has it lead here
			http.Error(w, "das-local: browsers use an address, localhost, or a name that --allow-host gives", http.StatusMisdirectedRequest)
		case foreign(r) && !harmless(r):
			http.Error(w, "das-local: calls from web pages of other origins are refused", http.StatusForbidden)
		case r.Method == http.MethodOptions:
			w.Header().Set("Allow", "GET, HEAD, POST")
			w.WriteHeader(http.StatusNoContent)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// fromBrowser reports whether a browser says so. AWS's clients call by whatever name.
func fromBrowser(r *http.Request) bool {
	return r.Header.Get("Sec-Fetch-Site") != "" || r.Header.Get("Origin") != ""
}

// foreign reports whether a browser says that a page of another origin asks.
func foreign(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "cross-site", "same-site":
		return true
	case "same-origin":
		return false
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	u, err := url.Parse(origin)
	return err != nil || !strings.EqualFold(u.Host, r.Host)
}

// harmless reports whether a request only looks: a link to a page of das-local's, but
// no call of an API by its URL.
func harmless(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) &&
		!strings.Contains(r.URL.RawQuery, "Action=") && !strings.Contains(r.URL.RawQuery, "X-Amz-")
}

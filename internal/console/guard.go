package console

import (
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// policy is what a page may do: run the console's own script, be styled by its own
// style sheet, and talk to where it came from. No text of a database can be a script.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// Guard keeps foreign pages out: those that reach this address by a name of their own
// (DNS rebinding), and those that send state changes from elsewhere (forgery). It is
// for all that is no AWS call.
func (c *Console) Guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		switch {
		case !c.Knows(r.Host):
			http.Error(w, "das-local: nothing is served under the name "+ascii(r.Host)+"; use an address, localhost, or a name that --allow-host gives", http.StatusMisdirectedRequest)
			return
		case !safe(r.Method) && foreign(r):
			http.Error(w, "das-local: pages of other sites may change nothing here", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Knows says whether a Host header is a name of this machine: an address, localhost,
// a name without a dot, such as a container's, or one that the configuration gives.
// Nobody else can have such a name lead here.
func (c *Console) Knows(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	name = strings.ToLower(strings.TrimSuffix(strings.Trim(name, "[]"), "."))
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	if name != "" && !strings.Contains(name, ".") || strings.HasSuffix(name, ".localhost") || name == "host.docker.internal" {
		return true
	}
	return slices.ContainsFunc(c.cfg.Hosts, func(known string) bool { return strings.EqualFold(name, known) })
}

func safe(method string) bool { return method == http.MethodGet || method == http.MethodHead }

// foreign says whether a browser sent the request for the page of another site.
// Clients that are no browsers say nothing.
func foreign(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" {
		return site != "same-origin" && site != "none"
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	u, err := url.Parse(origin)
	return err != nil || u.Host != r.Host
}

// tokenHeader carries the token of state changes.
const tokenHeader = "X-Das-Token"

// mayChange says whether a state change comes from one of the console's own pages.
func (c *Console) mayChange(r *http.Request) bool {
	return subtle.ConstantTimeCompare([]byte(r.Header.Get(tokenHeader)), []byte(c.token)) == 1
}

// ascii makes a name harmless in an answer.
func ascii(s string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r >= 0x7f || r == '<' || r == '>' || r == '&' || r == '"' {
			return '?'
		}
		return r
	}, s[:min(len(s), 100)])
}

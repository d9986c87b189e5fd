package console

import (
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// policy is what a page may do: run the console's own script, be styled by its own
// style sheet, and talk to where it came from. No text of a database can be a script.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// guard keeps foreign pages out: those that reach this address by a name of their own
// (DNS rebinding), and those that send state changes from elsewhere (forgery).
func (c *Console) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if !c.knows(r.Host) {
			http.Error(w, "das-local: the console is not served under the name "+ascii(r.Host)+"; open http://127.0.0.1 with the port of --aws-listen", http.StatusMisdirectedRequest)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead && !c.mayChange(r) {
			http.Error(w, "das-local: this page is out of date or not the console's; load it again", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// knows says whether a Host header is a name of this machine: an address, localhost,
// or one that the configuration names.
func (c *Console) knows(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	name = strings.ToLower(strings.Trim(name, "[]"))
	if _, err := netip.ParseAddr(name); err == nil {
		return true // nobody can point an address elsewhere
	}
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return true
	}
	for _, known := range c.cfg.Hosts {
		if strings.EqualFold(name, known) {
			return true
		}
	}
	return false
}

// tokenHeader carries the token of state changes.
const tokenHeader = "X-Das-Token"

// mayChange says whether a state change comes from one of the console's own pages.
func (c *Console) mayChange(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" {
		return false
	}
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

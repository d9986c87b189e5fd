package console

import (
	"crypto/subtle"
	"net/http"

	"github.com/das-local/das-local/internal/origin"
)

// policy is what a page may do: run the console's own script, be styled by its own
// style sheet, and talk to where it came from. No text of a database can be a script.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// Guard has browsers keep to the policy, and refuses who asks by a foreign name. It is
// for all that is no AWS call.
func (c *Console) Guard(next http.Handler) http.Handler {
	next = origin.Hosts(c.cfg.Hosts).Required(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// tokenHeader carries the token of state changes.
const tokenHeader = "X-Das-Token"

// mayChange says whether a state change comes from one of the console's own pages.
func (c *Console) mayChange(r *http.Request) bool {
	return subtle.ConstantTimeCompare([]byte(r.Header.Get(tokenHeader)), []byte(c.token)) == 1
}

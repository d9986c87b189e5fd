package emulator

import (
	"cmp"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/das-local/das-local/internal/console"
)

// login keeps strangers from the console and the control API, which act as the account's
// root. The zero value lets everybody in.
type login struct {
	token  string
	secure bool // the address speaks TLS
}

// tokenPattern is what a token may be: a value of a cookie, a header and a URL.
var tokenPattern = regexp.MustCompile(`^[A-Za-z0-9._~-]{8,128}$`)

// newLogin has a random token if policies decide about calls and none was given.
func newLogin(o Options) login {
	l := login{token: o.ConsoleToken, secure: o.AWSTLS || o.AWSCert != ""}
	if l.token == "" && o.IAM != "" {
		l.token = rand.Text()
	}
	return l
}

// ConsoleURL opens the web console in a browser. It has the token with which one logs in, if there
// is one: see Options.ConsoleToken.
func (e *Emulator) ConsoleURL() string {
	u := e.Endpoint() + "/"
	if e.login.token != "" {
		u += "?token=" + e.login.token
	}
	return u
}

// ConsoleToken is the token of the console and /_das/; empty: none is asked for.
func (e *Emulator) ConsoleToken() string { return e.login.token }

// required lets in who has the token: in the header Authorization, as a cookie, or, to get
// the cookie, in the URL.
func (l login) required(next http.Handler) http.Handler {
	if l.token == "" {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, assets) {
			next.ServeHTTP(w, r)
			return
		}
		if said := r.URL.Query().Get("token"); said != "" && r.Method == http.MethodGet && page(r) {
			if l.is(said) {
				l.enter(w, r)
			} else {
				l.refuse(w, r)
			}
			return
		}
		scheme, said, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if !strings.EqualFold(scheme, "Bearer") {
			said = ""
		}
		if c, err := r.Cookie(cookieName(r)); said == "" && err == nil {
			said = c.Value
		}
		if !l.is(strings.TrimSpace(said)) {
			l.refuse(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (l login) is(said string) bool {
	return subtle.ConstantTimeCompare([]byte(said), []byte(l.token)) == 1
}

// enter gives the browser the cookie, and leaves the token out of its address.
func (l login) enter(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{Name: cookieName(r), Value: l.token, Path: "/", HttpOnly: true, Secure: l.secure, SameSite: http.SameSiteStrictMode})
	q := r.URL.Query()
	q.Del("token")
	to := url.URL{Path: r.URL.Path, RawQuery: q.Encode()}
	w.Header().Set("Location", cmp.Or(to.String(), "/"))
	w.WriteHeader(http.StatusSeeOther)
}

// refuse says how to log in.
func (l login) refuse(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("WWW-Authenticate", `Bearer realm="das-local"`)
	if !page(r) {
		refuse(w, http.StatusUnauthorized, errors.New("a token is needed here: that of the console's address, which das-local printed at its start; give it with --token, DAS_LOCAL_TOKEN or the header Authorization: Bearer TOKEN"))
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(http.StatusUnauthorized)
	fmt.Fprint(w, loginPage)
}

const loginPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Log in · das-local</title>
<link rel="icon" href="` + assets + `icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="` + assets + `console.css">
</head>
<body>
<main>
<h1>Log in to das-local</h1>
<p>This console needs a token. Open the address with the token that das-local printed at its start, or enter the token.</p>
<form action="/"><label>Token <input type="password" name="token" autocomplete="off" required autofocus></label> <button class="main">Log in</button></form>
</main>
</body>
</html>
`

// assets are the console's style, script and icon, which are no secret.
const assets = console.Prefix + "/assets/"

// page reports whether a request is for the console.
func page(r *http.Request) bool {
	return r.URL.Path == "/" || r.URL.Path == console.Prefix || strings.HasPrefix(r.URL.Path, console.Prefix+"/")
}

// cookieName has the port: browsers send a host's cookies to all its ports, and one host
// may have several das-locals.
func cookieName(r *http.Request) string {
	_, port, _ := net.SplitHostPort(r.Host)
	n, _ := strconv.ParseUint(port, 10, 16) // an odd one: 0
	return "das-local-" + strconv.FormatUint(n, 10)
}

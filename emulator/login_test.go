package emulator

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/das-local/das-local/internal/console"
)

// visit sends a request, following no redirect, and gives the answer and its body.
func (b *bed) visit(c *http.Client, method, path, body string, headers ...string) (*http.Response, string) {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.Endpoint()+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := c.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return res, string(text)
}

// browser keeps cookies, and does not follow redirects.
func (b *bed) browser() *http.Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		b.t.Fatal(err)
	}
	transport := &http.Transport{}
	b.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// TestLogin: with policies nobody gets past them by the console or the control API.
func TestLogin(t *testing.T) {
	b := newBed(t, Options{IAM: "../testdata/iam/account.json", Pprof: true, Heartbeat: -1})
	token := b.ConsoleToken()
	if len(token) < 20 || b.ConsoleURL() != b.Endpoint()+"/?token="+token {
		t.Errorf("%q, token %q", b.ConsoleURL(), token)
	}
	feed := console.Prefix + "/activity/feed?stream=" + b.StreamName()
	closed := map[string]string{
		"/": "GET", console.Prefix: "GET", console.Prefix + "/activity": "GET", feed: "GET", console.Prefix + "/assetsx": "GET",
		console.Prefix + "/do/stop-stream": "POST", "/_das/faults": "GET", "/_das/faults/1": "DELETE", "/_das/clock": "POST", "/_das/reset": "POST", "/debug/pprof/heap": "GET",
	}
	for _, headers := range [][]string{
		nil,
		{"Authorization", "Bearer " + token[1:]},
		{"Authorization", "Bearer "},
		{"Authorization", token},
		{"Authorization", "Basic " + token},
		{"Cookie", "das-local-0=" + token}, // of another port
		{"Cookie", "das-local-" + portOf(b.Endpoint()) + "="},
	} {
		for path, method := range closed {
			res, body := b.visit(b.browser(), method, path, "", append(headers, "Content-Type", "application/json")...)
			if res.StatusCode != http.StatusUnauthorized || res.Header.Get("WWW-Authenticate") == "" || strings.Contains(body, token) {
				t.Errorf("%s %s with %q: %d %s", method, path, headers, res.StatusCode, body)
			}
		}
	}
	for _, path := range []string{"/_das/health", "/_localstack/health", "/metrics", console.Prefix + "/assets/console.css"} {
		if res, _ := b.visit(b.browser(), "GET", path, ""); res.StatusCode != http.StatusOK {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
	for path, want := range map[string]string{"/_das/faults": `"faults"`, "/_das/clock": "now", "/": "my-cluster"} {
		if res, body := b.visit(b.browser(), "GET", path, "", "Authorization", "Bearer "+token); res.StatusCode != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s with the token: %d %s", path, res.StatusCode, body)
		}
	}
}

// TestLoginOfABrowser is by the address with the token, which becomes a cookie.
func TestLoginOfABrowser(t *testing.T) {
	b := newBed(t, Options{ConsoleToken: "a-token.of~mine_1", Heartbeat: -1}) // without policies: as asked
	page := b.browser()
	if res, body := b.visit(page, "GET", "/?token=a-token.of~mine_2", ""); res.StatusCode != http.StatusUnauthorized || len(res.Cookies()) > 0 || !strings.Contains(body, "<form") {
		t.Errorf("a wrong token: %d %v %s", res.StatusCode, res.Cookies(), body)
	}
	res, _ := b.visit(page, "GET", console.Prefix+"/stream?token=a-token.of~mine_1&name=x", "")
	if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != console.Prefix+"/stream?name=x" {
		t.Errorf("%d to %q", res.StatusCode, res.Header.Get("Location"))
	}
	if set := res.Header.Get("Set-Cookie"); !strings.Contains(set, "HttpOnly") || !strings.Contains(set, "SameSite=Strict") || !strings.Contains(set, "Path=/") {
		t.Errorf("the cookie is %q", set)
	}
	for _, path := range []string{"/", console.Prefix + "/keys", console.Prefix + "/assets/console.js"} {
		if res, _ := b.visit(page, "GET", path, ""); res.StatusCode != http.StatusOK {
			t.Errorf("%s with the cookie: %d", path, res.StatusCode)
		}
	}
	if res, _ := b.visit(page, "POST", "/_das/reset", "", "Content-Type", "application/json", "Origin", "http://127.0.0.1:1"); res.StatusCode != http.StatusForbidden {
		t.Errorf("a page of another port: %d", res.StatusCode)
	}
	if open := newBed(t, Options{Heartbeat: -1}); open.ConsoleToken() != "" || open.ConsoleURL() != open.Endpoint()+"/" {
		t.Errorf("without policies and token: %q", open.ConsoleURL())
	}
	for _, token := range []string{"short", "with space", "semicolon;", strings.Repeat("x", 129)} {
		if _, err := Start(context.Background(), Options{ConsoleToken: token}); !errors.Is(err, ErrOptions) {
			t.Errorf("%q: %v", token, err)
		}
	}
}

func portOf(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return ""
	}
	return u.Port()
}

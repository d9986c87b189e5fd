package console_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/das-local/das-local/emulator"
)

// TestEveryAnswerHasThePolicy that lets no text of a database become a script.
func TestEveryAnswerHasThePolicy(t *testing.T) {
	b := newBed(t)
	for _, path := range []string{"/", "", "/cluster?id=my-cluster", "/cluster?id=none", "/activity", "/activity/event?stream=x", "/activity/event?stream=" + b.StreamName() + "&n=1",
		"/session?stream=" + b.StreamName() + "&id=x", "/monitoring", "/events", "/stream", "/record", "/keys", "/faults", "/assets/console.js", "/assets/activity.js", "/assets/console.css",
		"/assets/icon.svg", "/assets/nothing.js", "/assets/..%2fpage.go", "/nothing", "/do/start-stream"} {
		if path != "/" {
			path = prefix + path
		}
		res, _ := b.send(b.request(http.MethodGet, path, ""))
		policy := res.Header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
			if !strings.Contains(policy, want) || strings.Contains(policy, "unsafe") {
				t.Errorf("%s (%d): policy %q lacks %q", path, res.StatusCode, policy, want)
			}
		}
		if res.Header.Get("X-Content-Type-Options") != "nosniff" || res.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", path, res.Header)
		}
	}
}

// TestForeignNamesAreRefused: a page whose name was made to lead here is not of this
// machine. AWS calls and the health page are open: clients and probes use any name. A browser's
// AWS call by GET is refused under each: any page can send it.
func TestForeignNamesAreRefused(t *testing.T) {
	b := newBed(t, func(o *emulator.Options) { o.AllowHosts = []string{"das.test.example"} })
	for host, ok := range map[string]bool{
		"localhost:1": true, "127.0.0.1": true, "[::1]:4566": true, "das-local:4566": true, "das.test.example:1": true, "DAS.test.example": true,
		"host.docker.internal:4566": true, "evil.example": false, "evil.example:4566": false, "127.0.0.1.evil.example": false, "localhost.evil.example:1": false, "evil.example.": false,
	} {
		for _, path := range []string{"/", prefix + "/keys", prefix + "/assets/console.js", "/metrics", "/_das/faults", "/_das/clock"} {
			res, body := b.send(b.request(http.MethodGet, path, "", "Host", host))
			if (res.StatusCode == http.StatusOK) != ok || !ok && res.StatusCode != http.StatusMisdirectedRequest {
				t.Errorf("%s of %s: status %d", path, host, res.StatusCode)
			}
			if !ok && !strings.Contains(body, "--allow-host") {
				t.Errorf("%s of %s does not say the fix: %s", path, host, body)
			}
		}
		if res, _ := b.send(b.request(http.MethodGet, "/_das/health", "", "Host", host)); res.StatusCode != http.StatusOK {
			t.Errorf("health of %s: status %d", host, res.StatusCode)
		}
		const call = "/?Action=DescribeDBClusters&Version=2014-10-31"
		res, body := b.send(b.request(http.MethodGet, call, "", "Host", host))
		if res.StatusCode != http.StatusOK || !strings.Contains(body, "my-cluster") {
			t.Errorf("AWS call of %s: status %d", host, res.StatusCode)
		}
		res, body = b.send(b.request(http.MethodGet, call, "", "Host", host, "User-Agent", "Mozilla/5.0 (X11; Linux x86_64)"))
		if res.StatusCode == http.StatusOK || strings.Contains(body, "my-cluster") {
			t.Errorf("a browser's AWS call of %s: status %d", host, res.StatusCode)
		}
	}
	res, body := b.send(b.request(http.MethodGet, "/", "", "Host", "<script>alert(1)</script>.example"))
	if res.StatusCode == http.StatusOK || strings.Contains(body, "<script>") {
		t.Errorf("%d %s", res.StatusCode, body)
	}
}

// TestChangesNeedTheToken and come from the console's own pages.
func TestChangesNeedTheToken(t *testing.T) {
	b := newBed(t)
	token := b.token()
	change := func(headers ...string) int {
		t.Helper()
		res, _ := b.send(b.request(http.MethodPost, prefix+"/do/create-key", "description=x", append(headers, "Content-Type", "application/x-www-form-urlencoded")...))
		return res.StatusCode
	}
	for name, headers := range map[string][]string{
		"no token":        {},
		"another token":   {"X-Das-Token", "x" + token[1:]},
		"an empty token":  {"X-Das-Token", ""},
		"another site":    {"X-Das-Token", token, "Sec-Fetch-Site", "cross-site"},
		"another port":    {"X-Das-Token", token, "Sec-Fetch-Site", "same-site"},
		"another origin":  {"X-Das-Token", token, "Origin", "http://evil.example"},
		"an origin of no": {"X-Das-Token", token, "Origin", "null"},
	} {
		if got := change(headers...); got != http.StatusForbidden {
			t.Errorf("%s: status %d", name, got)
		}
	}
	for name, headers := range map[string][]string{
		"a browser":       {"X-Das-Token", token, "Sec-Fetch-Site", "same-origin", "Origin", b.Endpoint()},
		"an older one":    {"X-Das-Token", token, "Origin", b.Endpoint()},
		"not a browser":   {"X-Das-Token", token},
		"typed addresses": {"X-Das-Token", token, "Sec-Fetch-Site", "none"},
	} {
		if got := change(headers...); got != http.StatusOK {
			t.Errorf("%s: status %d", name, got)
		}
	}
	if res, _ := b.send(b.request(http.MethodGet, prefix+"/do/create-key?description=x", "", "X-Das-Token", token)); res.StatusCode == http.StatusOK {
		t.Error("a GET changes something")
	}
	if newBed(t).token() == token {
		t.Error("two processes have one token")
	}
}

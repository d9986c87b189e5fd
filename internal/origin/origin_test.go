package origin

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// served answers a request through a guard and says what became of it.
func served(t *testing.T, guard func(http.Handler) http.Handler, method, target string, headers ...string) (status int, body string) {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	r.Host = "localhost:4566"
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
			continue
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	guard(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })).ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func TestKnows(t *testing.T) {
	hosts := Hosts{"das.test.example"}
	for host, want := range map[string]bool{
		"localhost": true, "LOCALHOST:4566": true, "console.localhost:4566": true, "127.0.0.1:4566": true, "10.1.2.3": true,
		"[::1]:4566": true, "::1": true, "[fe80::1]": true, "das-local:4566": true, "das-local": true, "my_service.": true,
		"host.docker.internal:4566": true, "das.test.example": true, "DAS.test.example.:80": true,
		"": false, "evil.example": false, "evil.example:4566": false, "127.0.0.1.evil.example": false, "localhost.evil.example": false,
		"evil.example.": false, "das.test.example.evil.example": false, "127.0.0.1.": true, "1.2.3": false,
	} {
		if got := hosts.Knows(host); got != want {
			t.Errorf("%q: %v", host, got)
		}
	}
}

func TestOf(t *testing.T) {
	for _, test := range []struct {
		site, origin string
		want         Sender
	}{
		{"", "", Client}, {"none", "", Client}, {"same-origin", "", Own}, {"same-origin", "http://localhost:4566", Own},
		{"same-site", "", Foreign}, {"cross-site", "", Foreign}, {"something-new", "", Foreign}, {"cross-site", "http://localhost:4566", Foreign},
		{"", "http://localhost:4566", Own}, {"", "http://LOCALHOST:4566", Own}, {"", "http://localhost:3000", Foreign}, {"", "http://localhost", Foreign},
		{"", "null", Foreign}, {"", "http://evil.example", Foreign}, {"", "%", Foreign},
	} {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.Host = "localhost:4566"
		for name, v := range map[string]string{"Sec-Fetch-Site": test.site, "Origin": test.origin} {
			if v != "" {
				r.Header.Set(name, v)
			}
		}
		if got := Of(r); got != test.want {
			t.Errorf("Sec-Fetch-Site %q, Origin %q: %v", test.site, test.origin, got)
		}
	}
}

func TestBrowsers(t *testing.T) {
	const stop = "/?Action=StopActivityStream&ResourceArn=x"
	const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
	for _, test := range []struct {
		method, target string
		headers        []string
		want           int
	}{
		{"POST", "/", nil, 418},
		{"POST", "/", []string{"Host", "kinesis.us-east-1.amazonaws.com"}, 418}, // a client calls by any name
		{"POST", "/", []string{"Host", "evil.example", "Sec-Fetch-Site", "same-origin"}, 421},
		{"GET", "/", []string{"Host", "evil.example", "Sec-Fetch-Site", "none"}, 421},
		{"POST", "/", []string{"Host", "evil.example", "Origin", "http://evil.example"}, 421},
		{"POST", "/", []string{"Sec-Fetch-Site", "same-origin"}, 418},
		{"POST", "/", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"DELETE", "/_das/faults", []string{"Origin", "http://localhost:3000"}, 403},
		{"GET", "/?Action=StopActivityStream", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"GET", "/?X-Amz-Algorithm=x", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"GET", "/_das/console/activity", []string{"Sec-Fetch-Site", "cross-site"}, 418}, // a link
		{"OPTIONS", "/", nil, 204},

		// Browsers that say nothing: a page's own name, by GET.
		{"GET", stop, []string{"Host", "evil.example:4566", "User-Agent", firefox}, 421},
		{"GET", stop, []string{"Host", "evil.example:4566", "User-Agent", firefox, "Authorization", "AWS4-HMAC-SHA256 Credential=a"}, 421},
		{"GET", stop, []string{"Host", "evil.example:4566", "User-Agent", "aws-cli/2", "Accept-Language", "*"}, 421},
		{"GET", "/", []string{"Host", "evil.example:4566", "User-Agent", firefox, "X-Amz-Target", "Kinesis_20131202.ListStreams"}, 421},
		{"GET", "/bucket/key", []string{"Host", "evil.example:4566", "User-Agent", firefox}, 421}, // relayed
		{"POST", "/", []string{"Host", "evil.example:4566", "User-Agent", firefox}, 421},
		// An <img> of any page, to a name that is this machine's.
		{"GET", stop, []string{"Host", "das-local:4566", "User-Agent", firefox}, 403},
		{"GET", stop, []string{"Host", "192.168.1.2:4566", "User-Agent", firefox, "Accept-Language", "en"}, 403},
		{"GET", stop + "&X-Amz-Credential=a&X-Amz-Signature=b", []string{"User-Agent", firefox}, 403},
		{"HEAD", stop, []string{"User-Agent", firefox}, 403},
		// Clients, and readers who type an address.
		{"GET", stop, nil, 418},
		{"GET", stop, []string{"User-Agent", "curl/8.5.0"}, 418},
		{"GET", stop + "&X-Amz-Signature=b", []string{"Host", "rds.us-east-1.amazonaws.com", "User-Agent", "Boto3/1.34"}, 418},
		{"GET", stop, []string{"User-Agent", firefox, "Authorization", "AWS4-HMAC-SHA256 Credential=a"}, 418},
		{"GET", stop, []string{"User-Agent", firefox, "Sec-Fetch-Site", "none"}, 418},
		{"POST", "/", []string{"User-Agent", firefox}, 418},
		{"POST", "/", []string{"Host", "das.corp.example", "User-Agent", "URLSession", "Accept-Language", "en"}, 418},
		{"GET", "/", []string{"Host", "das-local:4566", "User-Agent", firefox}, 418},
		{"GET", "/_das/health", []string{"Host", "das.corp.example", "User-Agent", "Mozilla/5.0 (compatible; a monitor)"}, 418},
		{"GET", "/_das/health", []string{"Host", "evil.example", "User-Agent", firefox, "Sec-Fetch-Site", "same-origin"}, 421},
		{"OPTIONS", "/", []string{"Origin", "http://evil.example"}, 403},
	} {
		if got, body := served(t, Hosts(nil).Browsers, test.method, test.target, test.headers...); got != test.want {
			t.Errorf("%s %s %q: %d %s", test.method, test.target, test.headers, got, body)
		}
	}
}

// TestRefusalSaysTheFix, and nothing of the name can be taken for more than a name.
func TestRefusalSaysTheFix(t *testing.T) {
	status, body := served(t, Hosts(nil).Required, "GET", "/", "Host", "das.corp.example:4566")
	for _, want := range []string{"--allow-host das.corp.example\n", "DAS_LOCAL_ALLOW_HOST=das.corp.example\n", "localhost"} {
		if status != http.StatusMisdirectedRequest || !strings.Contains(body, want) {
			t.Errorf("%d, without %q: %s", status, want, body)
		}
	}
	for _, host := range []string{"<script>alert(1)</script>.example", "a.b;$(reboot)", "a.b\x1b[31m", strings.Repeat("x.", 5000)} {
		_, body := served(t, Hosts(nil).Required, "GET", "/", "Host", host)
		if strings.ContainsAny(body, "<>$;\x1b") || len(body) > 2000 {
			t.Errorf("%.40q: %.200s", host, body)
		}
	}
	if status, _ := served(t, Hosts{"das.corp.example"}.Required, "GET", "/", "Host", "das.corp.example:4566"); status != http.StatusTeapot {
		t.Error(status)
	}
}

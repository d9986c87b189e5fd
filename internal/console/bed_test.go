package console_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/das-local/das-local/emulator"
	"github.com/das-local/das-local/internal/await"
)

const prefix = "/_das/console"

// bed is an emulator and a client of its console.
type bed struct {
	*emulator.Emulator
	t      *testing.T
	client *http.Client
}

func newBed(t *testing.T, options ...func(*emulator.Options)) *bed {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &bed{emulator.ForTest(t, options...), t, &http.Client{Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// exec runs statements in one session. They may fail.
func (b *bed) exec(statements ...string) {
	b.t.Helper()
	conn, err := pgx.Connect(await.Context(b.t), b.PostgresURL())
	if err != nil {
		b.t.Fatal(err)
	}
	defer conn.Close(b.t.Context())
	for _, sql := range statements {
		_, _ = conn.PgConn().Exec(await.Context(b.t), sql).ReadAll()
	}
}

// request makes a request with headers, given as name and value in turn. Host is one.
func (b *bed) request(method, path, body string, headers ...string) *http.Request {
	b.t.Helper()
	r, err := http.NewRequestWithContext(await.Context(b.t), method, b.Endpoint()+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
			continue
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

// send answers with the response, whose body has been read.
func (b *bed) send(r *http.Request) (*http.Response, string) {
	b.t.Helper()
	res, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return res, string(body)
}

// page gets a page that must be there.
func (b *bed) page(path string) string {
	b.t.Helper()
	res, body := b.send(b.request(http.MethodGet, path, ""))
	if res.StatusCode != http.StatusOK {
		b.t.Fatalf("%s: status %d\n%s", path, res.StatusCode, body)
	}
	return body
}

var tokenPattern = regexp.MustCompile(`<meta name="das-token" content="([^"]+)">`)

// token is the one that the pages carry.
func (b *bed) token() string {
	b.t.Helper()
	m := tokenPattern.FindStringSubmatch(b.page("/"))
	if m == nil {
		b.t.Fatal("the page has no token")
	}
	return m[1]
}

// watch looks at the live list until the test ends: what it has shown can be asked for as
// long as somebody looks, and not much longer.
func (b *bed) watch() {
	b.t.Helper()
	r := b.request(http.MethodGet, prefix+"/activity/feed?stream="+b.StreamName(), "").WithContext(b.t.Context())
	res, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { res.Body.Close() })
}

// do runs an action, whose form is given as name and value in turn. It returns what the
// answer says, and whether it succeeded.
func (b *bed) do(action string, form ...string) (said string, ok bool) {
	b.t.Helper()
	values := url.Values{}
	for i := 0; i < len(form); i += 2 {
		values.Set(form[i], form[i+1])
	}
	res, body := b.send(b.request(http.MethodPost, prefix+"/do/"+action, values.Encode(),
		"Content-Type", "application/x-www-form-urlencoded", "X-Das-Token", b.token(), "Sec-Fetch-Site", "same-origin"))
	var answer struct{ Message, Error string }
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		b.t.Fatalf("%s: %v: %s", action, err, body)
	}
	return answer.Message + answer.Error, res.StatusCode == http.StatusOK
}

// must runs an action that must succeed.
func (b *bed) must(action string, form ...string) string {
	b.t.Helper()
	said, ok := b.do(action, form...)
	if !ok {
		b.t.Fatalf("%s %q: %s", action, form, said)
	}
	return said
}

package awsclient

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/das-local/das-local/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// TestWhole: an answer is read when Do returns, an event stream is not. The request is
// read and closed before it is sent.
func TestWhole(t *testing.T) {
	for contentType, held := range map[string]bool{"application/x-amz-json-1.1": false, "application/vnd.amazon.eventstream": true} {
		more := make(chan struct{})
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", contentType)
			if sent, err := io.ReadAll(r.Body); err != nil || string(sent) != "request" {
				t.Errorf("%s: was sent %q, %v", contentType, sent, err)
			}
			io.WriteString(w, "a")
			w.(http.Flusher).Flush()
			if held { // its answer is handed over before it has an end
				<-more
			}
			io.WriteString(w, "b")
		}))
		client := &http.Client{Transport: &http.Transport{}}
		sent := &noted{Reader: strings.NewReader("request")}
		r, err := http.NewRequestWithContext(t.Context(), "POST", server.URL, sent)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := Whole(doer(func(r *http.Request) (*http.Response, error) {
			if !sent.closed {
				t.Errorf("%s: the request is sent before it is read", contentType)
			}
			return client.Do(r)
		})).Do(r)
		if err != nil {
			t.Fatal(err)
		}
		close(more)
		if !held {
			server.CloseClientConnections()
		}
		body, err := io.ReadAll(answer.Body)
		if err != nil || string(body) != "ab" {
			t.Errorf("%s: %q %v", contentType, body, err)
		}
		answer.Body.Close()
		client.CloseIdleConnections()
		server.Close()
	}
}

// doer is an aws.HTTPClient.
type doer func(*http.Request) (*http.Response, error)

func (d doer) Do(r *http.Request) (*http.Response, error) { return d(r) }

// noted is a body that notes its end.
type noted struct {
	io.Reader
	closed bool
}

func (n *noted) Close() error {
	n.closed = true
	return nil
}

package awsclient

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/das-local/das-local/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// TestWhole: an answer is read when Do returns, an event stream is not.
func TestWhole(t *testing.T) {
	for contentType, held := range map[string]bool{"application/x-amz-json-1.1": false, "application/vnd.amazon.eventstream": true} {
		more := make(chan struct{})
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", contentType)
			io.WriteString(w, "a")
			w.(http.Flusher).Flush()
			if held { // its answer is handed over before it has an end
				<-more
			}
			io.WriteString(w, "b")
		}))
		client := &http.Client{Transport: &http.Transport{}}
		r, err := http.NewRequestWithContext(t.Context(), "GET", server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := Whole(client).Do(r)
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

package awsapi

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// TestServe calls over HTTP/1 and over HTTP/2 with prior knowledge, and ends the
// server while a call is waiting for events.
func TestServe(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	waiting := make(chan struct{})
	h := NewHandler(Config{
		Services: []Service{fake{"kinesis"}},
		Fallback: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			close(waiting)
			<-r.Context().Done()
		}),
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	served := make(chan error, 1)
	go func() { served <- Serve(ctx, ln, h) }()

	for _, version := range []int{1, 2} {
		transport := &http.Transport{Protocols: new(http.Protocols)}
		transport.Protocols.SetHTTP1(version == 1)
		transport.Protocols.SetUnencryptedHTTP2(version == 2)
		r, _ := http.NewRequestWithContext(t.Context(), "POST", "http://"+ln.Addr().String()+"/", strings.NewReader(`{"N":1}`))
		r.Header.Set("X-Amz-Target", "Kinesis_20131202.Echo")
		resp, err := transport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if resp.ProtoMajor != version || !strings.HasPrefix(string(body), `{"N":1`) {
			t.Errorf("HTTP/%d: answer over HTTP/%d: %s", version, resp.ProtoMajor, body)
		}
		transport.CloseIdleConnections()
	}

	waiter := make(chan error, 1)
	go func() {
		r, _ := http.NewRequestWithContext(context.Background(), "GET", "http://"+ln.Addr().String()+"/events", nil)
		transport := &http.Transport{}
		resp, err := transport.RoundTrip(r)
		if err == nil {
			_ = resp.Body.Close()
		}
		transport.CloseIdleConnections()
		waiter <- err
	}()
	<-waiting
	cancel()
	if err := <-served; err != nil {
		t.Errorf("Serve: %v", err)
	}
	if err := <-waiter; err != nil {
		t.Errorf("the waiting call: %v", err)
	}
}

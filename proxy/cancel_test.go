package proxy

import (
	"bytes"
	"io"
	"net"
	"testing"

	"github.com/das-local/das-local/internal/await"
)

// cancelling is an upstream that leaves its connections to the test.
func cancelling(t *testing.T) (addr string, accept func() (net.Conn, []byte)) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().String(), func() (net.Conn, []byte) {
		t.Helper()
		l.(*net.TCPListener).SetDeadline(await.Deadline())
		conn, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		conn.SetDeadline(await.Deadline())
		frame, _, err := readFrame(conn, false)
		if err != nil {
			t.Fatal(err)
		}
		return conn, frame
	}
}

// secretKey is the process id and key of the session that unannounced gives.
var secretKey = []byte("\x00\x00\x00\x01\x00\x00\x00\x02") //nolint:gochecknoglobals // read-only

// unannounced gives a session whose first statement, select 1, waits to be announced.
func unannounced(t *testing.T) (w *wire, p *Proxy, r *intending, upstream net.Conn, accept func() (net.Conn, []byte)) {
	t.Helper()
	r = newIntending()
	addr, accept := cancelling(t)
	p = startProxy(t, r.recording, func(c *Config) { c.Upstream.Address, c.Recorder = addr, r })
	w = dialRaw(t, p)
	w.send(startupMsg(3<<16, "user", "u"))
	upstream, _ = accept()
	upstream.Write(bytes.Join([][]byte{message('R', int32(0)), message('K', secretKey), []byte("Z\x00\x00\x00\x05I")}, nil))
	w.types("Z")
	w.send(queryMsg("select 1"))
	await.Receive(t, "intents", r.asked)
	return w, p, r, upstream, accept
}

// TestCancelOfAStatementThatWaits: the request reaches the server behind the statement, not
// before it, and before anything else of the session.
func TestCancelOfAStatementThatWaits(t *testing.T) {
	w, p, r, upstream, accept := unannounced(t)
	cancelKey(t, p, secretKey) // returns when the proxy has taken it; the server has not answered
	close(r.let)
	first := make([]byte, len(queryMsg("select 1")))
	if _, err := io.ReadFull(upstream, first); err != nil || !bytes.Equal(first, queryMsg("select 1")) {
		t.Fatalf("the server gets %q (%v)", first, err)
	}
	request, frame := accept()
	if !bytes.Equal(frame, cancelRequest(secretKey)) {
		t.Errorf("the cancel request is %q", frame)
	}
	w.send(queryMsg("select 2"))
	nothing(t, upstream)
	request.Close()
	await.Receive(t, "intents", r.asked)
	if _, err := io.ReadFull(upstream, first); err != nil || !bytes.Equal(first, queryMsg("select 2")) {
		t.Errorf("the server gets %q (%v)", first, err)
	}
}

// TestCancelWhileAnotherRuns: a statement that waits behind one that runs is not what a
// request is for.
func TestCancelWhileAnotherRuns(t *testing.T) {
	w, p, r, upstream, accept := unannounced(t)
	r.let <- struct{}{}
	io.ReadFull(upstream, make([]byte, len(queryMsg("select 1"))))
	w.send(queryMsg("select 2"))
	await.Receive(t, "intents", r.asked)
	c := dialRaw(t, p)
	c.send(cancelRequest(secretKey))
	request, frame := accept() // while the second waits
	if !bytes.Equal(frame, cancelRequest(secretKey)) {
		t.Errorf("the cancel request is %q", frame)
	}
	request.Close()
	if typ, _ := c.next(); typ != 0 {
		t.Errorf("a cancel request has an answer: %c", typ)
	}
	nothing(t, upstream)
	close(r.let)
	io.ReadFull(upstream, make([]byte, len(queryMsg("select 2"))))
}

package awsapi

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
)

// pipes is a listener in memory, so that a fake clock sees all that waits.
type pipes struct {
	accepted chan net.Conn
	closed   chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.accepted:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error {
	select {
	case <-p.closed:
	default:
		close(p.closed)
	}
	return nil
}

func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p pipes) dial() net.Conn {
	here, there := net.Pipe()
	p.accepted <- there
	return here
}

// onPipes serves h in a synctest bubble until the test ends.
func onPipes(t *testing.T, h http.Handler) pipes {
	t.Helper()
	p := pipes{make(chan net.Conn), make(chan struct{})}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- Serve(ctx, p, h) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return p
}

// client calls over HTTP/1, or HTTP/2 in the clear.
func (p pipes) client(t *testing.T, version int) *http.Client {
	transport := &http.Transport{Protocols: new(http.Protocols),
		DialContext: func(context.Context, string, string) (net.Conn, error) { return p.dial(), nil }}
	transport.Protocols.SetHTTP1(version == 1)
	transport.Protocols.SetUnencryptedHTTP2(version == 2)
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// stopping is a body whose Close ends a read of it.
type stopping struct {
	io.Reader
	stop func()
}

func (s stopping) Close() error {
	s.stop()
	return nil
}

// put calls Echo with a body of a size that comes from src; stop ends a read of it.
func put(t *testing.T, c *http.Client, size int64, src io.Reader, stop func()) (status int, answer string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://das-local/", stopping{src, stop})
	if err != nil {
		t.Fatal(err)
	}
	r.ContentLength = size
	r.Header.Set("X-Amz-Target", "Kinesis_20131202.Echo")
	resp, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	defer stop()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// forever is longer than any test.
const forever = -1

// drip is a reader that waits, in the bubble's time, before each n bytes.
type drip struct {
	ctx  context.Context // ends all waiting
	src  io.Reader
	n    int
	wait time.Duration
}

func (d drip) Read(p []byte) (int, error) {
	var waited <-chan time.Time
	if d.wait != forever {
		waited = time.After(d.wait)
	}
	select {
	case <-waited:
	case <-d.ctx.Done():
		return 0, d.ctx.Err()
	}
	return d.src.Read(p[:min(len(p), d.n)])
}

// document is an input of Echo of n bytes.
func document(n int) string { return `{"Name":"` + strings.Repeat("x", n-11) + `"}` }

func TestBodyHasToCome(t *testing.T) {
	const late = `{"__type":"RequestTimeoutException","message":"The request's body did not come in time."}`
	for _, version := range []int{1, 2} {
		for _, test := range []struct {
			name     string
			size     int
			n        int // bytes at a time
			wait     time.Duration
			declared bool
			status   int
		}{
			{"silent", 100, 0, forever, true, 408},
			{"a byte now and then", 1000, 1, 20 * time.Second, true, 408},
			{"a large one that goes silent", 15 << 20, 0, forever, true, 408},
			{"a large one now and then", 1 << 20, 8 << 10, 5 * time.Second, true, 408},
			{"of no known size", 1 << 20, 8 << 10, 5 * time.Second, false, 408},
			{"slow, but steady", 1 << 20, 16 << 10, 50 * time.Millisecond, true, 200},
			{"steady, of no known size", 1 << 20, 16 << 10, 50 * time.Millisecond, false, 200},
		} {
			t.Run(fmt.Sprint(version, " ", test.name), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					p := onPipes(t, NewHandler(Config{Services: []Service{fake{"kinesis"}}, Logger: slog.New(slog.DiscardHandler)}))
					ctx, stop := context.WithCancel(t.Context())
					text, size := document(test.size), int64(-1)
					if test.declared {
						size = int64(test.size)
					}
					status, answer := put(t, p.client(t, version), size, io.MultiReader(strings.NewReader(text[:test.size/10]), drip{ctx, strings.NewReader(text[test.size/10:]), test.n, test.wait}), stop)
					if status != test.status || status == 408 && answer != late {
						t.Errorf("%d %.200s", status, answer)
					}
				})
			})
		}
	}
}

// TestEventsOutlastTheBody: what bounds a body does not bound the answer.
func TestEventsOutlastTheBody(t *testing.T) {
	for _, version := range []int{1, 2} {
		synctest.Test(t, func(t *testing.T) {
			p := onPipes(t, NewHandler(Config{Logger: slog.New(slog.DiscardHandler), Services: []Service{streaming{
				run: func(ctx context.Context, send func(string, any) error) error {
					for range 30 {
						select {
						case <-time.After(10 * time.Second):
						case <-ctx.Done():
							return ctx.Err()
						}
						if err := send("SubscribeToShardEvent", struct{}{}); err != nil {
							return err
						}
					}
					return nil
				}}}}))
			status, answer := put(t, p.client(t, version), 2, strings.NewReader("{}"), func() {})
			if n := strings.Count(answer, "SubscribeToShardEvent"); status != 200 || n != 30 {
				t.Errorf("HTTP/%d: %d, %d events: %.200q", version, status, n, answer)
			}
		})
	}
}

// TestLargeBodiesWaitForRoom, and not for ever; small ones need none.
func TestLargeBodiesWaitForRoom(t *testing.T) {
	const size = 1 << 20
	synctest.Test(t, func(t *testing.T) {
		h := NewHandler(Config{Services: []Service{fake{"kinesis"}}, Logger: slog.New(slog.DiscardHandler)}).(*handler)
		h.room = newRoom(3 * size / 2)
		c := onPipes(t, h).client(t, 1)
		if !h.room.take(t.Context(), size) {
			t.Fatal("an empty room has no room")
		}
		if status, answer := put(t, c, size, strings.NewReader(document(size)), func() {}); status != 503 || !strings.Contains(answer, "ServiceUnavailable") {
			t.Errorf("without room: %d %.200s", status, answer)
		}
		if status, answer := put(t, c, -1, strings.NewReader(document(size)), func() {}); status != 503 {
			t.Errorf("without room, of no known size: %d %.200s", status, answer)
		}
		if status, answer := put(t, c, smallBody-1, strings.NewReader(document(smallBody-1)), func() {}); status != 200 {
			t.Errorf("a small one: %d %.200s", status, answer)
		}
		go func() {
			time.Sleep(roomPatience / 2) // of the bubble
			h.room.give(size)
		}()
		for range 3 { // each gives back what it takes
			if status, answer := put(t, c, size, strings.NewReader(document(size)), func() {}); status != 200 {
				t.Errorf("with room: %d %.200s", status, answer)
			}
		}
		synctest.Wait()
		if h.room.left != 3*size/2 {
			t.Errorf("%d bytes are left in the end", h.room.left)
		}
	})
}

// TestMemoryComesWithTheBytes: none is taken for what is only announced.
func TestMemoryComesWithTheBytes(t *testing.T) {
	h := NewHandler(Config{}).(*handler)
	for _, n := range []int{0, 1, 5000, smallBody + 1, 1 << 20} {
		b := h.newBody()
		done, err := b.fill(iotest.TimeoutReader(bytes.NewReader(make([]byte, n))), 16<<20, time.Now())
		if cap(b.data) > max(2*len(b.data), 4<<10, 2*smallBody) {
			t.Errorf("%d bytes came (%v, %v): memory for %d", len(b.data), done, err, cap(b.data))
		}
		b.free(h)
	}
	b := h.newBody()
	if done, err := b.fill(iotest.OneByteReader(strings.NewReader(strings.Repeat("x", 100_000))), 1<<20, time.Now()); !done || err != nil || len(b.data) != 100_000 {
		t.Errorf("%v %v: %d", done, err, len(b.data))
	}
}

// locked is a Guard that knows nobody.
type locked struct{ Guard }

func (locked) Known(*http.Request, string) error {
	return &Error{Code: "UnrecognizedClientException", Message: "unknown"}
}

// TestUnknownCallersSendNoLargeBodies: the answer comes while the body does not.
func TestUnknownCallersSendNoLargeBodies(t *testing.T) {
	for _, head := range []string{
		"X-Amz-Target: Kinesis_20131202.Echo\r\nContent-Length: 16000000\r\n\r\n",
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 16000000\r\n\r\nAction=Echo&x=",
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 16000000\r\n\r\nx=",
	} {
		synctest.Test(t, func(t *testing.T) {
			h := NewHandler(Config{Services: []Service{fake{"kinesis"}, fake{"rds"}}, Guard: locked{}, Logger: slog.New(slog.DiscardHandler)}).(*handler)
			conn := onPipes(t, h).dial()
			defer conn.Close()
			go fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: das-local\r\n%s%s", head, strings.Repeat("x", smallBody))
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if answer, err := io.ReadAll(resp.Body); resp.StatusCode != 400 || !strings.Contains(string(answer), "UnrecognizedClientException") || !resp.Close {
				t.Errorf("%d %s (%v), close %v", resp.StatusCode, answer, err, resp.Close)
			}
		})
	}
}

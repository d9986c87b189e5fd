package proxy

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/das-local/das-local/internal/await"
)

// TestSyncHolds: rows go at once, the completion when its events are durable.
func TestSyncHolds(t *testing.T) {
	up, conns := fakeUpstream(t)
	rec := newRecording()
	rec.sync = true
	var mu sync.Mutex
	var pending []chan struct{}
	waits := make(chan struct{}, 16)
	rec.wait = func() <-chan struct{} {
		ch := make(chan struct{})
		mu.Lock()
		pending = append(pending, ch)
		mu.Unlock()
		waits <- struct{}{}
		return ch
	}
	release := func() {
		<-waits
		mu.Lock()
		defer mu.Unlock()
		close(pending[0])
		pending = pending[1:]
	}
	p := startProxy(t, rec, func(c *Config) { c.Upstream.Address = up })
	w := dialRaw(t, p)
	w.send(startupMsg(3<<16, "user", "u"))
	conn := <-conns
	release()
	w.types("Z")
	w.send(queryMsg("select 1"))
	io.ReadFull(conn, make([]byte, len(queryMsg("select 1"))))

	row := message('D', int16(0))
	conn.Write(append(append(append([]byte{}, row...), row...), append(message('C', "SELECT 2"), "Z\x00\x00\x00\x05I"...)...))
	if got := w.types("D") + w.types("D"); got != "DD" {
		t.Fatal(got)
	}
	w.SetReadDeadline(time.Now().Add(50 * time.Millisecond)) // long enough to catch most that come too early
	var one [1]byte
	if _, err := w.Read(one[:]); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("the completion was not held: %v %q", err, one)
	}
	release()
	if got := w.types("Z"); got != "CZ" {
		t.Fatal(got)
	}

	// What no statement is part of is never held.
	conn.Write(message('A', int32(1), "channel", "payload"))
	if got := w.types("A"); got != "A" {
		t.Fatal(got)
	}
	// A session that ends while it waits says so.
	w.send(queryMsg("select 1"))
	io.ReadFull(conn, make([]byte, len(queryMsg("select 1"))))
	conn.Write(append(message('C', "SELECT 0"), "Z\x00\x00\x00\x05I"...))
	<-waits
	p.Disconnect("", "")
	if got := w.fatal(); got != stateAdminShutdown {
		t.Errorf("%q", got)
	}
	rec.ended(t, 1)
	conn.Close()
}

// TestBackPressure: a client that sends without reading while the server
// answers at length blocks neither direction for good.
func TestBackPressure(t *testing.T) {
	p := startProxy(t, newRecording(), nil)
	direct, err := pgx.Connect(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer direct.Close(context.Background())
	for _, secure := range []bool{false, true} {
		w := dialRaw(t, p)
		if secure {
			w.startup(anyCert)
		} else {
			w.startup(nil)
		}
		const n = 20000 // answers to the messages that may wait have some 30 MB, more than sockets hold
		go func(c net.Conn) {
			var b []byte
			for range n {
				b = append(b, queryMsg("select repeat('z', 2000)")...)
			}
			c.Write(b)
		}(w.Conn)
		await.Equal(t, "the server to have nowhere to write to", "ClientWrite", func() (event string) {
			err := direct.QueryRow(t.Context(), "select coalesce(max(wait_event), '-') from pg_stat_activity where query = $1 and pid <> pg_backend_pid()",
				"select repeat('z', 2000)").Scan(&event)
			if err != nil {
				t.Fatal(err)
			}
			return event
		})
		for range n {
			if got := w.types("Z"); got != "TDCZ" {
				t.Fatal(got)
			}
		}
		w.Close()
	}
}

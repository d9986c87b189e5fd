package proxy

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/das-local/das-local/internal/await"
	"github.com/das-local/das-local/proxy/internal/track"
)

const startingUp = "the database system is starting up"

// wantRefused checks what a client is told that connects now.
func wantRefused(t *testing.T, p *Proxy, message string) {
	t.Helper()
	for _, mode := range []string{"sslmode=disable", "sslmode=require"} {
		conn, err := pgx.Connect(t.Context(), url(p, mode))
		var pg *pgconn.PgError
		switch {
		case err == nil:
			conn.Close(context.Background())
			t.Errorf("%s: a client was let in", mode)
		case !errors.As(err, &pg) || pg.Code != stateCannotConnectNow || pg.Severity != "FATAL" || pg.Message != message:
			t.Errorf("%s: got %v", mode, err)
		}
	}
}

// TestRefuse ends an idle session, one in a transaction and one whose statement
// runs, and turns clients away until Admit.
func TestRefuse(t *testing.T) {
	for name, change := range map[string]func(*Config){"loop": nil, "goroutines": func(c *Config) { c.NoEventLoop = true }} {
		t.Run(name, func(t *testing.T) {
			rec := newRecording()
			p := startProxy(t, rec, change)
			p.AwaitRefused(t.Context()) // nobody to wait for
			idle, open, busy := dialRaw(t, p), dialRaw(t, p), dialRaw(t, p)
			for _, w := range []*wire{idle, open, busy} {
				w.startup(nil)
			}
			open.send(queryMsg("begin"))
			open.types("Z")
			busy.send(queryMsg("select pg_sleep(63)"))
			awaitRunning(t, "select pg_sleep(63)")

			p.Refuse(startingUp)
			wantRefused(t, p, startingUp)
			p.AwaitRefused(t.Context())
			for what, w := range map[string]*wire{"idle": idle, "open": open, "busy": busy} {
				if got := w.fatal(); got != stateAdminShutdown && got != "57014"+stateAdminShutdown {
					t.Errorf("%s session: %s", what, got)
				}
			}
			// Their events are there without any waiting.
			rec.mu.Lock()
			for _, s := range rec.sessions {
				if len(s.of(track.Connected)) != len(s.of(track.Disconnected)) {
					t.Errorf("a session of %d items has no end", len(s.items))
				}
			}
			rec.mu.Unlock()
			p.Admit()
			dialRaw(t, p).startup(nil)
		})
	}
}

// TestRefuseCutsOff is about a client that does not listen: it holds nobody up.
func TestRefuseCutsOff(t *testing.T) {
	p := startProxy(t, newRecording(), func(c *Config) { c.NoEventLoop = true })
	w := dialRaw(t, p)
	w.startup(nil)
	const sql = "select repeat('x', 1000) from generate_series(1, 200001)"
	w.send(queryMsg(sql))
	awaitRunning(t, sql)
	p.Refuse(startingUp)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ended := make(chan struct{})
	go func() { p.AwaitRefused(ctx); close(ended) }()
	await.Receive(t, "the end of the session", ended)
}

// TestRefuseWithholds: a client never sees a completion whose events the stream
// gave up on, if the sessions were told to end before it did.
func TestRefuseWithholds(t *testing.T) {
	up, conns := fakeUpstream(t)
	for _, late := range []bool{false, true} { // the completion comes after the decision
		rec := newRecording()
		rec.sync = true
		waits := make(chan chan struct{}, 16)
		givenUp := false // from then on nobody waits; rec.mu guards it
		rec.wait = func() <-chan struct{} {
			if givenUp {
				return nil
			}
			ch := make(chan struct{})
			waits <- ch
			return ch
		}
		p := startProxy(t, rec, func(c *Config) { c.Upstream.Address = up })
		w := dialRaw(t, p)
		w.send(startupMsg(3<<16, "user", "u"))
		conn := <-conns
		close(<-waits)
		w.types("Z")
		w.send(queryMsg("update t"))
		io.ReadFull(conn, make([]byte, len(queryMsg("update t"))))
		done := append(message('C', "UPDATE 1"), "Z\x00\x00\x00\x05I"...)
		var pending chan struct{}
		if !late {
			conn.Write(done)
			pending = <-waits
		}
		p.Refuse("the database system is shutting down")
		rec.mu.Lock()
		givenUp = true
		rec.mu.Unlock()
		if late {
			conn.Write(done)
		} else {
			close(pending)
		}
		if got := w.types(""); got != "E" {
			t.Errorf("late %v: the client got %q", late, got)
		}
		conn.(*net.TCPConn).Close()
	}
}

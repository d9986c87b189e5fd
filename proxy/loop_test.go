//go:build linux

package proxy

import (
	"context"
	"crypto/tls"
	"fmt"
	"hash/crc32"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/await"
	"github.com/das-local/das-local/proxy/internal/track"
)

// riding counts the sessions on the loop.
func riding(p *Proxy) (n int) {
	p.each(func(s *session) {
		s.where.Lock()
		defer s.where.Unlock()
		if s.ride != nil {
			n++
		}
	})
	return n
}

func awaitRiding(t *testing.T, p *Proxy, want int) {
	t.Helper()
	await.Equal(t, "sessions on the loop", want, func() int { return riding(p) })
}

// awaitHome waits until the only session has left the loop, and waits for its audit.
func awaitHome(t *testing.T, p *Proxy) {
	t.Helper()
	await.True(t, "the session to leave the loop", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		for s := range p.sessions {
			s.pend.mu.Lock()
			defer s.pend.mu.Unlock()
			return s.pend.home
		}
		return false
	})
}

// legs are the ways in which a test reaches the proxy.
var legs = map[string]*tls.Config{"plain": nil, "TLS": anyCert}

func TestRide(t *testing.T) {
	for name, conf := range legs {
		t.Run(name, func(t *testing.T) {
			rec := newRecording()
			p := startProxy(t, rec, nil)
			w := dialRaw(t, p)
			w.startup(conf)
			awaitRiding(t, p, 1)
			for range 100 {
				w.send(queryMsg("select 1"))
				if got := w.types("Z"); got != "TDCZ" {
					t.Fatal(got)
				}
			}
			awaitRiding(t, p, 1)

			// A client that does not read is handed back, and loses nothing.
			w.send(queryMsg("select repeat('x', 1000) from generate_series(1, 20000)"))
			awaitRiding(t, p, 0)
			if got := w.types("Z"); len(got) != 20003 {
				t.Fatalf("%d messages", len(got))
			}
			// It gets on again when it has been quiet.
			time.Sleep(settled) // no condition: the proxy itself goes by this time
			w.send(queryMsg("select 2"))
			w.types("Z")
			awaitRiding(t, p, 1)

			w.send([]byte("Q\x00\x00\x00\x01"))
			if got := w.fatal(); got != stateProtocolViolation {
				t.Error(got)
			}
			s := rec.ended(t, 1)[0]
			if got := ran(s); len(got) != 102 || got[101] != "select 2|SELECT 1|1" {
				t.Errorf("%d statements", len(got))
			}
			if e := endOf(t, s); e.Err == nil {
				t.Errorf("%+v", e)
			}
		})
	}
}

func TestNoRideWithoutLoop(t *testing.T) {
	rec := newRecording()
	p := startProxy(t, rec, func(c *Config) { c.NoEventLoop = true })
	for _, conf := range legs {
		w := dialRaw(t, p)
		w.startup(conf)
		w.pid()
		if riding(p) != 0 {
			t.Error("a session rides")
		}
		w.send([]byte("X\x00\x00\x00\x04"))
		w.types("")
	}
	rec.ended(t, 2)
}

// TestSyncLeavesLoop: when the stream turns to sync mode, the next completion
// is held.
func TestSyncLeavesLoop(t *testing.T) {
	for name, conf := range legs {
		t.Run(name, func(t *testing.T) {
			rec := &switching{recording: newRecording()}
			p := startProxy(t, rec.recording, func(c *Config) {})
			p.conf.Recorder = rec // before the first session
			w := dialRaw(t, p)
			w.startup(conf)
			awaitRiding(t, p, 1)
			rec.turn(true)
			w.send(queryMsg("select 1"))
			<-rec.asked
			awaitRiding(t, p, 0)
			close(rec.durable)
			if got := w.types("Z"); got != "TDCZ" {
				t.Error(got)
			}
			rec.turn(false)
			w.send([]byte("X\x00\x00\x00\x04"))
			w.types("")
			same(t, ran(rec.ended(t, 1)[0]), []string{"select 1|SELECT 1|1"})
		})
	}
}

// A switching Recorder changes between async and sync.
type switching struct {
	*recording
	mu      sync.Mutex
	holding bool
	asked   chan struct{}
	durable chan struct{}
}

func (r *switching) turn(holding bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.holding = holding; holding {
		r.asked, r.durable = make(chan struct{}, 8), make(chan struct{})
	}
}

func (r *switching) Holding() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.holding
}

func (r *switching) Record([]activity.Event) <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.holding {
		return nil
	}
	r.asked <- struct{}{}
	return r.durable
}

// TestSlowAudit: a session on the loop does not wait for its audit, and nothing
// gets lost or out of order when it leaves the loop with audit outstanding.
func TestSlowAudit(t *testing.T) {
	rec := newRecording()
	p := startProxy(t, rec, nil)
	gate := make(chan struct{})
	p.open = func(about activity.Session, params map[string]string) auditor {
		return &gated{auditor: rec.open(about, params), gate: gate}
	}
	w := dialRaw(t, p)
	w.startup(nil)
	awaitRiding(t, p, 1)
	const slow, n = 500, auditBacklog
	for i := range slow {
		w.send(queryMsg(fmt.Sprintf("select %d", i)))
		if got := w.types("Z"); got != "TDCZ" {
			t.Fatal(got)
		}
	}
	go func() {
		var b []byte
		for i := range n {
			b = append(b, queryMsg(fmt.Sprintf("select %d", slow+i))...)
		}
		w.Write(b)
	}()
	awaitHome(t, p)
	close(gate)
	for range n {
		if got := w.types("Z"); got != "TDCZ" {
			t.Fatal(got)
		}
	}
	w.Close()
	for i, line := range ran(rec.ended(t, 1)[0]) {
		if want := fmt.Sprintf("select %d|SELECT 1|1", i); line != want {
			t.Fatalf("%d: %s", i, line)
		}
	}
}

type gated struct {
	auditor
	gate <-chan struct{}
}

func (g *gated) Apply(ctx context.Context, dst []activity.Event, items []track.Item) []activity.Event {
	for _, it := range items {
		if it.Kind == track.Completed {
			<-g.gate
		}
	}
	return g.auditor.Apply(ctx, dst, items)
}

// TestManyMix: many sessions at once, on and off the loop, each with its own
// answers.
func TestManyMix(t *testing.T) {
	rec := newRecording()
	p := startProxy(t, rec, nil)
	var all sync.WaitGroup
	const sessions = 16
	for i := range sessions {
		w := dialRaw(t, p)
		if i%2 == 0 {
			w.startup(nil)
		} else {
			w.startup(anyCert)
		}
		all.Go(func() {
			for j := range 60 {
				size := 1 + (i*7919+j*104729)%(1<<uint(4+j%17))
				text := strings.Repeat(string(rune('a'+i)), size)
				w.send(queryMsg("select '" + text + "' || repeat('z', " + fmt.Sprint(size) + ")"))
				sum := crc32.ChecksumIEEE([]byte(text + strings.Repeat("z", size)))
				for {
					typ, body := w.next()
					if typ == 'D' && crc32.ChecksumIEEE(body[6:]) != sum {
						t.Errorf("session %d, statement %d: wrong answer", i, j)
					}
					if typ == 'Z' {
						break
					}
				}
			}
			w.send([]byte("X\x00\x00\x00\x04"))
		})
	}
	all.Wait()
	for _, s := range rec.ended(t, sessions) {
		if got := ran(s); len(got) != 60 {
			t.Errorf("%d statements", len(got))
		}
	}
}

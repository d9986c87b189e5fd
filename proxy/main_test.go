package proxy

import (
	"context"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/await"
	"github.com/das-local/das-local/internal/pgserver"
	"github.com/das-local/das-local/internal/pgtest"
	"github.com/das-local/das-local/proxy/internal/track"
)

// server is the real PostgreSQL that the tests share.
var server *pgserver.Server

func TestMain(m *testing.M) {
	pgtest.Main(m, &server, map[string]string{
		"max_connections": "200", "wal_level": "logical", "max_wal_senders": "4", "max_prepared_transactions": "2",
	})
}

// A recording Recorder: it is the auditor too, and keeps items as they come.
type recording struct {
	mu       sync.Mutex
	off      bool
	sync     bool
	sessions []*recorded
	records  int
	wake     chan struct{} // closed and replaced at each change
	wait     func() <-chan struct{}
}

type recorded struct {
	about activity.Session
	items []track.Item
}

func newRecording() *recording { return &recording{wake: make(chan struct{})} }

func (r *recording) Recording() bool { return !r.off }

func (r *recording) Holding() bool { return r.sync }

func (r *recording) Record(events []activity.Event) <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.records += len(events)
	if r.sync {
		return r.wait()
	}
	return nil
}

type fakeAudit struct {
	r *recording
	s *recorded
}

func (r *recording) open(about activity.Session, _ map[string]string) auditor {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &recorded{about: about}
	r.sessions = append(r.sessions, s)
	return &fakeAudit{r, s}
}

func (a *fakeAudit) Apply(_ context.Context, dst []activity.Event, items []track.Item) []activity.Event {
	a.r.mu.Lock()
	defer a.r.mu.Unlock()
	a.s.items = append(a.s.items, items...)
	close(a.r.wake)
	a.r.wake = make(chan struct{})
	for _, it := range items {
		switch it.Kind {
		case track.Completed, track.Failed, track.Connected, track.Disconnected, track.AuthFailed:
			dst = append(dst, activity.Event{})
		}
	}
	return dst
}

// until waits for a state of the sessions.
func (r *recording) until(t *testing.T, what string, ok func([]*recorded) bool) {
	t.Helper()
	deadline := time.After(await.Patience)
	for {
		r.mu.Lock()
		done, wake := ok(r.sessions), r.wake
		r.mu.Unlock()
		if done {
			return
		}
		select {
		case <-wake:
		case <-deadline:
			r.mu.Lock()
			defer r.mu.Unlock()
			for _, s := range r.sessions {
				t.Logf("%+v", s.about)
				for _, it := range s.items {
					t.Logf("  %s", show(it))
				}
			}
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func show(it track.Item) string {
	kind := [...]string{"?", "Connected", "AuthFailed", "Completed", "Failed", "Prepared", "Deallocated", "Parameter", "Ready", "Disconnected", "Audited", "Pause"}[it.Kind]
	s := fmt.Sprintf("%s src=%d %.60q #%d %q tag=%q rows=%d", kind, it.Source, it.Text, it.Index, it.Name, it.Tag, it.Rows)
	if it.Params != nil {
		s += fmt.Sprintf(" params=%q", it.Params.Values)
	}
	if it.Err != nil {
		s += fmt.Sprintf(" err=%s %s", it.Err.SQLState, it.Err.Message)
	}
	return s
}

// ended waits until n sessions have ended, and returns these.
func (r *recording) ended(t *testing.T, n int) []*recorded {
	t.Helper()
	var over []*recorded
	r.until(t, fmt.Sprintf("the end of %d sessions", n), func(all []*recorded) bool {
		over = nil
		for _, s := range all {
			if len(s.items) == 0 {
				continue
			}
			if k := s.items[len(s.items)-1].Kind; k == track.Disconnected || k == track.AuthFailed {
				over = append(over, s)
			}
		}
		return len(over) >= n
	})
	return over
}

// of filters by kind.
func (s *recorded) of(kinds ...track.Kind) []track.Item {
	var found []track.Item
	for _, it := range s.items {
		for _, k := range kinds {
			if it.Kind == k {
				found = append(found, it)
			}
		}
	}
	return found
}

// startProxy runs a proxy in front of the shared server until the test ends.
func startProxy(t testing.TB, rec *recording, change func(*Config)) *Proxy {
	t.Helper()
	conf := Config{Upstream: Upstream{Address: server.Addr()}}
	if rec != nil {
		conf.Recorder = rec
	}
	if change != nil {
		change(&conf)
	}
	p, err := New(conf)
	if err != nil {
		t.Fatal(err)
	}
	if rec != nil {
		p.open = rec.open
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := await.Receive(t, "the end of Run", done); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	return p
}

// url is how pgx and libpq reach the proxy.
func url(p *Proxy, more string) string {
	return fmt.Sprintf("postgres://%s@%s/postgres?%s", pgserver.Superuser, p.Addr(), more)
}

func port(p *Proxy) string {
	_, port, _ := net.SplitHostPort(p.Addr().String())
	return port
}

func (*fakeAudit) Owed() bool { return false }

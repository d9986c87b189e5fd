package proxy

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/catalog"
	"github.com/das-local/das-local/proxy/internal/audit"
)

// asked is a catalogue that is asked for temporary schemas alone.
type asked struct {
	audit.Catalog
	pids chan int32
}

func (a *asked) TempSchema(_ context.Context, s *catalog.Session) (string, bool) {
	a.pids <- s.PID
	return "", false
}

// TestLinger: a session that names pg_temp is asked about before the server learns of
// its end, and does not outlive its client until the audit has caught up.
func TestLinger(t *testing.T) {
	for _, c := range []struct {
		name, sql string
		noLoop    bool
		asks      int
	}{
		{"on the loop", "select 'pg_temp'", false, 1},
		{"without it", "select 'PG_Temp'", true, 1},
		{"nothing to ask", "select 'temp'", false, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			rec, cat := newRecording(), &asked{pids: make(chan int32, 2)}
			p := startProxy(t, rec, func(conf *Config) { conf.NoEventLoop, conf.Audit.Catalog = c.noLoop, cat })
			gate := make(chan struct{})
			p.open = func(about activity.Session, params map[string]string) auditor {
				return &gated{auditor: rec.open(about, params), gate: gate}
			}
			w := dialRaw(t, p)
			w.startup(nil)
			if !c.noLoop {
				awaitRiding(t, p, 1)
			}
			pid := int32(w.pid()) // its audit is held
			w.send(append(queryMsg(c.sql), "X\x00\x00\x00\x04"...))
			awaitEnd(t, pid)
			close(gate)
			rec.ended(t, 1)
			if len(cat.pids) != c.asks {
				t.Errorf("asked %d times", len(cat.pids))
			}
			if c.asks > 0 && <-cat.pids != pid {
				t.Error("asked about another session")
			}
		})
	}
}

// awaitEnd waits until the server has no session of that process.
func awaitEnd(t *testing.T, pid int32) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	deadline := time.Now().Add(time.Minute)
	for n := 1; n > 0; {
		if err := conn.QueryRow(t.Context(), "select count(*) from pg_stat_activity where pid = $1", pid).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if time.Now().After(deadline) {
			t.Fatal("the session has not ended on the server")
		}
	}
}

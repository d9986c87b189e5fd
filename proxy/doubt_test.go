//go:build linux

package proxy

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/await"
	"github.com/das-local/das-local/proxy/internal/track"
)

// A losing Recorder counts what it is told to be lost.
type losing struct {
	*recording
	mu   sync.Mutex
	lost int64
}

func (r *losing) Lose(n int64, first, last time.Time) {
	if first.IsZero() || last.Before(first) {
		panic(fmt.Sprint("lost between ", first, " and ", last))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lost += n
}

// ends are the ways in which sessions are waited for.
var ends = map[string]func(p *Proxy, stop context.CancelFunc, ended <-chan error) bool{
	"shutdown": func(_ *Proxy, stop context.CancelFunc, ended <-chan error) bool {
		stop()
		return <-ended == nil
	},
	"reboot": func(p *Proxy, _ context.CancelFunc, _ <-chan error) bool {
		p.Refuse(startingUp)
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		p.AwaitRefused(ctx)
		return p.Sessions() == 0
	},
}

// TestEndlessAudit: an audit that does not end holds nobody up who ends its session.
// What it does not make is told as lost, to the event, and not recorded later.
func TestEndlessAudit(t *testing.T) {
	for name, end := range ends {
		for _, noLoop := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, no loop %v", name, noLoop), func(t *testing.T) {
				rec := &losing{recording: newRecording()}
				gate := make(chan struct{})
				p, err := New(Config{Upstream: Upstream{Address: server.Addr()}, Recorder: rec,
					NoEventLoop: noLoop, Grace: -1, lastCall: time.Millisecond})
				if err != nil {
					t.Fatal(err)
				}
				begun := make(chan struct{}, 8)
				p.open = func(about activity.Session, params map[string]string) auditor {
					return &announced{gated{rec.open(about, params), gate}, begun}
				}
				ctx, stop := context.WithCancel(context.Background())
				ended := make(chan error, 1)
				go func() { ended <- p.Run(ctx) }()
				w := dialRaw(t, p)
				w.startup(nil)
				rec.until(t, "the session's begin", func(all []*recorded) bool { return len(all) == 1 && len(all[0].items) > 0 })
				w.send(queryMsg("select 1"))
				if got := w.types("Z"); got != "TDCZ" {
					t.Fatal(got)
				}
				await.Receive(t, "the audit to begin", begun)

				over := make(chan bool, 1)
				go func() { over <- end(p, stop, ended) }()
				select {
				case good := <-over:
					if !good {
						t.Error("it did not end well")
					}
				case <-time.After(await.Patience):
					t.Error("the end waits for the audit")
				}
				rec.mu.Lock()
				if rec.lost != 2 { // the statement and the session's end
					t.Errorf("%d events are lost", rec.lost)
				}
				rec.mu.Unlock()
				close(gate)
				if stop(); name == "reboot" {
					await.Receive(t, "the end of Run", ended)
				}
				rec.until(t, "the audit's end", func(all []*recorded) bool { return len(all[0].of(track.Completed)) == 1 })
				await.Equal(t, "what waits in the end", 0, func() int { items, _ := p.Backlog(); return int(items) })
				rec.recording.mu.Lock()
				defer rec.recording.mu.Unlock()
				if rec.records != 1 {
					t.Errorf("%d events are recorded", rec.records)
				}
			})
		}
	}
}

// announced says when it gets a statement.
type announced struct {
	gated
	begun chan struct{}
}

func (a *announced) Apply(ctx context.Context, dst []activity.Event, items []track.Item) []activity.Event {
	for _, it := range items {
		if it.Kind == track.Completed {
			a.begun <- struct{}{}
		}
	}
	return a.gated.Apply(ctx, dst, items)
}

package stream

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/das-local/das-local/internal/activity"
)

// at is an event whose logTime is that many seconds after an epoch.
func at(second int64) []activity.Event {
	events := one(second)
	events[0].LogTime = second0.Add(time.Duration(second) * time.Second)
	return events
}

var second0 = time.Unix(1700000000, 0)

// TestOutage lets the publisher fail for a time in which more comes than the
// queue holds. What could be kept is published late and in order; what was lost
// is told, with its first and last logTime.
func TestOutage(t *testing.T) {
	for _, mode := range []Mode{Sync, Async} {
		t.Run(string(mode), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBed(t)
				c := b.config(mode)
				c.QueueBytes = 8000
				s, src, stop := b.run(c)
				wait := func(durable <-chan struct{}) {
					if durable != nil {
						<-durable
					}
				}
				wait(src.Record(at(0)))
				time.Sleep(time.Second)
				b.setFail(errDown)
				for i := range int64(100) {
					wait(src.Record(at(1 + i)))
				}
				time.Sleep(11 * time.Second)
				if n := b.seen(); len(n) != 1 || !n[0].Begin || n[0].Lost != 0 {
					t.Fatalf("notices %+v", n)
				}
				b.setFail(nil)
				time.Sleep(5 * time.Second)
				wait(src.Record(at(101)))
				if err := stop(); err != nil {
					t.Fatal(err)
				}
				events := b.events()
				kept := int64(len(events)) - 2 // of the outage
				lost := Loss{100 - kept, second0.Add(time.Duration(1+kept) * time.Second), second0.Add(100 * time.Second)}
				if n := b.seen(); len(n) != 2 || n[1].Begin || n[1].Loss != lost {
					t.Errorf("notices %+v, want %+v", n, lost)
				}
				if got := s.Stats().Lost; kept < 5 || got != lost.Lost {
					t.Errorf("%d events kept, %d lost", kept, got)
				}
				for i, e := range events[:len(events)-1] {
					if *e.StatementID != int64(i) {
						t.Fatalf("event %d at %d", *e.StatementID, i)
					}
				}
			})
		})
	}
}

// TestLossIsToldOnce: a second window does not count the first one's events.
func TestLossIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		c := b.config(Async)
		c.QueueBytes = 100
		_, src, stop := b.run(c)
		synctest.Wait()
		for i := range int64(2) {
			src.Record(at(i))
			time.Sleep(time.Second)
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		n := b.seen()
		if len(n) != 4 {
			t.Fatalf("notices %+v", n)
		}
		for i, end := range []Notice{n[1], n[3]} {
			if when := second0.Add(time.Duration(i) * time.Second); end.Loss != (Loss{1, when, when}) {
				t.Errorf("window %d: %+v", i, end)
			}
		}
	})
}

// TestLossAtTheEnd: what is left when a stream ends is lost.
func TestLossAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		b.setFail(errDown)
		s, src, stop := b.run(b.config(Async))
		for i := range int64(3) {
			src.Record(at(5 - i)) // sessions need not come in order
			time.Sleep(50 * time.Millisecond)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.Drain(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if err := stop(); err == nil {
			t.Error("Run left events and was content")
		}
		want := Loss{3, second0.Add(3 * time.Second), second0.Add(5 * time.Second)}
		if n := b.seen(); len(n) != 2 || n[1].Loss != want {
			t.Errorf("notices %+v", n)
		}
	})
}

// TestOwnerIsToldFirst: while Notify runs for a beginning, sessions still wait,
// and new ones too: none goes on that the owner has not had in its hands.
func TestOwnerIsToldFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		c := b.config(Sync)
		told, decided := make(chan struct{}), make(chan struct{})
		c.Notify = func(n Notice) {
			if n.Begin {
				close(told)
				<-decided
			}
		}
		_, src, stop := b.run(c)
		b.setFail(errDown)
		first := src.Record(at(1))
		<-told
		second := src.Record(at(2))
		synctest.Wait()
		for i, waiting := range []<-chan struct{}{first, second} {
			select {
			case <-waiting: // nil blocks for ever
				t.Errorf("session %d went on before the owner was told", i+1)
			default:
			}
		}
		if second == nil {
			t.Error("a session is let go in a window that nobody has been told of")
		}
		close(decided)
		<-first
		<-second
		b.setFail(nil)
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// TestUnmade: what a session's end left unmade is told, as it happens and at the end of
// the stream, and by nobody when the source is detached.
func TestUnmade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		_, src, stop := b.run(b.config(Async))
		synctest.Wait()
		first, last := second0.Add(time.Second), second0.Add(2*time.Second)
		src.Lose(3, first, last)
		time.Sleep(time.Second)
		want := []Notice{{Begin: true, Err: errUnmade}, {Loss: Loss{3, first, last}}}
		if n := b.seen(); !slices.Equal(n, want) {
			t.Errorf("notices %+v", n)
		}
		src.Lose(1, last, last)
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		src.Lose(1, last, last)
		if n := b.seen(); len(n) != 4 || n[3].Loss != (Loss{1, last, last}) {
			t.Errorf("notices %+v", n)
		}
	})
}

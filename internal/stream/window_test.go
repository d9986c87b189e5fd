package stream

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func wantNotices(t *testing.T, b *bed, begins error, lost int64) {
	t.Helper()
	got := b.seen()
	if len(got) != 2 || !got[0].Begin || !errors.Is(got[0].Err, begins) || got[1].Begin || got[1].Err != nil || got[1].Lost != lost {
		t.Errorf("notices %+v, want one window (%v) with %d lost", got, begins, lost)
	}
}

// TestSyncGivesUp: a failing publisher holds sessions for SyncTimeout at most,
// and not at all in the loss window; its events are published afterwards.
func TestSyncGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		s, src, stop := b.run(b.config(Sync))
		<-src.Record(one(1))
		b.setFail(errDown)
		begin := time.Now()
		<-src.Record(one(2))
		if d := time.Since(begin); d < 10*time.Second || d > 12*time.Second {
			t.Errorf("released after %v", d)
		}
		synctest.Wait()
		if n := b.seen(); len(n) != 1 || !n[0].Begin || !errors.Is(n[0].Err, errDown) {
			t.Errorf("notices %+v", n)
		}
		if !s.Stats().LossWindow || src.Record(one(3)) != nil {
			t.Error("a session waits in the loss window")
		}
		b.setFail(nil)
		time.Sleep(3 * time.Second)
		wantNotices(t, b, errDown, 0)
		durable := src.Record(one(4))
		if durable == nil {
			t.Fatal("no session waits after the loss window")
		}
		<-durable
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		if n := len(b.events()); n != 4 {
			t.Errorf("%d events", n)
		}
	})
}

// TestStalledPublisher: a put that neither fails nor returns is no better.
func TestStalledPublisher(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		b.delay = time.Minute
		c := b.config(Sync)
		c.PutTimeout = time.Hour
		c.SyncTimeout = time.Second
		_, src, stop := b.run(c)
		begin := time.Now()
		<-src.Record(one(1))
		if d := time.Since(begin); d > 1200*time.Millisecond {
			t.Errorf("released after %v", d)
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		if n := b.seen(); len(n) != 2 || !strings.Contains(n[0].Err.Error(), "longer than 1s") || n[1].Lost != 0 {
			t.Errorf("notices %+v", n)
		}
	})
}

// TestShortFailure is nobody's business: it is over before SyncTimeout.
func TestShortFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		s, src, stop := b.run(b.config(Sync))
		b.setFail(errDown)
		time.AfterFunc(3*time.Second, func() { b.setFail(nil) })
		<-src.Record(one(1))
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		if len(b.seen()) != 0 || len(b.events()) != 1 || s.Stats().Failures == 0 {
			t.Errorf("notices %v, stats %+v", b.seen(), s.Stats())
		}
	})
}

func TestOverflowDropsTheNewest(t *testing.T) {
	for _, beat := range []time.Duration{0, time.Second} {
		synctest.Test(t, func(t *testing.T) {
			b := newBed(t)
			c := b.config(Async)
			c.QueueBytes = 8000
			c.Heartbeat = beat
			s, src, stop := b.run(c)
			src.Record(one(0))
			time.Sleep(1500 * time.Millisecond) // no heartbeat is due
			synctest.Wait()
			b.setFail(errDown)
			for i := range int64(100) {
				if src.Record(one(1+i)) != nil {
					t.Fatal("an async session is asked to wait")
				}
			}
			synctest.Wait()
			stats := s.Stats()
			if n := b.seen(); stats.Lost == 0 || stats.Queued > 8000 || len(n) != 1 || !errors.Is(n[0].Err, errQueueFull) {
				t.Errorf("notices %v, stats %+v", n, stats)
			}
			b.setFail(nil)
			time.Sleep(5 * time.Second)
			wantNotices(t, b, errQueueFull, stats.Lost)
			src.Record(one(200))
			if err := stop(); err != nil {
				t.Fatal(err)
			}
			events := b.events()
			if len(events) != 102-int(stats.Lost) || *events[len(events)-1].StatementID != 200 {
				t.Errorf("%d events, %d lost", len(events), stats.Lost)
			}
			for i, e := range events[:len(events)-1] {
				if *e.StatementID != int64(i) {
					t.Errorf("event %d at %d: not the newest were dropped", *e.StatementID, i)
				}
			}
		})
	}
}

// TestOneEventOverflows: with nothing queued behind it, the window still ends.
func TestOneEventOverflows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		c := b.config(Sync)
		c.QueueBytes = 100
		_, src, stop := b.run(c)
		synctest.Wait()
		begin := time.Now()
		if told := src.Record(one(1)); told != nil {
			<-told // not until the event is durable, which is never
		}
		if time.Since(begin) > 0 {
			t.Error("waits for an event that was dropped")
		}
		synctest.Wait()
		wantNotices(t, b, errQueueFull, 1)
		if err := stop(); err != nil {
			t.Fatal(err)
		}
	})
}

// TestKMSFailsWhenIdle: heartbeats notice a lost key without any session.
func TestKMSFailsWhenIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		c := b.config(Async)
		c.Heartbeat = time.Second
		_, _, stop := b.run(c)
		b.setFail(errDown)
		time.Sleep(20 * time.Second)
		b.setFail(nil)
		time.Sleep(5 * time.Second)
		wantNotices(t, b, errDown, 0)
		if err := stop(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestEndWithEventsLeft(t *testing.T) {
	end := map[string]func(*Stream, context.CancelFunc) error{
		"run's context": func(_ *Stream, cancel context.CancelFunc) error { cancel(); return nil },
		"drain's context": func(s *Stream, _ context.CancelFunc) error {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			if err := s.Drain(ctx); !errors.Is(err, context.DeadlineExceeded) {
				return err
			}
			return nil
		},
	}
	for name, end := range end {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBed(t)
				b.setFail(errDown)
				s, err := New(b.config(Sync))
				if err != nil {
					t.Fatal(err)
				}
				src := NewSource(instanceID)
				src.Attach(s)
				ctx, cancel := context.WithCancel(t.Context())
				result := make(chan error, 1)
				go func() { result <- s.Run(ctx) }()
				waiting := src.Record(one(1))
				synctest.Wait()
				src.Record(one(2))
				if err := end(s, cancel); err != nil {
					t.Error(err)
				}
				if err := <-result; err == nil || !strings.Contains(err.Error(), "2 events") {
					t.Errorf("Run returned %v", err)
				}
				<-waiting
				wantNotices(t, b, errDown, 2)
				if src.Record(one(3)) != nil {
					t.Error("a stream that has ended asks to wait")
				}
				cancel()
			})
		})
	}
}

func TestRunOnce(t *testing.T) {
	b := newBed(t)
	s, _, stop := b.run(b.config(Sync))
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if err := s.Run(t.Context()); err == nil {
		t.Error("runs twice")
	}
	idle, err := New(b.config(Sync))
	if err != nil {
		t.Fatal(err)
	}
	if err := idle.Drain(t.Context()); err != nil {
		t.Error(err)
	}
}

package stream

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/das-local/das-local/internal/activity"
)

// elsewhere is an intentBed whose publisher is somewhere else: what is put does not leave
// the disk by the same call.
type elsewhere struct {
	*intentBed
	put func() // called when records are put, before they are taken off the disk
}

func (b *elsewhere) PutRecords(ctx context.Context, name string, records []Record) error {
	if err := b.bed.PutRecords(ctx, name, records); err != nil {
		return err
	}
	b.put()
	for _, r := range records {
		if r.Spooled != 0 {
			if err := b.Remove(ctx, []uint64{r.Spooled}); err != nil {
				return err
			}
		}
		b.settle(r.Settled)
	}
	return nil
}

func (b *elsewhere) config() Config {
	c := b.intentBed.config()
	c.Publisher, c.AtLeastOnce = b, true
	return c
}

// TestSpooledBeforeAPut: where a put and what it settles are not one, a process that is
// killed between them has the batch as it was put, and no intent of it.
func TestSpooledBeforeAPut(t *testing.T) {
	b := &elsewhere{intentBed: newIntentBed(t)}
	var left []uint64
	var queued []SpooledBatch
	b.put = func() {
		left = b.left()
		b.spoolBed.mu.Lock()
		defer b.spoolBed.mu.Unlock()
		queued = slices.Clone(b.spooled)
	}
	s, src, stop := b.run(b.config())
	closed(t, src.Record(one(100))) // which settles nothing, and is not spooled
	if len(queued) > 0 {
		t.Errorf("spooled are %+v", queued)
	}
	closed(t, src.Intend(intent(1, 1)))
	closed(t, src.Intend(intent(2, 2)))
	closed(t, src.Record(append(settling(1, activity.AllAnswered), settling(2, 1)...)))
	if !slices.Equal(left, []uint64{2}) || len(queued) != 1 || queued[0].Span.Lost != 2 || !bytes.Contains(queued[0].Events, []byte("select")) {
		t.Errorf("at the put the log has %v, spooled are %+v", left, queued)
	}
	if n, _ := b.count(); n != 0 || s.Stats().Spooled != 0 {
		t.Errorf("%d batches are left, %+v", n, s.Stats())
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

// TestNoSpoolingInAWindow: the publisher does not wait for a disk that fails for longer than
// SyncTimeout.
func TestNoSpoolingInAWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &elsewhere{intentBed: newIntentBed(t), put: func() {}}
		c := b.config()
		c.SyncTimeout = time.Second
		s, src, stop := b.run(c)
		closed(t, src.Intend(intent(1, 1)))
		b.spoolBed.mu.Lock()
		b.spoolBed.fail = errors.New("the disk is full")
		b.spoolBed.mu.Unlock()
		closed(t, src.Record(settling(1, activity.AllAnswered)))
		if n := b.seen(); len(n) != 1 || !n[0].Begin {
			t.Errorf("notices %+v", n)
		}
		soon(t, func() bool { return len(b.events()) == 1 && !s.Stats().LossWindow })
		if got := b.left(); len(got) > 0 {
			t.Errorf("the log has %v", got)
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
	})
}

// TestNothingOvertakesInTheSpool: a batch for which there is no room any more keeps those
// behind it out.
func TestNothingOvertakesInTheSpool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &spoolBed{bed: newBed(t)}
		s.setFail(errors.New("no"))
		st, end := s.start(t, Config{SpoolBytes: 1500, BatchBytes: 100_000})
		src := NewSource("db-A")
		src.Attach(st)
		big := make([]activity.Event, 20)
		for i := range big {
			big[i] = event(int64(i+1), "select")
		}
		src.Record(big)
		soon(t, func() bool { return st.Stats().Failures > 0 }) // it is in flight
		src.Record(one(100))
		time.Sleep(time.Second)
		if n, events := s.count(); n > 0 {
			t.Errorf("%d batches with %d events are spooled", n, events)
		}
		if err := end(); err == nil {
			t.Error("nothing is said to be lost")
		}
	})
}

// TestAPutThatNeverBegan: when the stream's time is over before a put, its batch is not
// published, and is kept in the spool.
func TestAPutThatNeverBegan(t *testing.T) {
	b := &spoolBed{bed: newBed(t)}
	c := b.bed.config(Async)
	c.Publisher, c.Spool = b, b
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	src := NewSource(instanceID)
	src.Attach(s)
	src.Record(one(1))
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.put(over, make([]Record, 1), s.next(false)); !errors.Is(err, context.Canceled) {
		t.Errorf("the put says %v", err)
	}
	s.spoolRest()
	if n, _ := b.count(); n != 1 || len(b.records) > 0 {
		t.Errorf("%d batches are in the spool, %d records are put", n, len(b.records))
	}
}

package stream

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// TestSyncWait: what sessions wait for is timed, and the age of what is on its way can
// be told.
func TestSyncWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		b.delay = 3 * time.Second
		s, src, stop := b.run(b.config(Sync))
		e := one(1)
		durable := src.Record(e)
		synctest.Wait()
		if got := s.Stats(); !got.Oldest.Equal(e[0].LogTime) || got.SyncWaits != 0 {
			t.Errorf("on its way: %+v", got)
		}
		<-durable
		if got := s.Stats(); !got.Oldest.IsZero() || got.SyncWaits != 1 || got.SyncWait != b.delay {
			t.Errorf("durable: %+v", got)
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
	})
}

type roundKey struct{}

// TestObserve: rounds with events are observed, and their calls have the context that
// the observer gives.
func TestObserve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		c := b.config(Sync)
		c.Heartbeat = time.Minute
		var seen []string
		c.Publisher = putFunc(func(ctx context.Context, name string, records []Record) error {
			seen = append(seen, fmt.Sprintf("put %d in %v", len(records), ctx.Value(roundKey{})))
			return b.PutRecords(ctx, name, records)
		})
		rounds := 0
		c.Observe = func(ctx context.Context, r Round) (context.Context, func(bool)) {
			rounds++
			n := rounds
			seen = append(seen, fmt.Sprintf("begin %d: %d events in %d records for %s", n, r.Events, r.Records, r.StreamName))
			return context.WithValue(ctx, roundKey{}, n), func(durable bool) { seen = append(seen, fmt.Sprintf("end %d: %v", n, durable)) }
		}
		_, src, stop := b.run(c)
		<-src.Record(append(one(1), one(2)...))
		synctest.Wait()
		time.Sleep(90 * time.Second) // a heartbeat
		<-src.Record(one(3))
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		want := []string{
			"begin 1: 2 events in 1 records for " + streamName, "put 1 in 1", "end 1: true",
			"put 1 in <nil>",
			"begin 2: 1 events in 1 records for " + streamName, "put 1 in 2", "end 2: true",
		}
		if !slices.Equal(seen, want) {
			t.Errorf("%q", seen)
		}
	})
}

type putFunc func(ctx context.Context, name string, records []Record) error

func (f putFunc) PutRecords(ctx context.Context, name string, records []Record) error {
	return f(ctx, name, records)
}

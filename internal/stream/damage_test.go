package stream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// damagedSpool has batches that cannot be read.
type damagedSpool struct {
	*spoolBed
	bad   []uint64
	stuck atomic.Bool // nothing is put
}

func (s *damagedSpool) PutRecords(ctx context.Context, name string, records []Record) error {
	if s.stuck.Load() {
		return errors.New("stuck")
	}
	return s.spoolBed.PutRecords(ctx, name, records)
}

func (s *damagedSpool) Read(position uint64) (SpooledBatch, error) {
	if slices.Contains(s.bad, position) {
		return SpooledBatch{}, fmt.Errorf("%w: a test", ErrDamaged)
	}
	return s.spoolBed.Read(position)
}

// TestADamagedBatch: what cannot be read is removed and counted as lost, in one window,
// also if the stream ends before the rest is published. The next one does that.
func TestADamagedBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &damagedSpool{spoolBed: &spoolBed{bed: newBed(t)}, bad: []uint64{2, 3}}
		s.setFail(errors.New("the key is disabled"))
		st, end := s.start(t, Config{BatchBytes: 500})
		src := NewSource("db-A")
		src.Attach(st)
		for n := range int64(10) {
			src.Record(one(n + 1))
		}
		soon(t, func() bool { _, events := s.count(); return events == 10 })
		if err := end(); err != nil {
			t.Fatal(err)
		}
		batches, _ := s.count()
		if batches < 5 {
			t.Fatalf("%d batches", batches)
		}
		want := int64(0)
		for _, b := range s.spooled[1:3] {
			want += b.Span.Lost
		}

		s.setFail(nil)
		s.stuck.Store(true)
		run := func() (*Stream, context.CancelFunc, chan error) {
			st, err := New(Config{ClusterID: clusterID, StreamName: streamName, KeyID: "key", Publisher: s, KeyService: s, Spool: s,
				SpoolDelay: time.Hour, SyncTimeout: time.Hour, RetryBackoff: time.Millisecond, GatherDelay: -1, Notify: s.notify})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- st.Run(ctx) }()
			soon(t, st.started.Load)
			return st, cancel, done
		}
		st, cancel, done := run()
		soon(t, func() bool { return st.Stats().Failures > 0 }) // the round does not end
		cancel()
		if err := <-done; err != nil || st.Stats().Lost != want {
			t.Errorf("%v, %+v", err, st.Stats())
		}
		if got := s.seen(); len(got) != 2 || !got[0].Begin || !errors.Is(got[0].Err, ErrDamaged) || got[1].Lost != want {
			t.Errorf("notices %+v", got)
		}

		s.stuck.Store(false)
		st, cancel, done = run()
		defer cancel()
		if err := errors.Join(st.Drain(t.Context()), <-done); err != nil {
			t.Fatal(err)
		}
		if n, _ := s.count(); n != 0 || st.Stats().Published != 10-want || st.Stats().Lost != 0 || len(s.seen()) != 2 {
			t.Errorf("%d batches are left, %+v, %d notices", n, st.Stats(), len(s.seen()))
		}
	})
}

package stream

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/await"
)

// spoolBed is a bed with a spool that is as good as one on disk: a put and the
// removal of what was spooled are one.
type spoolBed struct {
	*bed
	mu      sync.Mutex
	spooled []SpooledBatch
	fail    error
	writes  int
}

func (s *spoolBed) Append(_ context.Context, batches []SpooledBatch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return s.fail
	}
	s.writes++
	for _, b := range batches {
		if n := len(s.spooled); n > 0 && s.spooled[n-1].Position >= b.Position {
			s.t.Errorf("position %d after %d", b.Position, s.spooled[n-1].Position)
		}
		b.Events, b.Cut = bytes.Clone(b.Events), bytes.Clone(b.Cut)
		s.spooled = append(s.spooled, b)
	}
	return nil
}

func (s *spoolBed) Read(position uint64) (SpooledBatch, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.spooled {
		if b.Position == position {
			b.Events, b.Cut = bytes.Clone(b.Events), bytes.Clone(b.Cut)
			return b, nil
		}
	}
	return SpooledBatch{}, errors.New("not there")
}

func (s *spoolBed) Remove(_ context.Context, positions []uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, position := range positions {
		n := len(s.spooled)
		s.spooled = slices.DeleteFunc(s.spooled, func(b SpooledBatch) bool { return b.Position == position })
		if len(s.spooled) != n-1 {
			s.t.Errorf("batch %d is not there to be removed", position)
		}
	}
	return nil
}

func (s *spoolBed) Each(f func(SpooledBatch) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.spooled {
		if err := f(b); err != nil {
			return err
		}
	}
	return nil
}

func (s *spoolBed) PutRecords(ctx context.Context, name string, records []Record) error {
	if err := s.bed.PutRecords(ctx, name, records); err != nil {
		return err
	}
	var positions []uint64
	for _, r := range records {
		if r.Spooled != 0 {
			positions = append(positions, r.Spooled)
		}
	}
	return s.Remove(ctx, positions)
}

func (s *spoolBed) count() (batches, events int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.spooled {
		events += int(b.Span.Lost)
	}
	return len(s.spooled), events
}

func (s *spoolBed) start(t *testing.T, c Config) (*Stream, func() error) {
	t.Helper()
	c.ClusterID, c.StreamName, c.KeyID = clusterID, streamName, "key"
	c.Publisher, c.KeyService, c.Spool = s, s, s
	c.SpoolDelay, c.RetryBackoff, c.GatherDelay = 2*time.Millisecond, time.Millisecond, -1
	st, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- st.Run(ctx) }()
	soon(t, st.started.Load)
	return st, func() error { cancel(); return <-done }
}

// TestWhatIsLeftIsPublishedByTheNextStream has streams that cannot publish end, and
// one that can: it publishes everything, in order and once.
func TestWhatIsLeftIsPublishedByTheNextStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &spoolBed{bed: newBed(t)}
		n := int64(0)
		for round := range 4 {
			s.setFail(errors.New("the key is disabled"))
			st, end := s.start(t, Config{BatchBytes: 2000})
			a, b := NewSource("db-A"), NewSource("db-B")
			a.Attach(st)
			b.Attach(st)
			for range 400 {
				n++
				a.Record(one(n))
				b.Record(one(n))
			}
			if round%2 == 0 { // else the end spools them
				soon(t, func() bool { _, events := s.count(); return int64(events) == 2*n })
				soon(t, func() bool { return st.Stats().Queued <= 2*maxRound*2000 }) // what the publisher holds
			}
			if err := end(); err != nil {
				t.Errorf("the end: %v", err)
			}
			if lost := st.Stats().Lost; lost != 0 {
				t.Errorf("%d events are lost", lost)
			}
			if _, events := s.count(); int64(events) != 2*n {
				t.Errorf("%d events are spooled, want %d", events, 2*n)
			}
		}
		s.setFail(nil)
		st, _ := s.start(t, Config{})
		src := NewSource("db-A")
		src.Attach(st)
		n++
		src.Record(one(n))
		if err := st.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if batches, _ := s.count(); batches != 0 || st.Stats().Spooled != 0 || st.Stats().Queued != 0 {
			t.Errorf("%d batches are left; %+v", batches, st.Stats())
		}
		next := map[string]int64{"db-A": 1, "db-B": 1}
		for _, r := range s.opened() {
			for _, raw := range r.Events {
				if got := statementID(t, raw); got != next[r.InstanceID] {
					t.Fatalf("%s: event %d comes when %d is next", r.InstanceID, got, next[r.InstanceID])
				}
				next[r.InstanceID]++
			}
		}
		if next["db-A"] != n+1 || next["db-B"] != n {
			t.Errorf("published up to %v, want %d and %d", next, n, n-1)
		}
	})
}

// TestAHealthyStreamSpoolsNothing: the spool costs a second write.
func TestAHealthyStreamSpoolsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &spoolBed{bed: newBed(t)}
		st, _ := s.start(t, Config{})
		src := NewSource("db-A")
		src.Attach(st)
		for n := range int64(200) {
			src.Record(one(n + 1))
		}
		if err := st.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s.writes > 20 {
			t.Errorf("the spool was written %d times", s.writes)
		}
	})
}

// TestAFullSpool: what does not fit waits in memory, in its order.
func TestAFullSpool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &spoolBed{bed: newBed(t)}
		s.setFail(errors.New("no"))
		st, end := s.start(t, Config{SpoolBytes: 5000, BatchBytes: 1000})
		src := NewSource("db-A")
		src.Attach(st)
		for n := range int64(50) {
			src.Record(one(n + 1))
		}
		soon(t, func() bool { n, _ := s.count(); return n > 0 })
		time.Sleep(10 * time.Millisecond)
		if spooled := st.Stats().Spooled; spooled > 5000 {
			t.Errorf("%d bytes are spooled", spooled)
		}
		s.setFail(nil)
		if err := st.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		_ = end()
		for i, e := range s.events() {
			if *e.StatementID != int64(i+1) {
				t.Fatalf("event %d is number %d", i+1, *e.StatementID)
			}
		}
	})
}

func statementID(t *testing.T, raw []byte) int64 {
	t.Helper()
	d, err := activity.Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	return *d.StatementID
}

func soon(t *testing.T, ok func() bool) {
	t.Helper()
	await.True(t, "the spool to be so", ok)
}

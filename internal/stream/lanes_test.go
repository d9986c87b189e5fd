package stream

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/await"
)

// sessionEvent is an event of the session with that id.
func sessionEvent(session string, id int64) []activity.Event {
	e := event(id, "select 1;")
	e.Session = &activity.Session{SessionID: session}
	return []activity.Event{e}
}

// TestLanes: all events of a session are in records of one lane, in order; sessions are
// spread over the lanes; heartbeats are one an instance and in no lane.
func TestLanes(t *testing.T) {
	const sessions, each, lanes = 40, 25, 4
	b := newBed(t)
	c := b.config(Async)
	c.Lanes, c.BatchBytes, c.Heartbeat, c.GatherDelay = lanes, 2048, 1, -1
	s, src, stop := b.run(c)
	for id := range int64(each) {
		for k := range sessions {
			src.Record(sessionEvent(fmt.Sprint("session-", k), id))
		}
	}
	await.True(t, "a heartbeat", func() bool { return s.Stats().Heartbeats > 0 })
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	laneOf, last := map[string]int{}, map[string]int64{}
	beats, data, seen := int64(0), int64(0), map[int]bool{}
	for i, record := range b.opened() {
		lane := b.records[i].Lane
		for _, raw := range record.Events {
			d, err := activity.Decode(raw)
			if err != nil {
				t.Fatal(err)
			}
			if d.Heartbeat() {
				beats++
				if lane != 0 {
					t.Errorf("a heartbeat is in lane %d", lane)
				}
				continue
			}
			data++
			id := *d.SessionID
			if was, ok := laneOf[id]; ok && was != lane || lane < 1 || lane > lanes {
				t.Errorf("%s is in the lanes %d and %d", id, was, lane)
			}
			if n, ok := last[id]; ok && *d.StatementID != n+1 {
				t.Errorf("%s: statement %d comes after %d", id, *d.StatementID, n)
			}
			laneOf[id], last[id], seen[lane] = lane, *d.StatementID, true
		}
	}
	if stats := s.Stats(); data != sessions*each || beats != stats.Heartbeats || stats.Published != data {
		t.Errorf("%d events and %d heartbeats were read; %+v", data, beats, stats)
	}
	if len(seen) != lanes {
		t.Errorf("events are in %d lanes, want %d", len(seen), lanes)
	}
}

// TestLanesTakeTurns: what one call can have of each lane comes first.
func TestLanesTakeTurns(t *testing.T) {
	b := newBed(t)
	c := b.config(Async)
	c.Lanes, c.BatchBytes = 3, 1
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	src := NewSource(instanceID)
	src.Attach(s)
	for id := range int64(5) {
		for k := range 20 {
			src.Record(sessionEvent(fmt.Sprint("session-", k), id))
		}
	}
	depth, last := map[int]int{}, 0
	for _, job := range s.next(false) {
		if d := depth[job.lane.number]; job.depth != d {
			t.Fatalf("batch %d of lane %d comes as number %d", job.depth, job.lane.number, d)
		}
		if job.depth < last {
			t.Fatalf("batch %d of lane %d comes after one with number %d", job.depth, job.lane.number, last)
		}
		depth[job.lane.number]++
		last = job.depth
	}
	if len(depth) != 3 || last < 5 {
		t.Errorf("lanes %v", depth)
	}
	src.Detach()
	for _, l := range s.lanes {
		if !l.closed {
			t.Error("a lane is open after its source has gone")
		}
	}
}

func TestLanesAndSpool(t *testing.T) {
	b := &spoolBed{bed: newBed(t)}
	c := b.config(Async)
	c.Spool, c.Lanes = b, 2
	if _, err := New(c); err == nil {
		t.Error("a spool does not know lanes, but is taken")
	}
}

// TestAtLeastOnce: a put whose end is open at the end of the stream leaves its batch in
// the spool; a publisher whose errors are certain has it dropped, since it may be stored.
func TestAtLeastOnce(t *testing.T) {
	for _, atLeastOnce := range []bool{true, false} {
		t.Run(fmt.Sprint(atLeastOnce), func(t *testing.T) {
			b := &spoolBed{bed: newBed(t)}
			putting := &stuckPublisher{called: make(chan struct{})}
			c := b.config(Async)
			c.Publisher, c.Spool, c.AtLeastOnce, c.PutTimeout = putting, b, atLeastOnce, await.Patience
			c.SpoolDelay = time.Hour // nothing is spooled before it is put
			s, src, _ := b.run(c)
			src.Record(one(1))
			await.Receive(t, "the put", putting.called)
			gone, cancel := context.WithCancel(context.Background())
			cancel()
			if err := s.Drain(gone); err == nil {
				t.Error("a stream that could not publish says it has")
			}
			want := 0
			if atLeastOnce {
				want = 1
			}
			if len(b.spooled) != want {
				t.Errorf("%d batches are in the spool, want %d", len(b.spooled), want)
			}
		})
	}
}

// stuckPublisher holds a put until it is given up.
type stuckPublisher struct{ called chan struct{} }

func (p *stuckPublisher) PutRecords(ctx context.Context, _ string, _ []Record) error {
	close(p.called)
	<-ctx.Done()
	return errors.Join(errors.New("no answer"), ctx.Err())
}

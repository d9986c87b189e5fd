package proxy

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/proxy/internal/track"
)

const (
	// auditTick is how long items wait for others, so that the goroutine that
	// audits them is woken once for many and not once for each.
	auditTick = 5 * time.Millisecond
	// auditBacklog is how many items may wait. Beyond it sessions audit their
	// own, and wait for that.
	auditBacklog = 20000
	// pauseAfter is how long a statement that completed waits for what the server
	// records of it later. A session in a transaction may do nothing for hours.
	pauseAfter = 500 * time.Millisecond
)

// An auditQueue audits what the event loop relayed, in a goroutine of its own:
// a look-up in the catalogue may block.
type auditQueue struct {
	mu       sync.Mutex
	sessions []*session // with items that wait, in order
	signal   chan struct{}
	items    atomic.Int64
	owing    map[*session]time.Time // since when a session is owed events; run's
	buffers  sync.Pool              // of *[]track.Item
}

// A pending list holds a session's items until they are audited.
type pending struct {
	mu    sync.Mutex
	items []track.Item
	busy  bool      // the auditQueue has some of them in hand
	home  bool      // the session audits its own
	free  sync.Cond // not busy any more
}

// behind says that too many items wait.
func (q *auditQueue) behind() bool { return q.items.Load() > auditBacklog }

// add hands over sessions that have items and had none.
func (q *auditQueue) add(sessions []*session) {
	q.mu.Lock()
	q.sessions = append(q.sessions, sessions...)
	q.mu.Unlock()
	select {
	case q.signal <- struct{}{}:
	default: // it will look anyway
	}
}

// buffer is an empty list of items.
func (q *auditQueue) buffer() []track.Item {
	if b, ok := q.buffers.Get().(*[]track.Item); ok {
		return *b
	}
	return make([]track.Item, 0, 64)
}

// run audits until ctx ends; by then nothing must be added any more.
func (q *auditQueue) run(ctx context.Context) {
	var events []activity.Event
	tick := time.NewTimer(auditTick)
	defer tick.Stop()
	q.owing = map[*session]time.Time{}
	for {
		var pause <-chan time.Time
		if len(q.owing) > 0 {
			tick.Reset(pauseAfter / 2)
			pause = tick.C
		}
		select {
		case <-q.signal:
		case <-pause:
			events = q.pause(time.Now(), events[:0])
			continue
		case <-ctx.Done():
			return
		}
		tick.Reset(auditTick)
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
		q.mu.Lock()
		sessions := q.sessions
		q.sessions = nil
		q.mu.Unlock()
		for _, s := range sessions {
			events = q.audit(s, events[:0])
		}
		if cap(events) > 4096 {
			events = nil
		}
	}
}

// audit records what waits of one session.
func (q *auditQueue) audit(s *session, events []activity.Event) []activity.Event {
	s.pend.mu.Lock()
	items := s.pend.items
	s.pend.items, s.pend.busy = nil, true
	s.pend.mu.Unlock()
	if len(items) > 0 {
		_, events = s.log.record(s.ctx, s.tracker.PID(), items, events)
		clear(events)
		if s.log.owes() {
			q.owing[s] = time.Now()
		} else if len(q.owing) > 0 {
			delete(q.owing, s)
		}
		q.items.Add(-int64(len(items)))
		clear(items)
		if items = items[:0]; cap(items) <= 1024 {
			q.buffers.Put(&items)
		}
	}
	s.pend.mu.Lock()
	s.pend.busy = false
	s.pend.free.Broadcast()
	s.pend.mu.Unlock()
	return events
}

// pause makes the events of sessions that have been owed some for long enough.
func (q *auditQueue) pause(now time.Time, events []activity.Event) []activity.Event {
	for s, since := range q.owing {
		if now.Sub(since) < pauseAfter {
			continue
		}
		delete(q.owing, s)
		s.pend.mu.Lock()
		skip := s.pend.home || len(s.pend.items) > 0
		s.pend.busy = !skip
		s.pend.mu.Unlock()
		if skip {
			continue
		}
		_, events = s.log.record(s.ctx, s.tracker.PID(), []track.Item{{Kind: track.Pause}}, events[:0])
		clear(events)
		s.pend.mu.Lock()
		s.pend.busy = false
		s.pend.free.Broadcast()
		s.pend.mu.Unlock()
	}
	return events
}

// take moves a session's items to its own journal, once the auditQueue has
// none of them in hand.
func (q *auditQueue) take(s *session) {
	s.pend.mu.Lock()
	defer s.pend.mu.Unlock()
	s.pend.home = true
	for s.pend.busy {
		s.pend.free.Wait()
	}
	q.items.Add(-int64(len(s.pend.items)))
	s.log.items = append(s.log.items, s.pend.items...)
	s.pend.items = nil
}

package proxy

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/proxy/internal/track"
)

const (
	// auditTick is how long items wait for others, so that the goroutine that
	// audits them is woken once for many and not once for each.
	auditTick = 5 * time.Millisecond
	// auditBacklog is how many items may wait, and auditBytes how many bytes they may
	// hold, but for the last chunk of each session. Beyond it sessions audit their
	// own, and wait for that.
	auditBacklog = 20000
	auditBytes   = 16 << 20
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
	bytes    atomic.Int64
	stuck    atomic.Int32           // it is busy with a session that was given up
	owing    map[*session]time.Time // since when a session is owed events; run's
	buffers  sync.Pool              // of *[]track.Item
}

// A pending list holds a session's items until they are audited.
type pending struct {
	mu    sync.Mutex
	items []track.Item
	bytes int       // in items
	text  *byte     // where the last text of items begins
	own   backlog   // what the session took home and has not audited yet; its goroutine's
	busy  bool      // the auditQueue has some of them in hand
	stuck bool      // it has, and the session was given up
	home  bool      // the session audits its own
	free  sync.Cond // not busy any more
}

// A backlog is how much waits for its audit.
type backlog struct{ items, bytes int }

// behind says that too much waits, or that it is not known how long it will.
func (q *auditQueue) behind() bool {
	return q.stuck.Load() > 0 || q.items.Load() > auditBacklog || q.bytes.Load() > auditBytes
}

// count adds to what waits, or takes off.
func (q *auditQueue) count(items, bytes int) {
	q.items.Add(int64(items))
	q.bytes.Add(int64(bytes))
}

// Backlog is how many statements and other items of the sessions' protocol wait for
// their audit in async mode, and how many bytes they hold.
func (p *Proxy) Backlog() (items, bytes int64) {
	return p.audits.items.Load(), p.audits.bytes.Load()
}

// weigh gives the bytes of items that were added. Statements of one string, and runs of
// one prepared statement, share their text. mu is held.
func (p *pending) weigh(added []track.Item) (bytes int) {
	for i := range added {
		it := &added[i]
		bytes += it.Size()
		if it.Text == "" {
			continue
		}
		if at := unsafe.StringData(it.Text); at == p.text {
			bytes -= len(it.Text)
		} else {
			p.text = at
		}
	}
	p.bytes += bytes
	return bytes
}

// out takes all items. mu is held.
func (p *pending) out() (items []track.Item, bytes int) {
	items, bytes = p.items, p.bytes
	p.items, p.bytes, p.text = nil, 0, nil
	return items, bytes
}

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
	items, bytes := s.pend.out()
	s.pend.busy = true
	s.pend.mu.Unlock()
	if len(items) > 0 {
		_, events = s.log.record(s.ctx, s.tracker.PID(), items, events)
		clear(events)
		if s.log.owes() {
			q.owing[s] = time.Now()
		} else if len(q.owing) > 0 {
			delete(q.owing, s)
		}
		q.count(-len(items), -bytes)
		clear(items)
		if items = items[:0]; cap(items) <= 1024 {
			q.buffers.Put(&items)
		}
	}
	q.done(s)
	return events
}

// done says that nothing of a session is in hand any more.
func (q *auditQueue) done(s *session) {
	s.pend.mu.Lock()
	defer s.pend.mu.Unlock()
	s.pend.busy = false
	if s.pend.stuck {
		s.pend.stuck = false
		q.stuck.Add(-1)
	}
	s.pend.free.Broadcast()
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
		q.done(s)
	}
	return events
}

// take moves a session's items to its own journal, once the auditQueue has
// none of them in hand. They count as waiting until repay.
func (q *auditQueue) take(s *session) {
	s.pend.mu.Lock()
	defer s.pend.mu.Unlock()
	s.pend.home = true
	for s.pend.busy {
		s.pend.free.Wait()
	}
	items, bytes := s.pend.out()
	s.log.items = append(s.log.items, items...)
	s.pend.own = backlog{len(items), bytes}
}

// repay says that a session has audited what it took.
func (q *auditQueue) repay(s *session) {
	q.count(-s.pend.own.items, -s.pend.own.bytes)
	s.pend.own = backlog{}
}

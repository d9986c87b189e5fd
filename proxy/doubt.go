package proxy

import (
	"sync"
	"time"

	"github.com/das-local/das-local/proxy/internal/track"
)

// A doubt is whether a session's audit ends in time. It cannot be interrupted, and
// nobody who ends a session waits for it without bound: then the events of what is
// being audited, and of all that comes after, are lost, and told so.
type doubt struct {
	mu     sync.Mutex   // held while events are recorded
	losing Losing       // nil: nobody is told
	items  []track.Item // being audited, of which events are wanted
	begun  bool         // the session has events
	over   bool         // the audit is given up
}

// tell names who is told of losses.
func (d *doubt) tell(r Recorder) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.losing, _ = r.(Losing)
}

// begin says what is being audited. It reports false if nothing must be any more.
func (d *doubt) begin(items []track.Item, recording bool) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.over {
		if recording {
			d.lose(count(items))
		}
		return false
	}
	if recording {
		d.items, d.begun = items, true
	}
	return true
}

// end says that the events are made. If it reports true they are to be recorded, and
// mu is held until they are.
func (d *doubt) end() bool {
	d.mu.Lock()
	d.items = nil
	if d.over {
		d.mu.Unlock()
		return false
	}
	return true
}

// giveUp loses what is being audited, what waits behind it, and the session's end. It
// returns how many events that makes, one for each statement. Only the first call counts.
func (d *doubt) giveUp(waiting []track.Item, recording bool, now time.Time) int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.over {
		return 0
	}
	d.over = true
	l := count(d.items)
	if recording {
		l.add(count(waiting))
	}
	if d.begun {
		l.add(loss{1, now, now})
	}
	d.lose(l)
	return l.n
}

func (d *doubt) lose(l loss) {
	if d.losing != nil && l.n > 0 {
		d.losing.Lose(l.n, l.first, l.last)
	}
}

// A loss is a number of statements, and when the first and the last of them ended.
type loss struct {
	n           int64
	first, last time.Time
}

func (l *loss) add(more loss) {
	switch {
	case more.n == 0:
		return
	case l.n == 0:
		*l = more
		return
	case more.first.Before(l.first):
		l.first = more.first
	}
	if more.last.After(l.last) {
		l.last = more.last
	}
	l.n += more.n
}

// count counts what has events, but for the end of the session, which giveUp counts.
func count(items []track.Item) (l loss) {
	for i := range items {
		switch it := &items[i]; it.Kind {
		case track.Completed, track.Failed:
			if !it.Quiet {
				l.add(loss{1, it.End, it.End})
			}
		case track.Connected, track.AuthFailed:
			l.add(loss{1, it.End, it.End})
		}
	}
	return l
}

// giveUp ends the session for all who wait for its end: its audit takes too long. Its
// goroutines end when that does, and record nothing.
func (s *session) giveUp() {
	s.pend.mu.Lock()
	items, bytes := s.pend.out()
	s.p.audits.count(-len(items), -bytes)
	if s.pend.busy && !s.pend.stuck {
		s.pend.stuck = true
		s.p.audits.stuck.Add(1)
	}
	s.pend.mu.Unlock()
	s.mu.Lock()
	pid := s.tracker.PID()
	s.mu.Unlock()
	n := s.log.doubt.giveUp(items, s.p.conf.Recorder.Recording(), time.Now())
	if n > 0 {
		s.p.conf.Logger.Warn("the audit of a session did not end in time: its last events are lost", "pid", pid, "events", n)
	}
	s.leave()
}

// leave says that nobody need wait for the session any more.
func (s *session) leave() {
	s.leaveOnce.Do(func() {
		s.p.mu.Lock()
		delete(s.p.sessions, s)
		s.p.mu.Unlock()
		s.recorded()
		s.p.wg.Done()
	})
}

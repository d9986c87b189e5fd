package proxy

import (
	"errors"
	"time"
)

// What the server's own audit records of a statement may come after the server
// has said that it completed. In async mode a session that then does nothing gets
// the events that it is owed after a while; in sync mode the completion waits for
// them, as long as the server has something more to say.

// maxKept bounds what a session keeps back from its client.
const maxKept = 1 << 20

// awaitRecords gives the upstream a deadline while events are owed.
func (s *session) awaitRecords() {
	switch owes := s.log.owes(); {
	case owes && !s.pausing:
		s.pausing = true
		s.server.SetReadDeadline(time.Now().Add(pauseAfter))
		if s.verdict.Load() != nil {
			s.server.SetDeadline(longAgo)
		}
	case !owes && s.pausing:
		s.pausing = false
		s.patience()
	}
}

// patience is the upstream's deadline when nothing is owed.
func (s *session) patience() {
	s.server.SetReadDeadline(time.Time{})
	switch {
	case s.verdict.Load() != nil:
		s.server.SetDeadline(longAgo)
	case s.gone.Load() || s.broken.Load() != nil:
		s.server.SetReadDeadline(time.Now().Add(lame))
	}
}

// keepBack takes what is for the client now, and in sync mode keeps what follows a
// completion whose records are still to come. It returns what to send, from where
// on that is to be held, and until when.
func (s *session) keepBack(chunk []byte, hold int, durable <-chan struct{}) ([]byte, int, <-chan struct{}) {
	if len(s.kept) > 0 {
		chunk, hold, s.kept = append(s.kept, chunk...), 0, nil
		if durable == nil {
			durable = s.keptUntil
		}
		s.keptUntil = nil
	}
	if hold < 0 || !s.log.owes() || !s.log.holds() {
		return chunk, hold, durable
	}
	s.mu.Lock()
	due := s.tracker.AnswerDue()
	s.mu.Unlock()
	if !due || len(chunk)-hold > maxKept {
		if later := s.log.pause(s.ctx, s.tracker.PID()); later != nil {
			durable = later // durable in order
		}
		return chunk, hold, durable
	}
	s.kept, s.keptUntil = append([]byte(nil), chunk[hold:]...), durable
	return chunk[:hold], -1, nil
}

// sendKept sends what was kept back, when the upstream says no more.
func (s *session) sendKept() {
	if len(s.kept) == 0 {
		return
	}
	chunk, durable := s.kept, s.keptUntil
	s.kept, s.keptUntil = nil, nil
	if later := s.log.pause(s.ctx, s.tracker.PID()); later != nil {
		durable = later
	}
	if err := s.sendHeld(chunk, 0, durable); err != nil && !errors.Is(err, errKilled) {
		s.gone.Store(true)
	}
}

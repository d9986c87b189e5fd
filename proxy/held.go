package proxy

import (
	"time"

	"github.com/das-local/das-local/proxy/internal/track"
)

// unsent handles a client that does not take the chunk: what it completed has
// happened all the same.
func (s *session) unsent(chunk []byte, now time.Time) *track.Error {
	s.gone.Store(true)
	s.observe(chunk, now)
	s.log.write(s.ctx, s.tracker.PID())
	if f := s.verdict.Load(); f != nil {
		return &track.Error{Severity: "FATAL", SQLState: f.state, Message: f.message}
	}
	return s.clientLost()
}

// observe feeds the tracker and leaves the items in the journal.
func (s *session) observe(chunk []byte, now time.Time) (hold int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.log.items)
	s.log.items, err = s.tracker.Server(chunk, now, s.log.items)
	s.watch(s.log.items[before:])
	if s.waiting && !s.tracker.Full() {
		s.waiting = false
		s.room.Broadcast()
	}
	return s.tracker.Hold(), err
}

// sendHeld writes the chunk; the part from hold on waits until the events of
// what it completes are durable. A session that was told to end by then keeps it:
// whoever gives up on the events may end the sessions first, and then no client
// sees a completion whose events are not durable.
func (s *session) sendHeld(chunk []byte, hold int, durable <-chan struct{}) error {
	if hold >= 0 && (durable != nil || s.log.holds()) {
		if hold > 0 {
			if _, err := s.client.Write(chunk[:hold]); err != nil {
				return err
			}
			chunk = chunk[hold:]
		}
		if err := s.awaitDurable(durable); err != nil {
			return err
		}
	}
	_, err := s.client.Write(chunk)
	return err
}

// awaitDurable waits for events; a nil channel needs none.
func (s *session) awaitDurable(durable <-chan struct{}) error {
	if durable != nil {
		select {
		case <-durable:
		case <-s.killed:
			return errKilled
		case <-s.ctx.Done():
			return s.ctx.Err()
		}
	}
	if s.verdict.Load() != nil && s.log.holds() {
		return errKilled
	}
	return nil
}

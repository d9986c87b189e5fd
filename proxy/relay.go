package proxy

import (
	"errors"
	"os"
	"sync"
	"time"

	"github.com/das-local/das-local/proxy/internal/audit"
	"github.com/das-local/das-local/proxy/internal/track"
)

const (
	// farewell bounds how long a session that ends waits for its client.
	farewell = 2 * time.Second
	// lame is how long the upstream has to finish once the client sends no
	// more; a statement that runs has all the time it wants.
	lame = 10 * time.Second
)

// relay runs both directions until the session is over, on the event loop
// where that is possible.
func (s *session) relay() {
	for {
		var up sync.WaitGroup
		if !s.gone.Load() {
			up.Go(s.toUpstream)
		}
		cause, change := s.toClient()
		if change {
			s.changeOver(&up)
			continue
		}
		s.finish(cause)
		s.over.Store(true)
		s.mu.Lock()
		s.room.Broadcast()
		s.mu.Unlock()
		s.server.SetWriteDeadline(longAgo)
		if s.verdict.Load() != nil {
			s.server.Close() // what the session holds there is free before its client has gone
		}
		s.client.closeWrite()
		s.recorded()
		s.client.SetReadDeadline(time.Now().Add(farewell))
		up.Wait()
		return
	}
}

// toUpstream relays what the client sends, and drops it once the session is over.
func (s *session) toUpstream() {
	s.finishForward()
	for {
		chunk, err := s.client.next()
		if len(chunk) > 0 && !s.over.Load() && s.broken.Load() == nil {
			s.forward(chunk)
		}
		s.client.release()
		if err != nil {
			if s.handing.Load() && errors.Is(err, os.ErrDeadlineExceeded) {
				return
			}
			s.gone.Store(true)
			if s.broken.Load() == nil && !s.over.Load() {
				s.server.SetReadDeadline(time.Now().Add(lame))
				s.server.closeWrite()
			}
			return
		}
	}
}

// linger keeps the end of the session from the server for one look-up. It does not
// wait for the session's audit, which may be seconds behind: what a session holds is
// there for others to see until it ends.
func (s *session) linger(pid int32) {
	if c := s.p.conf.Audit.Catalog; c != nil && s.p.conf.Recorder.Recording() {
		audit.AskBeforeEnd(s.ctx, c, pid, s.log.about.DatabaseName)
	}
}

// brokenBy ends the session of a client that sends no messages; what it sent
// before is still answered.
func (s *session) brokenBy(err error) {
	var framing *track.FramingError
	if errors.As(err, &framing) {
		s.p.conf.Logger.Info("client broke the protocol", "err", err)
		f := &fatal{stateProtocolViolation, "invalid message length"}
		s.broken.Store(f)
		s.server.SetReadDeadline(time.Now().Add(farewell))
		s.server.closeWrite()
	}
}

// toClient relays what the upstream sends. It returns why the session ended,
// or nil if that is for the tracker to say; or that the session should change
// over to the loop.
func (s *session) toClient() (cause *track.Error, change bool) {
	if cause, stop := s.finishDeliver(); stop {
		return cause, false
	}
	ready := s.tracker.Connected()
	for {
		s.awaitRecords()
		chunk, err := s.server.next()
		if len(chunk) > 0 {
			ferr := s.deliver(chunk)
			s.server.release()
			if ferr != nil {
				return ferr, false
			}
			if !ready && s.tracker.Connected() {
				ready = true
				s.startupOver()
			}
		} else {
			s.server.release()
		}
		switch {
		case err == nil:
			if ready && s.canRide() {
				return nil, true
			}
		case errors.Is(err, os.ErrDeadlineExceeded):
			if cause, stop := s.timeout(ready); stop {
				return cause, false
			}
		default:
			return s.lastWords(nil), false
		}
	}
}

// startupOver lifts the limit on start-up, unless the session ends already.
func (s *session) startupOver() {
	s.client.SetDeadline(time.Time{})
	s.server.SetReadDeadline(time.Time{})
	switch {
	case s.verdict.Load() != nil:
		s.server.SetDeadline(longAgo)
	case s.gone.Load() || s.broken.Load() != nil:
		s.server.SetReadDeadline(time.Now().Add(lame))
	}
}

// timeout decides what a deadline on the upstream means.
func (s *session) timeout(ready bool) (cause *track.Error, stop bool) {
	if f := s.verdict.Load(); f != nil {
		return s.lastWords(f), true
	}
	if f := s.broken.Load(); f != nil {
		return s.lastWords(f), true
	}
	if !ready {
		return s.lastWords(&fatal{stateConnectionFailure, "authentication timed out"}), true
	}
	if s.pausing {
		s.pausing = false
		if len(s.kept) > 0 {
			s.sendKept() // the client may wait for it
		} else {
			s.log.pause(s.ctx, s.tracker.PID())
		}
		s.patience()
		return nil, false
	}
	s.mu.Lock()
	busy := s.tracker.Busy()
	s.mu.Unlock()
	if s.gone.Load() && !busy {
		return s.lastWords(nil), true
	}
	s.server.SetReadDeadline(time.Now().Add(lame))
	return nil, false
}

// deliver passes a chunk of the upstream on and records what it completes. In
// sync mode, and before the session is ready, that comes first.
func (s *session) deliver(chunk []byte) *track.Error {
	now := time.Now()
	sent := 0
	assisted := s.p.conf.Audit.Assisted
	if s.log.ready && !assisted && !s.log.holds() {
		if _, err := s.client.Write(chunk); err != nil {
			return s.unsent(chunk, now)
		}
		sent = len(chunk)
	}
	if s.plain && !s.log.ready {
		chunk = withoutPlus(chunk)
	}
	whole := s.tracker.Between() || len(s.kept) > 0 // only this goroutine changes it
	hold, err := s.observe(chunk, now)
	if assisted {
		chunk = s.tracker.Pass(chunk)
		if s.log.ready && len(s.kept) == 0 && !s.log.holds() {
			if _, err := s.client.Write(chunk); err != nil {
				return s.unsent(nil, now)
			}
			sent = len(chunk)
		}
	}
	durable := s.log.write(s.ctx, s.tracker.PID())
	if assisted && sent == 0 {
		chunk, hold, durable = s.keepBack(chunk, hold, durable)
	}
	if sent < len(chunk) {
		switch err := s.sendHeld(chunk, hold, durable); {
		case errors.Is(err, errKilled):
			s.cancelRunning()
			return s.dismiss(s.verdict.Load(), whole || hold > 0)
		case err != nil:
			return s.clientLost()
		}
	}
	if err != nil {
		return s.garbled(err)
	}
	if s.p.draining.Load() {
		s.endIfIdle()
	}
	return nil
}

// garbled is the end of an upstream that sends no messages.
func (s *session) garbled(err error) *track.Error {
	s.p.conf.Logger.Warn("upstream broke the protocol", "err", err)
	return &track.Error{Severity: "FATAL", SQLState: stateProtocolViolation, Message: err.Error()}
}

var errKilled = errors.New("session was told to end")

// finish records the end of the session.
func (s *session) finish(cause *track.Error) {
	s.mu.Lock()
	before := len(s.log.items)
	s.log.items = s.tracker.Close(cause, time.Now(), s.log.items)
	s.watch(s.log.items[before:])
	s.mu.Unlock()
	s.log.write(s.ctx, s.tracker.PID())
}

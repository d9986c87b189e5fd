package proxy

import (
	"io"
	"time"

	"github.com/das-local/das-local/proxy/internal/track"
)

// lastWords tells the client why the session ends, unless the server has, and
// returns it for the events. A nil f means that the upstream closed.
func (s *session) lastWords(f *fatal) *track.Error {
	s.sendKept()
	if f == nil {
		f = s.verdict.Load()
	}
	if f == nil {
		f = s.broken.Load()
	}
	if s.verdict.Load() != nil {
		s.cancelRunning()
		s.untilBetween()
	}
	s.mu.Lock()
	told := s.tracker.Fatal() != nil || s.tracker.Terminated()
	between := s.tracker.Between()
	s.mu.Unlock()
	if told {
		return nil
	}
	if f == nil {
		if s.gone.Load() {
			return s.clientLost()
		}
		f = &fatal{stateConnectionFailure, "server closed the connection unexpectedly"}
	}
	return s.dismiss(f, between)
}

// dismiss tells the client why the session ends, if its bytes so far end where
// a message ends.
func (s *session) dismiss(f *fatal, between bool) *track.Error {
	if between && !s.dismissed {
		s.dismissed = true
		s.client.SetWriteDeadline(time.Now().Add(farewell))
		s.client.Write(f.encode())
	}
	return &track.Error{Severity: "FATAL", SQLState: f.state, Message: f.message}
}

// clientLost is the end of a client that left without a Terminate.
func (s *session) clientLost() *track.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := &track.Error{Severity: "FATAL", SQLState: stateConnectionFailure, Message: "unexpected EOF on client connection"}
	if !s.tracker.Idle() {
		e.Message += " with an open transaction"
	}
	return e
}

// untilBetween relays until the server's current message ends.
func (s *session) untilBetween() {
	s.server.SetReadDeadline(time.Now().Add(farewell / 2))
	for {
		s.mu.Lock()
		between := s.tracker.Between()
		s.mu.Unlock()
		if between {
			return
		}
		chunk, err := s.server.next()
		if len(chunk) > 0 && s.deliver(chunk) != nil {
			err = io.ErrClosedPipe
		}
		s.server.release()
		if err != nil {
			return
		}
	}
}

// cancelRunning asks the server to stop a statement that nobody waits for.
func (s *session) cancelRunning() {
	s.mu.Lock()
	key, busy := s.tracker.CancelKey(), s.tracker.Busy()
	s.mu.Unlock()
	if !busy || len(key) == 0 {
		return
	}
	if err := s.p.conf.Upstream.cancel(s.ctx, cancelRequest(key), farewell); err != nil {
		s.p.conf.Logger.Debug("cancel at the end of a session", "err", err)
	}
}

package proxy

import (
	"bytes"
	"context"
)

// passCancel passes a client's CancelRequest on: at once, or, if the statement that it is
// for waits to be announced, behind that statement. The server would else have nothing to
// cancel, and run the statement afterwards.
func (p *Proxy) passCancel(ctx context.Context, frame []byte) error {
	if p.intending != nil && p.cancelLater(frame) {
		return nil
	}
	return p.conf.Upstream.cancel(ctx, frame, p.conf.StartupTimeout)
}

// cancelLater leaves a CancelRequest to the session with its key, if that has one to wait
// for.
func (p *Proxy) cancelLater(frame []byte) (left bool) {
	key := frame[minStartup:]
	p.each(func(s *session) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if a := &s.announcer; a.alone && len(key) > 0 && bytes.Equal(s.tracker.CancelKey(), key) {
			a.cancel, left = frame, true
		}
	})
	return left
}

// cancelSent cancels what has just been sent, if the client has asked for it meanwhile.
// Nothing more of the client is read until the server has the request: it cancels no later
// statement.
func (s *session) cancelSent() {
	s.mu.Lock()
	frame := s.announcer.cancel
	s.announcer.alone, s.announcer.cancel = false, nil
	s.mu.Unlock()
	if frame == nil {
		return
	}
	if err := s.p.conf.Upstream.cancel(s.ctx, frame, s.p.conf.StartupTimeout); err != nil {
		s.p.conf.Logger.Debug("cancel request", "err", err)
	}
}

package stream

import (
	"errors"
	"sync"
	"sync/atomic"
)

// window is the loss window: at most one is open at a time.
type window struct {
	notify func(Notice) // may be nil
	open   atomic.Bool  // changed under mu only

	mu       sync.Mutex // held while notify runs, so that notices keep their order
	reported int64      // events lost up to the end of the last window
	lastErr  error      // of the round that the publisher works on
}

func (w *window) isOpen() bool { return w.open.Load() }

// begin opens the window.
func (w *window) begin(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.beginLocked(err)
}

func (w *window) beginLocked(err error) {
	if w.open.Load() {
		return
	}
	if w.notify != nil {
		w.notify(Notice{Begin: true, Err: err}) // before sessions see the window and go on
	}
	w.open.Store(true)
}

// end closes the window, if there is one; take gives what was lost in it.
func (w *window) end(take func() Loss) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.open.Load() {
		return false
	}
	w.open.Store(false)
	l := take()
	w.reported += l.Lost
	if w.notify != nil {
		w.notify(Notice{Loss: l})
	}
	return true
}

// dropped opens the window if events were lost since the last one, for cause.
func (w *window) dropped(lost int64, cause error) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open.Load() || lost <= w.reported {
		return false
	}
	w.beginLocked(cause)
	return true
}

func (w *window) setFailure(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lastErr = err
}

// failure is what the publisher last met in its present round.
func (w *window) failure() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lastErr
}

var (
	errQueueFull = errors.New("the queue of the activity stream is full")
	errUnmade    = errors.New("a session was ended before the events of its last statements were made")
	errTooLarge  = errors.New("an event is too large for a record, even with its texts cut")
)

// overflowLocked has the watchdog report a dropped event. A sync session that lost
// it goes on when the owner has been told.
func (s *Stream) overflowLocked() (told <-chan struct{}) {
	select {
	case s.overflow <- struct{}{}:
	default: // it has been told
	}
	if s.config.Mode != Sync || s.window.isOpen() {
		return nil
	}
	if s.dropTold == nil {
		s.dropTold = make(chan struct{})
	}
	return s.dropTold
}

// releaseDroppedLocked lets those go on whose events were dropped.
func (s *Stream) releaseDroppedLocked() {
	if s.dropTold != nil {
		close(s.dropTold)
		s.dropTold = nil
	}
}

func (s *Stream) beginDropWindow() {
	s.mu.Lock()
	lost, cause := s.stats.Lost, errQueueFull
	if s.unmade {
		cause, s.unmade = errUnmade, false
	}
	s.mu.Unlock()
	if s.window.dropped(lost, cause) {
		s.config.Logger.Warn("activity stream: events are lost", "stream", s.config.StreamName, "error", cause)
	}
}

// settle ends the loss window after a round without a failure, if no event was
// dropped since the round began.
func (s *Stream) settle(lostBefore int64) {
	s.beginDropWindow()
	if s.lost() != lostBefore || !s.window.isOpen() || s.intentsStuck() {
		return
	}
	if s.window.end(s.takeLoss) {
		s.config.Logger.Info("activity stream: healthy again", "stream", s.config.StreamName)
	}
}

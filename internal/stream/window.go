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
	w.open.Store(true)
	if w.notify != nil {
		w.notify(Notice{Begin: true, Err: err})
	}
}

// end closes the window, if there is one; lost is the count now.
func (w *window) end(lost int64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.open.Load() {
		return false
	}
	w.open.Store(false)
	n := lost - w.reported
	w.reported = lost
	if w.notify != nil {
		w.notify(Notice{Lost: n})
	}
	return true
}

// dropped opens the window if events were lost since the last one.
func (w *window) dropped(lost int64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open.Load() || lost == w.reported {
		return false
	}
	w.beginLocked(errQueueFull)
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
	errTooLarge  = errors.New("an event is too large for a record, even with its texts cut")
)

// overflowLocked has the watchdog report a dropped event. The session that
// lost it does not wait for that.
func (s *Stream) overflowLocked() {
	select {
	case s.overflow <- struct{}{}:
	default: // it has been told
	}
}

func (s *Stream) beginDropWindow() {
	if s.window.dropped(s.lost()) {
		s.config.Logger.Warn("activity stream: events are lost", "stream", s.config.StreamName, "error", errQueueFull)
	}
}

// settle ends the loss window after a round without a failure, if no event was
// dropped since the round began.
func (s *Stream) settle(lostBefore int64) {
	lost := s.lost()
	s.beginDropWindow()
	if lost != lostBefore || !s.window.isOpen() {
		return
	}
	if s.window.end(lost) {
		s.config.Logger.Info("activity stream: healthy again", "stream", s.config.StreamName)
	}
}

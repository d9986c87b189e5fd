package stream

import (
	"sync/atomic"
	"time"

	"github.com/das-local/das-local/internal/activity"
)

// Source takes the events of one instance's sessions. It lives as long as the
// instance's proxy, while streams come and go. It is safe for concurrent use.
type Source struct {
	instanceID string
	lane       atomic.Pointer[lane] // nil: nobody records
}

// NewSource makes the source of an instance, given by its resource id ("db-…").
func NewSource(instanceID string) *Source { return &Source{instanceID: instanceID} }

// Attach sends what follows to s. An earlier stream is detached.
func (src *Source) Attach(s *Stream) {
	if old := src.lane.Swap(s.open(src.instanceID)); old != nil {
		old.close()
	}
}

// Detach ends recording. The stream publishes what it has taken.
func (src *Source) Detach() {
	if old := src.lane.Swap(nil); old != nil {
		old.close()
	}
}

// Recording says whether a stream wants events. It is one atomic load.
func (src *Source) Recording() bool { return src.lane.Load() != nil }

// Holding says whether a stream in sync mode wants events: whether Record may
// return a channel. It is one atomic load.
func (src *Source) Holding() bool {
	l := src.lane.Load()
	return l != nil && l.stream.config.Mode == Sync
}

// Record takes the events of one session, in order, and keeps nothing of them.
// It returns nil in async mode, when nobody records, and while the stream is in
// a loss window; else a channel that is closed when the events are durable or
// the stream has given up waiting for that.
func (src *Source) Record(events []activity.Event) (durable <-chan struct{}) {
	l := src.lane.Load()
	if l == nil || len(events) == 0 {
		return nil
	}
	l = l.of(events[0].Session)
	s := l.stream
	r := s.renderings.Get().(*rendering)
	r.render(events, s.config.Version, s.config.BatchBytes, s.fits)
	durable = l.take(r)
	r.reset()
	s.renderings.Put(r)
	return durable
}

// Lose tells that n events will never be recorded, of statements that ended between first
// and last: it makes a window of loss, unless there is one.
func (src *Source) Lose(n int64, first, last time.Time) {
	l := src.lane.Load()
	if l == nil || n <= 0 {
		return
	}
	s := l.stream
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.closed {
		return
	}
	s.loseLocked(Loss{n, first, last})
	s.unmade = true
	s.overflowLocked()
}

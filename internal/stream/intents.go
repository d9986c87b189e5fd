package stream

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/das-local/das-local/internal/activity"
)

// IntentLog stores what sessions are about to do. What is in it when a stream begins
// is of statements of which nobody will learn the outcome: the owner of the log makes
// events of it before (Spool), so that the log is empty then.
//
// An intent leaves the log with the events that settle it: by the call of Publisher or
// Spool that stores these (Record.Settled, SpooledBatch.Settled).
type IntentLog interface {
	// Append stores intents, all or none. It returns at once; wait says when they are
	// durable. An error is not certain: they may be stored all the same.
	Append(intents []Intent) (wait func(context.Context) error, err error)
	// Settle forgets intents that have no events.
	Settle(ctx context.Context, settled []Settlement) error
}

// Intent is an activity.Intent as it is stored.
type Intent struct {
	InstanceID string
	Number     uint64
	Pieces     []IntentPiece
}

// IntentPiece are events of an intent that are needed until so many of its statements
// are answered.
type IntentPiece struct {
	Until  uint32
	Events []byte // JSON, comma-separated
	Span   Loss   // its events
	Cut    []byte // see SpooledBatch.Cut
}

// Settlement is what is settled of an instance's intents.
type Settlement struct {
	InstanceID string
	activity.Settled
}

// intents are those of a stream that are not durable yet. The fields behind began are
// guarded by stream.mu.
//
//	Intend ──▶ waiting ──▶ storing ──Append, wait──▶ durable is closed
//
// While one group is being stored, all who come share the next.
type intents struct {
	wake  chan struct{} // to storeAllIntents, capacity 1
	order sync.Mutex    // held while a group is applied to the log; before stream.mu
	began atomic.Int64  // when the group that is being stored was taken, like roundBegan
	err   atomic.Pointer[error]

	waiting *intentGroup
	storing *intentGroup
	void    []Settlement // settled without an event, or lost with it
}

// intentGroup are intents that become durable together.
type intentGroup struct {
	intents []Intent
	durable chan struct{}
	given   bool // nobody waits any more: it must not be stored from now on
}

// Intending says whether sessions must tell what they are about to do. It is one
// atomic load, or two.
func (src *Source) Intending() bool {
	l := src.lane.Load()
	return l != nil && l.stream.config.Intents != nil && l.stream.config.Mode == Sync && !l.stream.window.isOpen()
}

// Intend takes what a session is about to do, and keeps nothing of it. It returns nil
// if nobody wants to know, and while the stream is in a loss window; else a channel
// that is closed when the intents are durable or the stream has given up waiting for
// that.
func (src *Source) Intend(list []activity.Intent) (durable <-chan struct{}) {
	l := src.lane.Load()
	if l == nil || len(list) == 0 || !src.Intending() {
		return nil
	}
	s := l.stream
	rendered := make([]Intent, 0, len(list))
	for i := range list {
		rendered = append(rendered, s.renderIntent(src.instanceID, &list[i]))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.closed || s.window.isOpen() {
		return nil
	}
	if s.intents.waiting == nil {
		s.intents.waiting = &intentGroup{durable: make(chan struct{})}
	}
	g := s.intents.waiting
	g.intents = append(g.intents, rendered...)
	select {
	case s.intents.wake <- struct{}{}:
	default: // it will look anyway
	}
	return g.durable
}

// renderIntent makes the JSON of an intent's events, a piece or more for each statement.
func (s *Stream) renderIntent(instanceID string, in *activity.Intent) Intent {
	out := Intent{InstanceID: instanceID, Number: in.Number}
	r := s.renderings.Get().(*rendering)
	for events := in.Events; len(events) > 0; {
		until, n := events[0].Settles.Answered, 1
		for n < len(events) && events[n].Settles.Answered == until {
			n++
		}
		r.render(events[:n], s.config.Version, s.config.BatchBytes, s.fits)
		for _, p := range r.pieces {
			out.Pieces = append(out.Pieces, IntentPiece{Until: until, Events: slices.Clone(r.buf[p.start:p.end]), Span: p.span, Cut: p.cut})
		}
		r.reset()
		events = events[n:]
	}
	s.renderings.Put(r)
	return out
}

// Settle takes note of intents that are done with and have no event. Those that are
// not stored yet never are.
func (src *Source) Settle(list []activity.Settled) {
	l := src.lane.Load()
	if l == nil || l.stream.config.Intents == nil || len(list) == 0 {
		return
	}
	s := l.stream
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range []*intentGroup{s.intents.waiting, s.intents.storing} {
		if g != nil {
			g.intents = slices.DeleteFunc(g.intents, func(in Intent) bool {
				return in.InstanceID == src.instanceID && slices.ContainsFunc(list, func(n activity.Settled) bool { return n.Intent == in.Number })
			})
		}
	}
	s.intents.voidLocked(src.instanceID, list)
	if s.idle {
		s.wakeLocked()
	}
}

func (in *intents) voidLocked(instanceID string, list []activity.Settled) {
	for _, n := range list {
		in.void = append(in.void, Settlement{instanceID, n})
	}
}

// giveUpLocked lets those go who wait. What they wait for is not stored any more: its
// events may be durable first, and it would stay for good.
func (in *intents) giveUpLocked() {
	for _, g := range []*intentGroup{in.waiting, in.storing} {
		if g != nil && !g.given {
			g.given = true
			close(g.durable)
		}
	}
	in.waiting = nil
}

func (in *intents) failure() error {
	if err := in.err.Load(); err != nil {
		return *err
	}
	return nil
}

// intentsStuck says that nobody waits for intents that are still being stored.
func (s *Stream) intentsStuck() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.intents.storing != nil && s.intents.storing.given
}

// storeAllIntents stores one group after the other.
func (s *Stream) storeAllIntents(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.intents.wake:
		}
		runtime.Gosched() // let the sessions come that can
		s.mu.Lock()
		g := s.intents.waiting
		s.intents.waiting, s.intents.storing = nil, g
		s.mu.Unlock()
		if g == nil {
			continue
		}
		s.intents.began.Store(max(1, int64(time.Since(s.made))))
		s.storeIntents(ctx, g)
		s.intents.began.Store(0)
		s.intents.err.Store(nil)
		s.mu.Lock()
		s.intents.storing = nil
		if !g.given {
			g.given = true
			close(g.durable)
		}
		if s.window.isOpen() && s.idle {
			s.wakeLocked() // a publisher with nothing to do ends the window
		}
		s.mu.Unlock()
	}
}

// storeIntents tries until a group is durable or given up.
func (s *Stream) storeIntents(ctx context.Context, g *intentGroup) {
	pause := s.config.RetryBackoff
	for try := 1; ; try++ {
		err := s.storeIntentsOnce(ctx, g)
		if err == nil {
			return
		}
		s.intents.err.Store(&err)
		if try == 1 {
			s.config.Logger.Warn("activity stream: intents cannot be stored", "stream", s.config.StreamName, "error", err)
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-g.durable: // given up
			timer.Stop()
			return
		case <-timer.C:
		}
		pause = min(2*pause, maxBackoffs*s.config.RetryBackoff)
	}
}

func (s *Stream) storeIntentsOnce(ctx context.Context, g *intentGroup) error {
	wait, err := s.applyIntents(g)
	if err != nil || wait == nil {
		return err
	}
	return wait(ctx)
}

// applyIntents appends a group to the log, unless nobody waits for it any more. Until
// it returns, nothing settles.
func (s *Stream) applyIntents(g *intentGroup) (wait func(context.Context) error, err error) {
	s.intents.order.Lock()
	defer s.intents.order.Unlock()
	s.mu.Lock()
	list := slices.Clone(g.intents)
	if g.given {
		list = nil
	}
	s.mu.Unlock()
	if len(list) == 0 {
		return nil, nil
	}
	return s.config.Intents.Append(list)
}

// afterIntents waits until no group is half-way into the log: what is settled next
// comes behind it there.
func (s *Stream) afterIntents() {
	if s.config.Intents != nil {
		s.intents.order.Lock()
		defer s.intents.order.Unlock()
	}
}

// settlements are a batch's. stream.mu is held, or nobody else changes the batch.
func (b *batch) settlements(instanceID string) (list []Settlement) {
	for _, n := range b.settled {
		list = append(list, Settlement{instanceID, n})
	}
	return list
}

func (s *Stream) hasVoid() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.intents.void) > 0
}

// settleVoid forgets intents without events. It returns false if ctx ended before.
func (s *Stream) settleVoid(ctx context.Context) bool {
	s.mu.Lock()
	list := s.intents.void
	s.intents.void = nil
	s.mu.Unlock()
	if len(list) == 0 || s.config.Intents == nil {
		return true
	}
	s.roundBegan.CompareAndSwap(0, max(1, int64(time.Since(s.made))))
	s.afterIntents()
	if !s.persist(ctx, "settle intents", func(ctx context.Context) error { return s.config.Intents.Settle(ctx, list) }) {
		s.mu.Lock()
		s.intents.void = append(list, s.intents.void...)
		s.mu.Unlock()
		return false
	}
	return true
}

// settleLost forgets the intents of a batch that is lost, which has been told.
func (s *Stream) settleLost(job sealJob) {
	if job.batch == nil || s.config.Intents == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.intents.voidLocked(job.lane.instanceID, job.batch.settled)
	job.batch.settled = nil
}

// settleRest forgets what is left at the end.
func (s *Stream) settleRest() {
	if !s.hasVoid() || s.config.Intents == nil {
		return
	}
	s.mu.Lock()
	list := s.intents.void
	s.intents.void = nil
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), lastSpoolWrite)
	defer cancel()
	s.afterIntents()
	if err := s.config.Intents.Settle(ctx, list); err != nil {
		s.config.Logger.Warn("activity stream: intents that are settled cannot be removed", "stream", s.config.StreamName, "error", err)
	}
}

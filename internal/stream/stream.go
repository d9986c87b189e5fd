package stream

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/das-local/das-local/internal/envelope"
)

// Stream is one activity stream, from its start to its stop. Sources attach to
// it at any time before that.
type Stream struct {
	config Config
	sealer *envelope.Sealer
	fits   int // JSON that surely fits a record

	renderings sync.Pool     // *rendering
	wake       chan struct{} // to the publisher, capacity 1
	overflow   chan struct{} // to the watchdog, capacity 1
	drain      chan struct{} // closed when nothing more is taken
	ended      chan struct{} // closed when Run has returned
	started    atomic.Bool
	cancel     context.CancelCauseFunc // ends Run; set before started

	made       time.Time
	roundBegan atomic.Int64 // time since made, which no clock change moves; 0: the publisher is free
	window     window
	intents    intents

	spoolMu  sync.Mutex // held while batches are spooled, and while records are put; before mu
	position uint64     // of the last spooled batch; guarded by spoolMu

	mu      sync.Mutex // guards the rest, and the lanes
	lanes   []*lane
	numbers int       // of lanes made so far
	flying  []sealJob // what the publisher works on
	spare   []*batch
	queued  int   // bytes of JSON in memory that are not durable yet
	spooled int64 // bytes of JSON in the spool
	idle    bool  // the publisher sleeps until it is woken
	ending  bool  // nothing more is taken
	stats   Stats
	loss    Loss // what no notice has told yet
	unmade  bool // Source.Lose has told of some of it

	dropTold chan struct{} // closed when the owner knows that events are dropped
}

// Stats counts since the stream was made.
type Stats struct {
	Events     int64 // taken or found in the spool; Published, Lost, or still queued or spooled
	Published  int64
	Lost       int64 // dropped at a full queue, unpublishable, or left at the end
	Cut        int64 // published with shortened texts
	Records    int64 // with events
	Heartbeats int64
	Bytes      int64 // of records
	Puts       int64
	Failures   int64 // of Publisher and KeyService
	DataKeys   int64
	Queued     int   // bytes of JSON in memory
	Spooled    int64 // bytes of JSON in the spool
	LossWindow bool  // one is open

	SyncWaits int64         // batches for which sessions waited, and do not any more
	SyncWait  time.Duration // of the session of each that waited longest; all together
	Oldest    time.Time     // the earliest logTime that is not durable yet; zero: all are
}

// New checks the configuration and makes a stream. Run publishes.
func New(config Config) (*Stream, error) {
	c, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	sealer, err := envelope.NewSealer(envelope.Config{Version: c.Version, Rand: c.Rand})
	if err != nil {
		return nil, fmt.Errorf("make sealer: %w", err)
	}
	s := &Stream{
		config:   c,
		sealer:   sealer,
		fits:     surelyFits(c.MaxRecordBytes),
		made:     time.Now(),
		wake:     make(chan struct{}, 1),
		overflow: make(chan struct{}, 1),
		drain:    make(chan struct{}),
		ended:    make(chan struct{}),
		intents:  intents{wake: make(chan struct{}, 1)},
	}
	s.renderings.New = newRendering
	s.window.notify = c.Notify
	return s, s.adopt()
}

// Run publishes until Drain has been called and the queue is empty, or until
// ctx ends. Then it takes nothing more, lets all sessions go that wait, and
// zeroes the data keys. The error says whether events were left. Run may be
// called once.
func (s *Stream) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s.mu.Lock()
	again := s.cancel != nil
	if !again {
		s.cancel = cancel
	}
	s.mu.Unlock()
	if again {
		return errors.New("a stream runs once")
	}
	s.started.Store(true)
	defer close(s.ended)

	watching, stopWatching := context.WithCancel(context.WithoutCancel(ctx))
	var watchdog sync.WaitGroup
	watchdog.Go(func() { s.watch(watching) })
	if s.config.Spool != nil {
		watchdog.Go(func() { s.spoolAll(watching) })
	}
	if s.config.Intents != nil {
		watchdog.Go(func() { s.storeAllIntents(watching) })
	}
	s.publishAll(ctx)
	stopWatching()
	watchdog.Wait()
	return s.end(context.Cause(ctx))
}

// Drain detaches every source, and waits until Run has published what is
// queued. When ctx ends first, it gives up, and Run with it.
func (s *Stream) Drain(ctx context.Context) error {
	s.stopTaking()
	if !s.started.Load() {
		return nil
	}
	select {
	case <-s.ended:
		return nil
	case <-ctx.Done():
		s.mu.Lock()
		cancel := s.cancel
		s.mu.Unlock()
		cancel(context.Cause(ctx))
		<-s.ended
		return fmt.Errorf("drain the activity stream: %w", context.Cause(ctx))
	}
}

// Stats returns the counters as they are now.
func (s *Stream) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	stats := s.stats
	stats.Queued, stats.Spooled = s.queued, s.spooled
	stats.LossWindow = s.window.isOpen()
	s.eachBatchLocked(func(b *batch) {
		if first := b.span.First; b.span.Lost > 0 && (stats.Oldest.IsZero() || first.Before(stats.Oldest)) {
			stats.Oldest = first
		}
	})
	return stats
}

func (s *Stream) stopTaking() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ending {
		return
	}
	s.ending = true
	for _, l := range s.lanes {
		l.closed = true
	}
	close(s.drain)
}

// end counts what was not published and lets everybody go.
func (s *Stream) end(cause error) error {
	s.stopTaking()
	s.spoolRest()
	s.settleRest()
	s.mu.Lock()
	s.intents.giveUpLocked()
	var left Loss
	s.eachBatchLocked(func(b *batch) {
		if b.spool.position == 0 {
			left.Add(b.span)
		}
		s.releaseLocked(b)
	})
	for _, job := range s.flying {
		job.lane.dropKey()
	}
	for _, l := range s.lanes {
		l.dropKey()
	}
	s.sealer.Forget()
	s.lanes, s.flying, s.spare, s.queued = nil, nil, nil, 0
	s.loseLocked(left)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.releaseDroppedLocked()
	}()
	if left.Lost == 0 {
		s.window.end(s.takeLoss)
		return nil
	}
	err := fmt.Errorf("%d events were not published: %w", left.Lost, errors.Join(s.window.failure(), cause))
	s.window.begin(err)
	s.window.end(s.takeLoss)
	return err
}

// watch begins a loss window when the publisher has been busy with one round
// for SyncTimeout, or when an event was dropped.
func (s *Stream) watch(ctx context.Context) {
	tick := time.NewTicker(max(s.config.SyncTimeout/8, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.overflow:
			s.beginDropWindow()
			s.mu.Lock()
			s.releaseDroppedLocked()
			s.wakeLocked() // a publisher with nothing to do ends the window
			s.mu.Unlock()
		case <-tick.C:
			began := time.Duration(s.roundBegan.Load())
			if began != 0 && time.Since(s.made)-began >= s.config.SyncTimeout {
				s.giveUp(s.window.failure(), "publishing")
			}
			if began = time.Duration(s.intents.began.Load()); began != 0 && time.Since(s.made)-began >= s.config.SyncTimeout {
				s.giveUp(s.intents.failure(), "storing intents")
			}
		}
	}
}

// giveUp begins a loss window, for an error or because something takes too long, and
// lets the sessions go. Their events stay queued and are lost only if the queue
// overflows or the stream ends.
func (s *Stream) giveUp(err error, what string) {
	if s.window.isOpen() {
		return
	}
	if err == nil {
		err = fmt.Errorf("%s has taken longer than %v", what, s.config.SyncTimeout)
	}
	s.window.begin(err)
	s.config.Logger.Warn("activity stream: events may be lost from now on", "stream", s.config.StreamName, "error", err)
	// A session that comes now sees the window and does not wait.
	s.releaseAll()
}

func (s *Stream) lost() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats.Lost
}

// loseLocked counts what was lost.
func (s *Stream) loseLocked(l Loss) {
	s.stats.Lost += l.Lost
	s.loss.Add(l)
}

// takeLoss is what was lost since it was called last.
func (s *Stream) takeLoss() Loss {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.loss
	s.loss = Loss{}
	return l
}

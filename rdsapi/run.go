package rdsapi

import (
	"context"
	"sync"
	"time"
)

// job is a transition that an action has begun and Run completes.
type job func(ctx context.Context)

// enqueue hands a job to Run. The lock is held.
func (s *Server) enqueue(j job) {
	s.jobs = append(s.jobs, j)
	s.wakeRun()
}

// wakeRun has Run look at the jobs and the schedule again.
func (s *Server) wakeRun() {
	select {
	case s.wake <- struct{}{}:
	default: // Run knows already
	}
}

// Run completes transitions, begins those that the clock makes due, and delivers
// events, until ctx ends; it returns nil when those under way have ended too. Transitions that begin
// before Run wait for it. Call it once.
func (s *Server) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { s.deliverAll(ctx) })
	for {
		due, forget := s.alarm(ctx, &wg)
		select {
		case <-ctx.Done():
			forget()
			s.endEpoch()
			return nil
		case <-s.wake:
		case <-due:
		}
		forget()
		s.mu.Lock()
		if !s.resetting {
			s.beginDue()
			e := s.epoch
			for _, j := range s.jobs {
				wg.Add(1)
				e.jobs.Go(func() {
					defer wg.Done()
					e.run(ctx, j)
				})
			}
			s.jobs = nil
		}
		s.mu.Unlock()
	}
}

// alarm gives a channel that is closed when the clock reaches what is due next;
// nil if nothing is.
func (s *Server) alarm(ctx context.Context, wg *sync.WaitGroup) (due <-chan struct{}, forget func()) {
	s.mu.Lock()
	next := s.nextDue()
	s.mu.Unlock()
	if next.IsZero() {
		return nil, func() {}
	}
	ctx, forget = context.WithCancel(ctx)
	rings := make(chan struct{})
	wg.Go(func() {
		if s.cfg.Clock.Wait(ctx, next) == nil {
			close(rings)
		}
	})
	return rings, forget
}

// nextDue is when something is due next; zero if nothing is. The lock is held.
func (s *Server) nextDue() time.Time {
	if s.resetting {
		return time.Time{}
	}
	at := s.deferredDue()
	for _, c := range s.clusters {
		at = append(at, c.stream.keyCheck)
		if c.pending != nil {
			at = append(at, c.pending.due)
		}
	}
	var next time.Time
	for _, t := range at {
		if !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	return next
}

// beginDue begins what is due. The lock is held.
func (s *Server) beginDue() {
	now := s.cfg.Clock.Now()
	s.beginDeferred(now)
	due := func(t time.Time) bool { return !t.IsZero() && !t.After(now) }
	for _, c := range sortedValues(s.clusters) {
		if c.pending != nil && due(c.pending.due) && !s.applyPending(c) {
			c.pending.due = c.nextWindow(now) // the cluster was not ready for it
		}
		if due(c.stream.keyCheck) {
			c.stream.keyCheck = time.Time{}
			s.jobs = append(s.jobs, func(ctx context.Context) { s.checkKey(ctx, c) })
		}
	}
}

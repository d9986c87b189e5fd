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
	select {
	case s.wake <- struct{}{}:
	default: // Run knows already
	}
}

// Run completes transitions until ctx ends, and returns nil when those under way
// have ended too. Transitions that begin before Run wait for it. Call it once.
func (s *Server) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.wake:
		}
		s.mu.Lock()
		jobs := s.jobs
		s.jobs = nil
		s.mu.Unlock()
		for _, j := range jobs {
			wg.Go(func() { j(ctx) })
		}
	}
}

// delay waits for StartDelay.
func (s *Server) delay(ctx context.Context) error {
	if s.cfg.StartDelay <= 0 {
		return nil
	}
	t := time.NewTimer(s.cfg.StartDelay)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// runStart completes the start of c's stream, which is starting. If that fails
// the stream is stopped again, and an RDS event says why.
func (s *Server) runStart(ctx context.Context, c *cluster) error {
	s.mu.Lock()
	as := c.activityStream()
	s.mu.Unlock()
	err := s.delay(ctx)
	if err == nil {
		err = s.cfg.Streams.StartStream(ctx, as)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c.status = statusAvailable
	if err != nil {
		c.stream = stream{status: streamStopped}
		s.clusterEvent(c, eventFailed("started", err))
		s.cfg.Logger.Error("activity stream did not start", "cluster", as.ClusterID, "stream", as.StreamName, "error", err)
		return err
	}
	c.stream.status = streamStarted
	s.clusterEvent(c, eventStarted())
	s.cfg.Logger.Info("activity stream started", "cluster", as.ClusterID, "stream", as.StreamName, "mode", as.Mode)
	return nil
}

// runStop completes the stop of c's stream, which is stopping. If that fails the
// stream counts as started, so that it can be stopped again.
func (s *Server) runStop(ctx context.Context, c *cluster) error {
	s.mu.Lock()
	as := c.activityStream()
	s.mu.Unlock()
	err := s.delay(ctx)
	if err == nil {
		err = s.cfg.Streams.StopStream(ctx, as)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c.status = statusAvailable
	if err != nil {
		c.stream.status = streamStarted
		s.clusterEvent(c, eventFailed("stopped", err))
		s.cfg.Logger.Error("activity stream did not stop", "cluster", as.ClusterID, "stream", as.StreamName, "error", err)
		return err
	}
	c.stream = stream{status: streamStopped}
	s.clusterEvent(c, eventStopped())
	s.cfg.Logger.Info("activity stream stopped", "cluster", as.ClusterID, "stream", as.StreamName)
	return nil
}

package rdsapi

import (
	"context"
)

// restart takes the instances down, does the work while nobody is connected, and
// returns; what brings them up again is up to the caller. Sessions that are gone
// before the work cannot see a stream begin or end in their midst.
func (s *Server) restart(ctx context.Context, list []*instance, work func() error) error {
	for _, i := range list {
		s.mu.Lock()
		if i.status != statusStopping && i.status != statusStopped { // else its sessions have been told more
			s.cfg.Sessions.RefuseSessions(i.identity(), StartingUp)
			s.instanceEvent(i, event{id: "RDS-EVENT-0004", category: "availability", message: "DB instance shutdown"})
		}
		s.mu.Unlock()
	}
	for _, i := range list {
		s.mu.Lock()
		who := i.identity()
		s.mu.Unlock()
		s.cfg.Sessions.AwaitSessions(ctx, who)
	}
	if err := s.pause(ctx); err != nil {
		return err
	}
	return work()
}

// pause waits for RestartTime, by the clock.
func (s *Server) pause(ctx context.Context) error {
	if s.cfg.RestartTime <= 0 {
		return ctx.Err()
	}
	return s.cfg.Clock.Wait(ctx, s.cfg.Clock.Now().Add(s.cfg.RestartTime))
}

// restarted makes the instances available that are still in the status that their
// restart began with: others were shut down in the meantime. The lock is held.
func (s *Server) restarted(list []*instance, from string) {
	for _, i := range list {
		if i.status == from {
			i.status = statusAvailable
			s.admit(i)
		}
	}
}

// admit lets clients into an instance that was restarted. The lock is held.
func (s *Server) admit(i *instance) {
	i.synced()
	s.cfg.Sessions.AdmitSessions(i.identity())
	s.instanceEvent(i, event{id: "RDS-EVENT-0006", category: "availability", message: "DB instance restarted"})
}

// synced says that an instance has its parameter groups, for it was restarted. The
// lock is held.
func (i *instance) synced() {
	i.unsynced = false
	i.wire.DBParameterGroups = []parameterGroup{{i.wire.DBParameterGroups[0].DBParameterGroupName, "in-sync"}}
}

// runStart completes the start of c's stream, which is starting. If that fails
// the stream is stopped again, and an RDS event says why. With restart, the
// members are taken down for it.
func (s *Server) runStart(ctx context.Context, c *cluster, restart bool) error {
	as, members := s.transition(c)
	work := func() error { return s.cfg.Streams.StartStream(ctx, as) }
	err := s.change(ctx, members, restart, work)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		c.stream = stream{status: streamStopped}
	} else {
		c.stream.status, c.stream.call = streamStarted, nil
	}
	s.changed(c, members, restart)
	if err != nil {
		s.clusterEvent(c, eventFailed("started", err))
		s.cfg.Logger.Error("activity stream did not start", "cluster", as.ClusterID, "stream", as.StreamName, "error", err)
		return err
	}
	s.clusterEvent(c, eventStarted())
	s.cfg.Logger.Info("activity stream started", "cluster", as.ClusterID, "stream", as.StreamName, "mode", as.Mode)
	return nil
}

// runStop completes the stop of c's stream, which is stopping: first nothing is
// recorded any more, then, after StopTime, the Kinesis stream is deleted. If that
// fails the stream counts as started, so that it can be stopped again. If ctx ends
// while the stream can be read, it stays stopping, for Run or for Resume.
func (s *Server) runStop(ctx context.Context, c *cluster, restart bool) error {
	as, members := s.transition(c)
	work := func() error { return s.cfg.Streams.StopStream(ctx, as) }
	err := s.change(ctx, members, restart, work)
	if err == nil {
		if restart {
			s.admitEarly(members)
			restart = false
		}
		if err := s.linger(ctx, c); err != nil {
			return err
		}
		err = s.cfg.Streams.DeleteStream(ctx, as)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		c.stream.status, c.stream.call = streamStarted, nil
	} else {
		c.stream = stream{status: streamStopped}
	}
	s.changed(c, members, restart)
	if err != nil {
		s.clusterEvent(c, eventFailed("stopped", err))
		s.cfg.Logger.Error("activity stream did not stop", "cluster", as.ClusterID, "stream", as.StreamName, "error", err)
		return err
	}
	s.clusterEvent(c, eventStopped())
	s.cfg.Logger.Info("activity stream stopped", "cluster", as.ClusterID, "stream", as.StreamName)
	return nil
}

// admitEarly lets clients in while the stream is still stopping: the instances are
// no more than configuring.
func (s *Server) admitEarly(members []*instance) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, i := range members {
		if i.status == statusConfiguring {
			s.admit(i)
		}
	}
}

// linger waits for StopTime, by the clock. If ctx ends before, Run is to begin anew
// with the stop; a Server whose Run has ended stores that c's stream is stopping.
func (s *Server) linger(ctx context.Context, c *cluster) error {
	if s.cfg.StopTime <= 0 {
		return nil
	}
	err := s.cfg.Clock.Wait(ctx, s.cfg.Clock.Now().Add(s.cfg.StopTime))
	if err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		c.stream.call = nil
		s.enqueue(func(ctx context.Context) { _ = s.runStop(ctx, c, false) })
	}
	return err
}

// transition is the stream that begins or ends, and the members that run.
func (s *Server) transition(c *cluster) (ActivityStream, []*instance) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var running []*instance
	for _, i := range s.members(c) {
		if i.status == statusConfiguring {
			running = append(running, i)
		}
	}
	return c.activityStream(), running
}

func (s *Server) change(ctx context.Context, members []*instance, restart bool, work func() error) error {
	if restart {
		return s.restart(ctx, members, work)
	}
	return work()
}

// changed ends the configuring of a cluster. The lock is held.
func (s *Server) changed(c *cluster, members []*instance, restart bool) {
	if restart {
		s.restarted(members, statusConfiguring)
	}
	for _, i := range members {
		if i.status == statusConfiguring {
			i.status = statusAvailable
		}
	}
	if c.status == statusConfiguring {
		c.status = s.settledStatus(c)
	}
	s.wakeRun()
}

// configuring puts a cluster and the members that run into that status. The lock
// is held.
func (s *Server) configuring(c *cluster) {
	c.pending = nil
	c.status = statusConfiguring
	for _, i := range s.members(c) {
		if i.status == statusAvailable {
			i.status = statusConfiguring
		}
	}
}

// settledStatus is the status of a cluster to which nothing is being done. The
// lock is held.
func (s *Server) settledStatus(c *cluster) string {
	members := s.members(c)
	for _, i := range members {
		if i.status != statusStopped && i.status != statusStopping {
			return statusAvailable
		}
	}
	if len(members) == 0 {
		return statusAvailable
	}
	return statusStopped
}

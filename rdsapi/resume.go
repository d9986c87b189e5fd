package rdsapi

import (
	"cmp"
	"context"
	"slices"
)

// Resume starts what the store says was there when the last process ended: first
// the instances, in the order in which they were made, then the activity streams
// that were started or starting. What was being stopped or deleted is; Run does
// that. Instances that were shut down have their addresses and let nobody in. It is
// called once, before clients are served.
func (s *Server) Resume(ctx context.Context) error {
	for _, i := range s.allInstances() {
		if i.status == statusDeleting {
			s.mu.Lock()
			delete(s.instances, i.id)
			s.mu.Unlock()
			continue
		}
		if err := s.resumeInstance(ctx, i); err != nil {
			return err
		}
	}
	s.mu.Lock()
	clusters := sortedValues(s.clusters)
	s.mu.Unlock()
	for _, c := range clusters {
		s.resumeStream(ctx, c)
	}
	return s.saved()
}

func (s *Server) resumeInstance(ctx context.Context, i *instance) error {
	shut := i.status == statusStopped || i.status == statusStopping
	if err := s.startInstance(ctx, i); err != nil || !shut {
		return err
	}
	s.mu.Lock()
	i.status = statusStopped
	who := i.identity()
	s.cfg.Sessions.RefuseSessions(who, ShuttingDown)
	s.mu.Unlock()
	s.cfg.Sessions.AwaitSessions(ctx, who)
	return nil
}

func (s *Server) resumeStream(ctx context.Context, c *cluster) {
	s.mu.Lock()
	status, deleting := c.stream.status, c.status == statusDeleting
	as := c.activityStream()
	switch {
	case deleting:
		s.enqueue(func(ctx context.Context) { s.runDelete(ctx, c) })
	case status == streamStopping:
		s.enqueue(func(ctx context.Context) { _ = s.runStop(ctx, c, false) })
	case status == streamStopped:
		c.status = s.settledStatus(c)
	}
	s.mu.Unlock()
	if deleting || status != streamStarted && status != streamStarting {
		return
	}
	if status == streamStarting {
		_ = s.runStart(ctx, c, false) // it has said why
		return
	}
	err := s.cfg.Streams.StartStream(ctx, as)
	s.mu.Lock()
	defer s.mu.Unlock()
	c.status = s.settledStatus(c)
	if err != nil {
		c.stream = stream{status: streamStopped}
		s.clusterEvent(c, eventFailed("started", err))
		s.cfg.Logger.Error("activity stream did not start again", "cluster", as.ClusterID, "stream", as.StreamName, "error", err)
		return
	}
	s.cfg.Logger.Info("activity stream started again", "cluster", as.ClusterID, "stream", as.StreamName, "mode", as.Mode)
}

// allInstances are the instances of all clusters in the order in which they were
// made.
func (s *Server) allInstances() []*instance {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := sortedValues(s.instances)
	slices.SortFunc(list, func(a, b *instance) int { return cmp.Compare(a.order, b.order) })
	return list
}

// FindCluster returns the identifier of the cluster that a new process shows as
// its first: the one with a name, or else the oldest. It is empty if there is none.
func (s *Server) FindCluster(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.clusters[id] != nil {
		return id
	}
	list := sortedValues(s.clusters)
	if len(list) == 0 {
		return ""
	}
	return slices.MinFunc(list, func(a, b *cluster) int { return a.created.Compare(b.created) }).id
}

// RecordKilled records an RDS event for each cluster with an async activity stream:
// the process ended without notice, and the last events may be lost. What a sync
// stream has acknowledged is never lost.
func (s *Server) RecordKilled() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range sortedValues(s.clusters) {
		if c.stream.status == streamStarted && c.stream.mode == "async" {
			s.clusterEvent(c, eventKilled())
		}
	}
}

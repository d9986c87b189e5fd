package rdsapi

import (
	"cmp"
	"context"
	"slices"
)

// Resume starts what the store says was there when the last process ended: first the
// activity streams that were started or starting, so that nobody works without one, then
// the instances, in the order in which they were made. What was being stopped or deleted
// is; Run does that. Instances that were shut down have their addresses and let nobody in,
// and so do those whose stream does not start, if they must not work then. It is called
// once, before clients are served.
func (s *Server) Resume(ctx context.Context) error {
	s.mu.Lock()
	clusters := sortedValues(s.clusters)
	s.mu.Unlock()
	for _, c := range clusters {
		s.resumeStream(ctx, c)
	}
	for _, i := range s.allInstances() {
		if i.status == statusDeleting {
			s.mu.Lock()
			delete(s.instances, i.id)
			s.mu.Unlock()
			continue
		}
		if err := s.startInstance(ctx, i); err != nil {
			return err
		}
	}
	for _, c := range clusters {
		s.resumeJobs(c)
	}
	return s.saved()
}

// resumeStream starts the stream of a cluster that had one.
func (s *Server) resumeStream(ctx context.Context, c *cluster) {
	s.mu.Lock()
	cut := c.stream.loss
	c.stream.loss = false
	status, deleting := c.stream.status, c.status == statusDeleting
	as := c.activityStream()
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
	if err != nil {
		c.stream = stream{status: streamStopped}
		s.clusterEvent(c, eventFailed("started", err))
		s.cfg.Logger.Error("activity stream did not start again", "cluster", as.ClusterID, "stream", as.StreamName, "error", err)
		s.resumeShut(c)
		return
	}
	if cut {
		s.clusterEvent(c, eventCutWindowEnds())
	}
	s.cfg.Logger.Info("activity stream started again", "cluster", as.ClusterID, "stream", as.StreamName, "mode", as.Mode)
}

// resumeShut has the instances of a cluster come up shut, if they must not work without the
// stream that they had. The lock is held.
func (s *Server) resumeShut(c *cluster) {
	if !c.stopsOnFailure() {
		return
	}
	s.clusterEvent(c, eventShutDown())
	for _, i := range s.members(c) {
		i.status = statusStopped
	}
}

// resumeJobs has Run do what was under way.
func (s *Server) resumeJobs(c *cluster) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case c.status == statusDeleting:
		s.enqueue(func(ctx context.Context) { s.runDelete(ctx, c) })
	case c.stream.status == streamStopping:
		s.configuring(c)
		s.enqueue(func(ctx context.Context) { _ = s.runStop(ctx, c, false) })
	default:
		c.status = s.settledStatus(c)
	}
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

// RecordKilled records an RDS event for each cluster with an activity stream: the process
// ended without notice, and the last events of an async stream may be lost. What a sync
// stream has acknowledged is lost only in a window of loss, of which a failing disk may not
// have the beginning.
func (s *Server) RecordKilled() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range sortedValues(s.clusters) {
		if c.stream.status == streamStarted {
			s.clusterEvent(c, eventKilled(c.stream.mode))
		}
	}
}

// RecordCut records an RDS event for each cluster with an activity stream: the store was
// damaged, and what it had taken later, events of any mode among it, is lost. What is left
// of it is in dir.
func (s *Server) RecordCut(dir string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range sortedValues(s.clusters) {
		if c.stream.status == streamStarted {
			s.clusterEvent(c, eventStoreCut(dir))
		}
	}
}

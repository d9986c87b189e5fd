package rdsapi

import "context"

type deleteDBClusterInput struct {
	DBClusterIdentifier       string
	SkipFinalSnapshot         bool
	FinalDBSnapshotIdentifier string
	DeleteAutomatedBackups    *bool // there are none
}

// deleteDBCluster deletes a cluster that has no instances any more. Its activity
// stream is stopped first; Run does that, and the cluster is gone after it.
func (s *Server) deleteDBCluster(_ context.Context, in *deleteDBClusterInput) (*clusterOutput, error) {
	switch {
	case in.DBClusterIdentifier == "":
		return nil, missing("DBClusterIdentifier")
	case !in.SkipFinalSnapshot && in.FinalDBSnapshotIdentifier == "":
		return nil, invalidCombination("FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.")
	case in.SkipFinalSnapshot && in.FinalDBSnapshotIdentifier != "":
		return nil, invalidCombination("FinalDBSnapshotIdentifier can not be specified when SkipFinalSnapshot is true.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.findCluster(in.DBClusterIdentifier, "DBClusterIdentifier")
	if err != nil {
		return nil, err
	}
	switch {
	case c.wire.DeletionProtection:
		return nil, invalidCombination("Cannot delete protected Cluster, please disable deletion protection and try again.")
	case len(s.members(c)) > 0:
		return nil, clusterState("Cluster cannot be deleted, it still contains DB instances in non-deleting state.")
	case c.status != statusAvailable && c.status != statusStopped:
		return nil, notAvailable(c)
	}
	if in.FinalDBSnapshotIdentifier != "" {
		p, err := s.newSnapshot(c, in.FinalDBSnapshotIdentifier, "FinalDBSnapshotIdentifier")
		if err != nil {
			return nil, err
		}
		p.tags = c.snapshotTags()
		s.addSnapshot(p)
	}
	c.status, c.pending = statusDeleting, nil
	if c.stream.status == streamStarted {
		c.stream.status = streamStopping
		s.enqueue(func(ctx context.Context) { s.runDelete(ctx, c) })
		return &clusterOutput{s.shape(c)}, nil
	}
	out := &clusterOutput{s.shape(c)}
	s.removeCluster(c)
	return out, nil
}

// runDelete stops the stream of a cluster that is being deleted, at once: its last
// sessions have ended before. The cluster
// goes even if that fails: nobody could try again.
func (s *Server) runDelete(ctx context.Context, c *cluster) {
	s.mu.Lock()
	as := c.activityStream()
	s.mu.Unlock()
	err := s.cfg.Streams.StopStream(ctx, as)
	if err == nil {
		err = s.cfg.Streams.DeleteStream(ctx, as)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.clusterEvent(c, eventFailed("stopped", err))
		s.cfg.Logger.Error("activity stream of a deleted cluster did not stop", "cluster", as.ClusterID, "stream", as.StreamName, "error", err)
	} else {
		s.clusterEvent(c, eventStopped())
	}
	c.stream = stream{status: streamStopped}
	s.removeCluster(c)
}

// removeCluster forgets a cluster. The lock is held.
func (s *Server) removeCluster(c *cluster) {
	delete(s.clusters, c.id)
	s.clusterEvent(c, event{id: "RDS-EVENT-0171", category: "deletion", message: "DB cluster deleted"})
}

package rdsapi

import "context"

// shutDown ends all sessions of c at once and lets nobody in; Run makes the
// instances stopped when the sessions have ended. The lock is held.
func (s *Server) shutDown(c *cluster) {
	var list []*instance
	for _, i := range s.members(c) {
		switch i.status {
		case statusAvailable, statusConfiguring, statusRebooting, statusStarting:
			i.status = statusStopping
			s.cfg.Sessions.RefuseSessions(i.identity(), ShuttingDown)
			list = append(list, i)
		}
	}
	if len(list) == 0 {
		return
	}
	if c.status != statusConfiguring {
		c.status = statusStopping
	}
	s.enqueue(func(ctx context.Context) { s.runShutDown(ctx, c, list) })
}

// runShutDown completes a shutdown.
func (s *Server) runShutDown(ctx context.Context, c *cluster, list []*instance) {
	for _, i := range list {
		s.mu.Lock()
		who := i.identity()
		s.mu.Unlock()
		s.cfg.Sessions.AwaitSessions(ctx, who)
		s.mu.Lock()
		if i.status == statusStopping {
			i.status = statusStopped
			s.instanceEvent(i, event{id: "RDS-EVENT-0087", category: "notification", message: "DB instance stopped"})
		}
		s.mu.Unlock()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.status == statusStopping {
		c.status = s.settledStatus(c)
	}
	if s.settledStatus(c) == statusStopped {
		s.clusterEvent(c, event{id: "RDS-EVENT-0150", category: "notification", message: "DB cluster stopped"})
	}
}

// startUp makes stopped instances of c available; Run does it. The lock is held.
func (s *Server) startUp(c *cluster, list []*instance) {
	whole := c.status == statusStopped
	if whole {
		c.status = statusStarting
	}
	for _, i := range list {
		i.status = statusStarting
	}
	s.enqueue(func(ctx context.Context) {
		_ = s.pause(ctx)
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, i := range list {
			if i.status == statusStarting { // else it was shut down again
				i.status = statusAvailable
				s.cfg.Sessions.AdmitSessions(i.identity())
				s.instanceEvent(i, event{id: "RDS-EVENT-0088", category: "notification", message: "DB instance started"})
			}
		}
		if whole && c.status == statusStarting {
			c.status = s.settledStatus(c)
			s.clusterEvent(c, event{id: "RDS-EVENT-0151", category: "notification", message: "DB cluster started"})
		}
	})
}

type clusterIDInput struct{ DBClusterIdentifier string }

type instanceIDInput struct {
	DBInstanceIdentifier string
	DBSnapshotIdentifier string
}

func (s *Server) stopDBCluster(_ context.Context, in *clusterIDInput) (*clusterOutput, error) {
	if in.DBClusterIdentifier == "" {
		return nil, missing("DBClusterIdentifier")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.findCluster(in.DBClusterIdentifier, "DBClusterIdentifier")
	if err != nil {
		return nil, err
	}
	if c.status != statusAvailable {
		return nil, clusterState("DbCluster %s is in %s state", c.id, c.status)
	}
	members := s.members(c)
	if len(members) == 0 {
		return nil, clusterState("DB cluster %s has no DB instances.", c.id)
	}
	for _, i := range members {
		if i.status != statusAvailable && i.status != statusStopped {
			return nil, instanceState("DB instance %s is not in the available state: it is %s.", i.id, i.status)
		}
	}
	s.shutDown(c)
	return &clusterOutput{s.shape(c)}, nil
}

func (s *Server) startDBCluster(_ context.Context, in *clusterIDInput) (*clusterOutput, error) {
	if in.DBClusterIdentifier == "" {
		return nil, missing("DBClusterIdentifier")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.findCluster(in.DBClusterIdentifier, "DBClusterIdentifier")
	switch {
	case err != nil:
		return nil, err
	case c.status != statusStopped:
		return nil, clusterState("DbCluster %s is in %s state but expected it to be one of stopped,inaccessible-encryption-credentials-recoverable.", c.id, c.status)
	case c.mustNotServe():
		return nil, clusterState("%s", stillLosing(c))
	}
	s.startUp(c, s.members(c))
	return &clusterOutput{s.shape(c)}, nil
}

// startDBInstance brings one instance of a stopped cluster back. RDS refuses that
// for Aurora, where all instances of a cluster are stopped and started together.
func (s *Server) startDBInstance(_ context.Context, in *instanceIDInput) (*instanceOutput, error) {
	if in.DBInstanceIdentifier == "" {
		return nil, missing("DBInstanceIdentifier")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.findInstance(in.DBInstanceIdentifier, "DBInstanceIdentifier")
	switch {
	case err != nil:
		return nil, err
	case i.status != statusStopped:
		return nil, instanceState("Instance %s is not in stopped state.", i.id)
	case i.cluster.mustNotServe():
		return nil, instanceState("%s", stillLosing(i.cluster))
	}
	s.startUp(i.cluster, []*instance{i})
	return &instanceOutput{s.instanceShape(i)}, nil
}

// stopDBInstance refuses, as RDS does for Aurora.
func (s *Server) stopDBInstance(_ context.Context, in *instanceIDInput) (*instanceOutput, error) {
	if in.DBInstanceIdentifier == "" {
		return nil, missing("DBInstanceIdentifier")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.findInstance(in.DBInstanceIdentifier, "DBInstanceIdentifier"); err != nil {
		return nil, err
	}
	return nil, invalidCombination("%s DB instances are not eligible for stopping and starting.", engine)
}

// stillLosing says why a cluster cannot be started.
func stillLosing(c *cluster) string {
	return "DB cluster " + c.id + " is shut down because its activity stream can't make events durable, which it still can't. " +
		"Stop the activity stream, or set the tag " + TagOnStreamFailure + " to " + Continue + ", to start it all the same."
}

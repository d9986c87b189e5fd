package rdsapi

import (
	"cmp"
	"context"
	"slices"
)

type failoverInput struct {
	DBClusterIdentifier        string
	TargetDBInstanceIdentifier string
}

const statusFailingOver = "failing-over"

// failoverDBCluster makes another instance the writer; Run does that, while the old
// and the new writer are down. Every instance keeps its address; the cluster's
// endpoint is that of its writer.
func (s *Server) failoverDBCluster(_ context.Context, in *failoverInput) (*clusterOutput, error) {
	if err := required("DBClusterIdentifier", in.DBClusterIdentifier); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.availableCluster(in.DBClusterIdentifier)
	if err != nil {
		return nil, err
	}
	target, err := s.failoverTarget(c, in.TargetDBInstanceIdentifier)
	if err != nil {
		return nil, err
	}
	both := []*instance{s.members(c)[0], target}
	for _, i := range both {
		if i.status != statusAvailable {
			return nil, instanceState("DB instance %s is not in the available state: it is %s.", i.id, i.status)
		}
	}
	for _, i := range both {
		i.status = statusRebooting
	}
	c.status = statusFailingOver
	s.clusterEvent(c, failoverBegins(both[0], target))
	s.enqueue(func(ctx context.Context) { s.runFailover(ctx, c, both) })
	return &clusterOutput{s.shape(c)}, nil
}

// failoverTarget is the instance asked for, or else the one that RDS would promote.
// The lock is held.
func (s *Server) failoverTarget(c *cluster, id string) (*instance, error) {
	members := s.members(c)
	if len(members) < 2 {
		return nil, clusterState("Cannot failover DB cluster %s: it has no Aurora Replica.", c.id)
	}
	if id == "" {
		return promoted(members[1:]), nil
	}
	i, err := s.findInstance(id, "TargetDBInstanceIdentifier")
	switch {
	case err != nil:
		return nil, err
	case i.cluster != c:
		return nil, instanceState("DB instance %s is not a member of DB cluster %s.", i.id, c.id)
	case i == members[0]:
		return nil, instanceState("DB instance %s is the writer of DB cluster %s already.", i.id, c.id)
	}
	return i, nil
}

// promoted is the instance of a list that becomes the writer: that of the lowest
// promotion tier, and among these the oldest (RDS takes the largest), of those that
// are available if one is.
func promoted(list []*instance) *instance {
	return slices.MinFunc(list, func(a, b *instance) int {
		down := func(i *instance) int {
			if i.status == statusAvailable {
				return 0
			}
			return 1
		}
		return cmp.Or(cmp.Compare(down(a), down(b)), cmp.Compare(a.wire.PromotionTier, b.wire.PromotionTier), cmp.Compare(a.order, b.order))
	})
}

func failoverBegins(from, to *instance) event {
	if from.wire.AvailabilityZone == to.wire.AvailabilityZone {
		return event{id: "RDS-EVENT-0072", category: "failover", message: "Started same AZ failover to DB instance: " + to.id}
	}
	return event{id: "RDS-EVENT-0073", category: "failover", message: "Started cross AZ failover to DB instance: " + to.id}
}

func failoverEnds(to *instance) event {
	return event{id: "RDS-EVENT-0071", category: "failover", message: "Completed failover to DB instance: " + to.id}
}

// runFailover completes a failover from the first to the second of two instances.
// One that was shut down in the meantime stays so.
func (s *Server) runFailover(ctx context.Context, c *cluster, both []*instance) {
	err := s.restart(ctx, both, func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		c.writer = both[1].resourceID
		return nil
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.restarted(both, statusRebooting)
	if c.status == statusFailingOver {
		c.status = s.settledStatus(c)
	}
	if err != nil { // the process ends
		s.clusterEvent(c, event{id: "RDS-EVENT-0069", category: "failover", message: "Cluster failover failed, check the health of your cluster instances and try again"})
		return
	}
	s.clusterEvent(c, failoverEnds(both[1]))
	s.wakeRun()
}

// succeed makes another instance the writer of a cluster whose writer goes. The
// lock is held.
func (s *Server) succeed(gone *instance, rest []*instance) {
	c := gone.cluster
	if len(rest) == 0 {
		c.writer = ""
		return
	}
	to := promoted(rest)
	c.writer = to.resourceID
	s.clusterEvent(c, failoverBegins(gone, to))
	s.clusterEvent(c, failoverEnds(to))
}

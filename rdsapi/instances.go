package rdsapi

import (
	"context"
	"fmt"
	"slices"
)

type describeDBInstancesInput struct {
	DBInstanceIdentifier string
	Filters              []filter `member:"Filter"`
	MaxRecords           *int
	Marker               *string
}

type describeDBInstancesOutput struct {
	Marker      string
	DBInstances []dbInstance `member:"DBInstance"`
}

func (s *Server) describeDBInstances(_ context.Context, in *describeDBInstancesInput) (*describeDBInstancesOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list, err := named(sortedValues(s.instances), in.DBInstanceIdentifier, func(id string) (*instance, error) {
		return s.findInstance(id, "DBInstanceIdentifier")
	})
	if err != nil {
		return nil, err
	}
	list, marker, err := selected(list, in.Filters, paging{in.MaxRecords, in.Marker}, func(i *instance) string { return i.id }, map[string]func(*instance) []string{
		"db-cluster-id":   func(i *instance) []string { return []string{i.cluster.id, i.cluster.arn} },
		"db-instance-id":  func(i *instance) []string { return []string{i.id, i.arn} },
		"dbi-resource-id": func(i *instance) []string { return []string{i.resourceID} },
		"engine":          func(*instance) []string { return []string{engine} },
		"domain":          func(*instance) []string { return nil },
	})
	if err != nil {
		return nil, err
	}
	out := &describeDBInstancesOutput{Marker: marker, DBInstances: []dbInstance{}}
	for _, i := range list {
		out.DBInstances = append(out.DBInstances, s.instanceShape(i))
	}
	return out, nil
}

type deleteDBInstanceInput struct {
	DBInstanceIdentifier      string
	SkipFinalSnapshot         bool
	FinalDBSnapshotIdentifier string
	DeleteAutomatedBackups    *bool // there are none
}

// deleteDBInstance stops the instance before it answers. An instance of a cluster
// has no snapshots of its own.
func (s *Server) deleteDBInstance(ctx context.Context, in *deleteDBInstanceInput) (*instanceOutput, error) {
	if in.FinalDBSnapshotIdentifier != "" {
		return nil, invalidCombination("FinalDBSnapshotIdentifier can not be specified when deleting a cluster instance")
	}
	if err := s.checkDelete(in.DBInstanceIdentifier); err != nil {
		return nil, err
	}
	i, identity, err := s.claim(in.DBInstanceIdentifier, statusDeleting, statusAvailable, statusStopped)
	if err != nil {
		return nil, err
	}
	if err := s.cfg.Instances.StopInstance(ctx, identity); err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		i.status = statusAvailable // it is not known: somebody may try again
		return nil, fmt.Errorf("stop instance %s: %w", identity.ID, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out := &instanceOutput{s.instanceShape(i)}
	wasWriter := s.members(i.cluster)[0] == i
	delete(s.instances, i.id)
	if wasWriter {
		s.succeed(i, s.members(i.cluster))
	}
	if c := i.cluster; c.status == statusAvailable || c.status == statusStopped {
		c.status = s.settledStatus(c)
	}
	s.instanceEvent(i, event{id: "RDS-EVENT-0003", category: "deletion", message: "DB instance deleted"})
	return out, nil
}

// checkDelete refuses to delete a protected instance, or one twice: Terraform matches
// on the sentence.
func (s *Server) checkDelete(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.findInstance(id, "DBInstanceIdentifier")
	switch {
	case id == "":
		return missing("DBInstanceIdentifier")
	case err != nil:
		return err
	case i.status == statusDeleting:
		return instanceState("Instance %s is already being deleted.", i.id)
	case i.wire.DeletionProtection:
		return invalidCombination("Cannot delete protected DB Instance, please disable deletion protection and try again.")
	}
	return nil
}

// claim takes an instance that is in one of the statuses from into a passing one,
// so that nobody else works on it.
func (s *Server) claim(id, status string, from ...string) (*instance, Instance, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.claimable(id, from...)
	if err != nil {
		return nil, Instance{}, err
	}
	i.status = status
	return i, i.identity(), nil
}

// claimable finds an instance that is in one of the statuses from. The lock is held.
func (s *Server) claimable(id string, from ...string) (*instance, error) {
	if id == "" {
		return nil, missing("DBInstanceIdentifier")
	}
	i, err := s.findInstance(id, "DBInstanceIdentifier")
	if err != nil {
		return nil, err
	}
	if !slices.Contains(from, i.status) {
		return nil, instanceState("Instance %s is not in the available state: it is %s.", i.id, i.status)
	}
	return i, nil
}

type rebootDBInstanceInput struct {
	DBInstanceIdentifier string
	ForceFailover        bool
}

// rebootDBInstance ends the instance's sessions and lets clients in again before it
// answers; the answer says rebooting, as RDS's does. If a change of the activity
// stream waits, it is begun instead: that restarts all instances of the cluster.
func (s *Server) rebootDBInstance(ctx context.Context, in *rebootDBInstanceInput) (*instanceOutput, error) {
	if in.ForceFailover {
		return nil, invalidCombination("Cannot specify failover when rebooting a cluster instance.")
	}
	i, begun, err := s.claimReboot(in.DBInstanceIdentifier)
	if err != nil || begun != nil {
		return begun, err
	}
	list := []*instance{i}
	err = s.restart(ctx, list, func() error { return nil })
	s.mu.Lock()
	defer s.mu.Unlock()
	s.restarted(list, statusRebooting)
	if err != nil {
		return nil, fmt.Errorf("reboot instance %s: %w", i.id, err)
	}
	return s.rebootAnswer(i), nil
}

// claimReboot takes an instance that is to be rebooted, or begins the change that
// waits for that: begun is the answer then. Nothing comes between the look at its
// status and the next one: what is shut down stays so.
func (s *Server) claimReboot(id string) (i *instance, begun *instanceOutput, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i, err = s.claimable(id, statusAvailable); err != nil {
		return nil, nil, err
	}
	if s.applyPending(i.cluster) {
		return i, s.rebootAnswer(i), nil
	}
	i.status = statusRebooting
	return i, nil, nil
}

// rebootAnswer is the answer to a reboot, however far it is. The lock is held.
func (s *Server) rebootAnswer(i *instance) *instanceOutput {
	w := s.instanceShape(i)
	w.DBInstanceStatus = statusRebooting
	return &instanceOutput{w}
}

package rdsapi

import (
	"encoding/json"
	"fmt"

	"github.com/das-local/das-local/internal/store"
)

// What is kept beside clusters and instances: snapshots, parameter groups and
// subnet groups, by name.

type savedSnapshot struct {
	Wire    snapshotShape
	Tags    map[string]string
	Restore []string
}

// eachRecord calls f with each of them as it is to be stored.
func (s *Server) eachRecord(f func(key []byte, saved any) error) error {
	for id, p := range s.snapshots {
		if err := f(store.Name(store.KindSnapshot, id), savedSnapshot{p.wire, p.tags, p.restore}); err != nil {
			return fmt.Errorf("save snapshot %s: %w", id, err)
		}
	}
	for _, groups := range []struct {
		kind store.Kind
		all  map[string]*parameterSet
	}{{store.KindClusterGroup, s.clusterGroups}, {store.KindDBGroup, s.instanceGroups}} {
		for name, g := range groups.all {
			if err := f(store.Name(groups.kind, name), g); err != nil {
				return fmt.Errorf("save parameter group %s: %w", name, err)
			}
		}
	}
	for name, g := range s.subnetGroups {
		if err := f(store.Name(store.KindSubnetGroup, name), g); err != nil {
			return fmt.Errorf("save subnet group %s: %w", name, err)
		}
	}
	return nil
}

func (s *Server) restoreSnapshot(_, value []byte) error {
	var saved savedSnapshot
	if err := json.Unmarshal(value, &saved); err != nil {
		return err
	}
	id := saved.Wire.DBClusterSnapshotIdentifier
	s.snapshots[id] = &snapshot{id, saved.Wire.DBClusterSnapshotArn, saved.Wire, saved.Tags, saved.Restore}
	return nil
}

func (s *Server) restoreClusterGroup(_, value []byte) error {
	return restoreGroup(s.clusterGroups, value)
}

func (s *Server) restoreInstanceGroup(_, value []byte) error {
	return restoreGroup(s.instanceGroups, value)
}

func restoreGroup(groups map[string]*parameterSet, value []byte) error {
	g := &parameterSet{}
	if err := json.Unmarshal(value, g); err != nil {
		return err
	}
	groups[g.Name] = g
	return nil
}

func (s *Server) restoreSubnetGroup(_, value []byte) error {
	g := &savedSubnetGroup{}
	if err := json.Unmarshal(value, g); err != nil {
		return err
	}
	s.subnetGroups[g.Name] = g
	return nil
}

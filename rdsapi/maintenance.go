package rdsapi

import (
	"context"
	"time"
)

type globalClustersInput struct {
	GlobalClusterIdentifier *string
	Filters                 []filter `member:"Filter"`
	MaxRecords              *int
	Marker                  *string
}

type globalClustersOutput struct {
	GlobalClusters []struct{} `member:"GlobalClusterMember"`
}

// describeGlobalClusters has none to show: they are not emulated.
func (s *Server) describeGlobalClusters(_ context.Context, in *globalClustersInput) (*globalClustersOutput, error) {
	if in.GlobalClusterIdentifier != nil {
		return nil, notFound("GlobalClusterNotFoundFault", "Global cluster %s not found", *in.GlobalClusterIdentifier)
	}
	nothing := func(struct{}) []string { return nil }
	_, _, err := selected([]struct{}{}, in.Filters, paging{in.MaxRecords, in.Marker}, func(struct{}) string { return "" }, map[string]func(struct{}) []string{
		"db-cluster-id": nothing, "region": nothing})
	if err != nil {
		return nil, err
	}
	return &globalClustersOutput{GlobalClusters: []struct{}{}}, nil
}

type maintenanceInput struct {
	ResourceIdentifier string
	Filters            []filter `member:"Filter"`
	MaxRecords         *int
	Marker             *string
}

// actionConfigure names a change of an activity stream that waits. The name is
// ours: RDS's own actions are patches and upgrades.
const actionConfigure = "configure-activity-stream"

type pendingAction struct {
	Action               string
	AutoAppliedAfterDate time.Time
	OptInStatus          string
	CurrentApplyDate     time.Time
	Description          string
}

type pendingResource struct {
	ResourceIdentifier              string
	PendingMaintenanceActionDetails []pendingAction `member:"PendingMaintenanceAction"`
}

type maintenanceOutput struct {
	PendingMaintenanceActions []pendingResource `member:"ResourcePendingMaintenanceActions"`
	Marker                    string
}

// describePendingMaintenanceActions lists the starts and stops of activity
// streams that wait.
func (s *Server) describePendingMaintenanceActions(_ context.Context, in *maintenanceInput) (*maintenanceOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if in.ResourceIdentifier != "" {
		if _, err := s.tagged(in.ResourceIdentifier); err != nil {
			return nil, notFound("ResourceNotFoundFault", "The specified resource %s was not found.", in.ResourceIdentifier)
		}
	}
	var list []*cluster
	for _, c := range sortedValues(s.clusters) {
		if c.pending != nil && (in.ResourceIdentifier == "" || in.ResourceIdentifier == c.arn) {
			list = append(list, c)
		}
	}
	list, err := matchFilters(list, in.Filters, map[string]func(*cluster) []string{
		"db-cluster-id":  func(c *cluster) []string { return []string{c.id, c.arn} },
		"db-instance-id": func(*cluster) []string { return nil },
	})
	if err != nil {
		return nil, err
	}
	list, marker, err := page(list, paging{in.MaxRecords, in.Marker}, func(c *cluster) string { return c.id })
	if err != nil {
		return nil, err
	}
	out := &maintenanceOutput{PendingMaintenanceActions: []pendingResource{}, Marker: marker}
	for _, c := range list {
		out.PendingMaintenanceActions = append(out.PendingMaintenanceActions, c.pendingShape())
	}
	return out, nil
}

// pendingShape shows what waits; nothing if nothing does. The lock is held.
func (c *cluster) pendingShape() pendingResource {
	r := pendingResource{ResourceIdentifier: c.arn, PendingMaintenanceActionDetails: []pendingAction{}}
	p := c.pending
	if p == nil {
		return r
	}
	a := pendingAction{Action: actionConfigure, Description: "Stop the database activity stream"}
	if p.start {
		a.Description = "Start the database activity stream (" + p.mode + ")"
	}
	a.Description += "; a reboot of an instance does it too"
	if !p.due.IsZero() {
		a.OptInStatus, a.AutoAppliedAfterDate, a.CurrentApplyDate = "next-maintenance", p.due, p.due
	}
	r.PendingMaintenanceActionDetails = append(r.PendingMaintenanceActionDetails, a)
	return r
}

type applyMaintenanceInput struct{ ResourceIdentifier, ApplyAction, OptInType string }

type applyMaintenanceOutput struct {
	ResourcePendingMaintenanceActions pendingResource
}

// applyPendingMaintenanceAction applies a change at once, or in the next window;
// without opt-in it waits for a reboot alone.
func (s *Server) applyPendingMaintenanceAction(_ context.Context, in *applyMaintenanceInput) (*applyMaintenanceOutput, error) {
	switch {
	case in.ResourceIdentifier == "":
		return nil, missing("ResourceIdentifier")
	case in.ApplyAction == "":
		return nil, missing("ApplyAction")
	case in.OptInType == "":
		return nil, missing("OptInType")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.findCluster(in.ResourceIdentifier, "ResourceIdentifier")
	if err != nil || c.pending == nil || in.ApplyAction != actionConfigure {
		return nil, notFound("ResourceNotFoundFault", "No pending maintenance action %s was found for %s.", in.ApplyAction, in.ResourceIdentifier)
	}
	out := &applyMaintenanceOutput{}
	switch in.OptInType {
	case "immediate":
		out.ResourcePendingMaintenanceActions = c.pendingShape()
		if !s.applyPending(c) {
			return nil, clusterState("DB cluster %s is not in a state in which the action can be applied: it is %s.", c.id, c.status)
		}
		return out, nil
	case "next-maintenance":
		c.pending.due = c.nextWindow(s.cfg.Clock.Now())
		s.wakeRun()
	case "undo-opt-in":
		c.pending.due = time.Time{}
	default:
		return nil, invalidValue("Invalid value %s for OptInType. Valid values: immediate, next-maintenance, undo-opt-in", in.OptInType)
	}
	out.ResourcePendingMaintenanceActions = c.pendingShape()
	return out, nil
}

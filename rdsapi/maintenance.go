package rdsapi

import "context"

type globalClustersInput struct {
	GlobalClusterIdentifier string
	MaxRecords              *int
	Marker                  *string
}

type globalClustersOutput struct {
	GlobalClusters []struct{} `member:"GlobalClusterMember"`
}

// describeGlobalClusters has none to show: they are not emulated.
func (s *Server) describeGlobalClusters(_ context.Context, in *globalClustersInput) (*globalClustersOutput, error) {
	if in.GlobalClusterIdentifier != "" {
		return nil, notFound("GlobalClusterNotFoundFault", "Global cluster %s not found", in.GlobalClusterIdentifier)
	}
	return &globalClustersOutput{GlobalClusters: []struct{}{}}, nil
}

type maintenanceInput struct {
	ResourceIdentifier string
	Filters            []filter `member:"Filter"`
	MaxRecords         *int
	Marker             *string
}

type pendingAction struct {
	Action      string
	OptInStatus string
	Description string
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
// streams that wait for a reboot. The name of the action is ours.
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
		what := "Stop the database activity stream when an instance is rebooted"
		if c.pending.start {
			what = "Start the database activity stream (" + c.pending.mode + ") when an instance is rebooted"
		}
		out.PendingMaintenanceActions = append(out.PendingMaintenanceActions,
			pendingResource{c.arn, []pendingAction{{"configure-activity-stream", "next-maintenance", what}}})
	}
	return out, nil
}

package rdsapi

import "context"

type describeDBClustersInput struct {
	DBClusterIdentifier string
	IncludeShared       bool     // clusters of other accounts, which there are none of
	Filters             []filter `member:"Filter"`
	MaxRecords          *int
	Marker              *string
}

type describeDBClustersOutput struct {
	Marker     string
	DBClusters []dbCluster `member:"DBCluster"`
}

func (s *Server) describeDBClusters(_ context.Context, in *describeDBClustersInput) (*describeDBClustersOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list, err := named(sortedValues(s.clusters), in.DBClusterIdentifier, func(id string) (*cluster, error) {
		return s.findCluster(id, "DBClusterIdentifier")
	})
	if err != nil {
		return nil, err
	}
	list, marker, err := selected(list, in.Filters, paging{in.MaxRecords, in.Marker}, func(c *cluster) string { return c.id }, map[string]func(*cluster) []string{
		"db-cluster-id":          func(c *cluster) []string { return []string{c.id, c.arn} },
		"db-cluster-resource-id": func(c *cluster) []string { return []string{c.resourceID} },
		"engine":                 func(*cluster) []string { return []string{engine} },
		"clone-group-id":         func(*cluster) []string { return nil },
		"domain":                 func(*cluster) []string { return nil },
	})
	if err != nil {
		return nil, err
	}
	out := &describeDBClustersOutput{Marker: marker, DBClusters: []dbCluster{}}
	for _, c := range list {
		out.DBClusters = append(out.DBClusters, s.shape(c))
	}
	return out, nil
}

// set assigns a member that was given.
func set[T any](member, given *T) {
	if given != nil {
		*member = *given
	}
}

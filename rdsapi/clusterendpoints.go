package rdsapi

import (
	"context"
	"slices"
	"strings"
)

type clusterEndpointsInput struct {
	DBClusterIdentifier         string
	DBClusterEndpointIdentifier string
	Filters                     []filter `member:"Filter"`
	MaxRecords                  *int
	Marker                      *string
}

type clusterEndpoint struct {
	DBClusterIdentifier string
	Endpoint            string
	Status              string
	EndpointType        string
}

type clusterEndpointsOutput struct {
	Marker             string
	DBClusterEndpoints []clusterEndpoint `member:"DBClusterEndpointList"`
}

func (e clusterEndpoint) key() string { return e.DBClusterIdentifier + "/" + e.EndpointType }

// describeDBClusterEndpoints lists what every cluster has; there are no custom
// endpoints, which alone have an identifier.
func (s *Server) describeDBClusterEndpoints(_ context.Context, in *clusterEndpointsInput) (*clusterEndpointsOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	clusters := sortedValues(s.clusters)
	if in.DBClusterIdentifier != "" {
		c, err := s.findCluster(in.DBClusterIdentifier, "DBClusterIdentifier")
		if err != nil {
			return nil, err
		}
		clusters = []*cluster{c}
	}
	list := []clusterEndpoint{}
	for _, c := range clusters {
		w := s.shape(c)
		for _, e := range []clusterEndpoint{{c.id, w.ReaderEndpoint, "available", "READER"}, {c.id, w.Endpoint, "available", "WRITER"}} {
			if e.Endpoint != "" && in.DBClusterEndpointIdentifier == "" {
				list = append(list, e)
			}
		}
	}
	slices.SortFunc(list, func(a, b clusterEndpoint) int { return strings.Compare(a.key(), b.key()) })
	none := func(clusterEndpoint) []string { return nil }
	list, marker, err := selected(list, in.Filters, paging{in.MaxRecords, in.Marker}, clusterEndpoint.key, map[string]func(clusterEndpoint) []string{
		"db-cluster-endpoint-type":        func(e clusterEndpoint) []string { return []string{e.EndpointType} },
		"db-cluster-endpoint-custom-type": none, "db-cluster-endpoint-id": none,
		"db-cluster-endpoint-status": func(e clusterEndpoint) []string { return []string{e.Status} },
	})
	if err != nil {
		return nil, err
	}
	return &clusterEndpointsOutput{marker, list}, nil
}

package rdsapi

import "context"

// The actions of the parameter groups of clusters.

type clusterGroupShape struct {
	DBClusterParameterGroupName string
	DBParameterGroupFamily      string
	Description                 string
	DBClusterParameterGroupArn  string
}

func (s *Server) clusterGroupShape(g *parameterSet) clusterGroupShape {
	return clusterGroupShape{g.Name, g.Family, g.Description, s.arn("cluster-pg", g.Name)}
}

type createClusterGroupInput struct {
	DBClusterParameterGroupName string
	DBParameterGroupFamily      string
	Description                 string
	Tags                        []tag `member:"Tag"`
}

type clusterGroupOutput struct{ DBClusterParameterGroup clusterGroupShape }

func (s *Server) createDBClusterParameterGroup(_ context.Context, in *createClusterGroupInput) (*clusterGroupOutput, error) {
	g, err := s.createGroup(clusterGroup, in.DBClusterParameterGroupName, in.DBParameterGroupFamily, in.Description, in.Tags)
	if err != nil {
		return nil, err
	}
	return &clusterGroupOutput{s.clusterGroupShape(g)}, nil
}

type describeClusterGroupsInput struct {
	DBClusterParameterGroupName string
	Filters                     []filter `member:"Filter"`
	MaxRecords                  *int
	Marker                      *string
}

type describeClusterGroupsOutput struct {
	Marker                   string
	DBClusterParameterGroups []clusterGroupShape `member:"DBClusterParameterGroup"`
}

func (s *Server) describeDBClusterParameterGroups(_ context.Context, in *describeClusterGroupsInput) (*describeClusterGroupsOutput, error) {
	list, marker, err := s.listGroups(clusterGroup, in.DBClusterParameterGroupName, in.Filters, paging{in.MaxRecords, in.Marker})
	if err != nil {
		return nil, err
	}
	out := &describeClusterGroupsOutput{Marker: marker, DBClusterParameterGroups: []clusterGroupShape{}}
	for _, g := range list {
		out.DBClusterParameterGroups = append(out.DBClusterParameterGroups, s.clusterGroupShape(g))
	}
	return out, nil
}

type clusterGroupInput struct {
	DBClusterParameterGroupName string
	Source                      string
	Filters                     []filter `member:"Filter"`
	MaxRecords                  *int
	Marker                      *string
}

func (s *Server) describeDBClusterParameters(_ context.Context, in *clusterGroupInput) (*describeParametersOutput, error) {
	return s.listParameters(clusterGroup, in.DBClusterParameterGroupName, in.Source, in.Filters, paging{in.MaxRecords, in.Marker})
}

type changeClusterGroupInput struct {
	DBClusterParameterGroupName string
	ResetAllParameters          bool
	Parameters                  []parameter `member:"Parameter"`
}

type clusterGroupNameOutput struct{ DBClusterParameterGroupName string }

func (s *Server) modifyDBClusterParameterGroup(_ context.Context, in *changeClusterGroupInput) (*clusterGroupNameOutput, error) {
	g, err := s.modifyGroup(clusterGroup, in.DBClusterParameterGroupName, in.Parameters)
	if err != nil {
		return nil, err
	}
	return &clusterGroupNameOutput{g.Name}, nil
}

func (s *Server) resetDBClusterParameterGroup(_ context.Context, in *changeClusterGroupInput) (*clusterGroupNameOutput, error) {
	g, err := s.resetGroup(clusterGroup, in.DBClusterParameterGroupName, in.ResetAllParameters, in.Parameters)
	if err != nil {
		return nil, err
	}
	return &clusterGroupNameOutput{g.Name}, nil
}

type clusterGroupNameInput struct{ DBClusterParameterGroupName string }

func (s *Server) deleteDBClusterParameterGroup(_ context.Context, in *clusterGroupNameInput) (*none, error) {
	return nil, s.deleteGroup(clusterGroup, in.DBClusterParameterGroupName)
}

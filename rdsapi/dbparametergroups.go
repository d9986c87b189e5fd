package rdsapi

import "context"

// The actions of the parameter groups of instances.

type instanceGroupShape struct {
	DBParameterGroupName   string
	DBParameterGroupFamily string
	Description            string
	DBParameterGroupArn    string
}

func (s *Server) instanceGroupShape(g *parameterSet) instanceGroupShape {
	return instanceGroupShape{g.Name, g.Family, g.Description, s.arn("pg", g.Name)}
}

type createInstanceGroupInput struct {
	DBParameterGroupName   string
	DBParameterGroupFamily string
	Description            string
	Tags                   []tag `member:"Tag"`
}

type instanceGroupOutput struct{ DBParameterGroup instanceGroupShape }

func (s *Server) createDBParameterGroup(_ context.Context, in *createInstanceGroupInput) (*instanceGroupOutput, error) {
	g, err := s.createGroup(instanceGroup, in.DBParameterGroupName, in.DBParameterGroupFamily, in.Description, in.Tags)
	if err != nil {
		return nil, err
	}
	return &instanceGroupOutput{s.instanceGroupShape(g)}, nil
}

type describeInstanceGroupsInput struct {
	DBParameterGroupName string
	Filters              []filter `member:"Filter"`
	MaxRecords           *int
	Marker               *string
}

type describeInstanceGroupsOutput struct {
	Marker            string
	DBParameterGroups []instanceGroupShape `member:"DBParameterGroup"`
}

func (s *Server) describeDBParameterGroups(_ context.Context, in *describeInstanceGroupsInput) (*describeInstanceGroupsOutput, error) {
	list, marker, err := s.listGroups(instanceGroup, in.DBParameterGroupName, in.Filters, paging{in.MaxRecords, in.Marker})
	if err != nil {
		return nil, err
	}
	out := &describeInstanceGroupsOutput{Marker: marker, DBParameterGroups: []instanceGroupShape{}}
	for _, g := range list {
		out.DBParameterGroups = append(out.DBParameterGroups, s.instanceGroupShape(g))
	}
	return out, nil
}

type instanceGroupInput struct {
	DBParameterGroupName string
	Source               string
	Filters              []filter `member:"Filter"`
	MaxRecords           *int
	Marker               *string
}

func (s *Server) describeDBParameters(_ context.Context, in *instanceGroupInput) (*describeParametersOutput, error) {
	return s.listParameters(instanceGroup, in.DBParameterGroupName, in.Source, in.Filters, paging{in.MaxRecords, in.Marker})
}

type changeInstanceGroupInput struct {
	DBParameterGroupName string
	ResetAllParameters   bool
	Parameters           []parameter `member:"Parameter"`
}

type instanceGroupNameOutput struct{ DBParameterGroupName string }

func (s *Server) modifyDBParameterGroup(_ context.Context, in *changeInstanceGroupInput) (*instanceGroupNameOutput, error) {
	g, err := s.modifyGroup(instanceGroup, in.DBParameterGroupName, in.Parameters)
	if err != nil {
		return nil, err
	}
	return &instanceGroupNameOutput{g.Name}, nil
}

func (s *Server) resetDBParameterGroup(_ context.Context, in *changeInstanceGroupInput) (*instanceGroupNameOutput, error) {
	g, err := s.resetGroup(instanceGroup, in.DBParameterGroupName, in.ResetAllParameters, in.Parameters)
	if err != nil {
		return nil, err
	}
	return &instanceGroupNameOutput{g.Name}, nil
}

type instanceGroupNameInput struct{ DBParameterGroupName string }

func (s *Server) deleteDBParameterGroup(_ context.Context, in *instanceGroupNameInput) (*none, error) {
	return nil, s.deleteGroup(instanceGroup, in.DBParameterGroupName)
}

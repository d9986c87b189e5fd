package rdsapi

import (
	"context"
	"slices"
	"strings"

	"github.com/das-local/das-local/internal/awsapi"
)

// clusterRole is an IAM role of a cluster: it is kept and shown, and nothing
// assumes it.
type clusterRole struct{ RoleArn, Status, FeatureName string }

// maxRoles is RDS's quota for one cluster.
const maxRoles = 5

type clusterRoleInput struct{ DBClusterIdentifier, RoleArn, FeatureName string }

func (in *clusterRoleInput) check() error {
	if err := required("DBClusterIdentifier", in.DBClusterIdentifier, "RoleArn", in.RoleArn); err != nil {
		return err
	}
	if a, err := awsapi.ParseARN(in.RoleArn); err != nil || a.Service != "iam" || !strings.HasPrefix(a.Resource, "role/") {
		return invalidValue("The specified role %s isn't the ARN of an IAM role.", in.RoleArn)
	}
	return nil
}

func (in *clusterRoleInput) is(r clusterRole) bool {
	return r.RoleArn == in.RoleArn && r.FeatureName == in.FeatureName
}

func (s *Server) addRoleToDBCluster(_ context.Context, in *clusterRoleInput) (*none, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.availableCluster(in.DBClusterIdentifier)
	switch {
	case err != nil:
		return nil, err
	case slices.ContainsFunc(c.wire.AssociatedRoles, in.is):
		return nil, awsapi.Errorf("DBClusterRoleAlreadyExists", "Role ARN %s already exists for cluster: %s", in.RoleArn, c.id)
	case len(c.wire.AssociatedRoles) >= maxRoles:
		return nil, awsapi.Errorf("DBClusterRoleQuotaExceeded", "A DB cluster can have %d roles at most.", maxRoles)
	}
	c.wire.AssociatedRoles = append(slices.Clone(c.wire.AssociatedRoles), clusterRole{in.RoleArn, "ACTIVE", in.FeatureName})
	return nil, nil
}

func (s *Server) removeRoleFromDBCluster(_ context.Context, in *clusterRoleInput) (*none, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.availableCluster(in.DBClusterIdentifier)
	switch {
	case err != nil:
		return nil, err
	case !slices.ContainsFunc(c.wire.AssociatedRoles, in.is):
		return nil, notFound("DBClusterRoleNotFound", "Role ARN %s cannot be found for cluster: %s", in.RoleArn, c.id)
	}
	c.wire.AssociatedRoles = slices.DeleteFunc(slices.Clone(c.wire.AssociatedRoles), in.is)
	return nil, nil
}

type httpEndpointInput struct{ ResourceArn string }

type httpEndpointOutput struct {
	ResourceArn         string
	HttpEndpointEnabled bool
}

func (s *Server) enableHTTPEndpoint(_ context.Context, in *httpEndpointInput) (*httpEndpointOutput, error) {
	return s.httpEndpoint(in.ResourceArn, true)
}

func (s *Server) disableHTTPEndpoint(_ context.Context, in *httpEndpointInput) (*httpEndpointOutput, error) {
	return s.httpEndpoint(in.ResourceArn, false)
}

// httpEndpoint notes whether the Data API is on, which is not served.
func (s *Server) httpEndpoint(arn string, on bool) (*httpEndpointOutput, error) {
	if arn == "" {
		return nil, missing("ResourceArn")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.findCluster(arn, "ResourceArn")
	switch {
	case err != nil:
		return nil, notFound("ResourceNotFoundFault", "The specified resource %s was not found.", arn)
	case c.status != statusAvailable:
		return nil, awsapi.Errorf("InvalidResourceStateFault", "DB cluster %s is in %s state.", c.id, c.status)
	}
	c.wire.HttpEndpointEnabled = on
	return &httpEndpointOutput{c.arn, on}, nil
}

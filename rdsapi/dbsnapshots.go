package rdsapi

import (
	"context"
	"strings"
)

// Snapshots of DB instances: those of a cluster have none.

type createDBSnapshotInput struct {
	DBSnapshotIdentifier string
	DBInstanceIdentifier string
	Tags                 []tag `member:"Tag"`
}

// createDBSnapshot refuses, as RDS does for an instance of a cluster.
func (s *Server) createDBSnapshot(_ context.Context, in *createDBSnapshotInput) (*none, error) {
	if err := required("DBSnapshotIdentifier", in.DBSnapshotIdentifier, "DBInstanceIdentifier", in.DBInstanceIdentifier); err != nil {
		return nil, err
	}
	if _, err := tagMap(in.Tags); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.findInstance(in.DBInstanceIdentifier, "DBInstanceIdentifier"); err != nil {
		return nil, err
	}
	return nil, invalidValue("The specified instance is a member of a cluster and a snapshot cannot be created directly. Please use the CreateDBClusterSnapshot API instead.")
}

type describeDBSnapshotsInput struct {
	DBInstanceIdentifier string
	DBSnapshotIdentifier string
	DbiResourceId        string
	SnapshotType         string
	IncludeShared        bool
	IncludePublic        bool
	Filters              []filter `member:"Filter"`
	MaxRecords           *int
	Marker               *string
}

type describeDBSnapshotsOutput struct {
	Marker      string
	DBSnapshots []struct{} `member:"DBSnapshot"`
}

// describeDBSnapshots has none to show: instances of a cluster have none.
func (s *Server) describeDBSnapshots(_ context.Context, in *describeDBSnapshotsInput) (*describeDBSnapshotsOutput, error) {
	if id := in.DBSnapshotIdentifier; id != "" {
		return nil, notFound("DBSnapshotNotFound", "DBSnapshot %s not found.", strings.ToLower(id))
	}
	nothing := func(struct{}) []string { return nil }
	_, _, err := selected([]struct{}{}, in.Filters, paging{in.MaxRecords, in.Marker}, func(struct{}) string { return "" }, map[string]func(struct{}) []string{
		"db-instance-id": nothing, "db-snapshot-id": nothing, "dbi-resource-id": nothing, "snapshot-type": nothing, "engine": nothing})
	if err != nil {
		return nil, err
	}
	return &describeDBSnapshotsOutput{DBSnapshots: []struct{}{}}, nil
}

package rdsapi

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
)

func TestSnapshots(t *testing.T) {
	b := withCluster(t, Config{})
	ctx := t.Context()
	create := func(id string) error {
		out, err := b.rds.CreateDBClusterSnapshot(ctx, &rds.CreateDBClusterSnapshotInput{DBClusterIdentifier: aws.String("my-cluster"), DBClusterSnapshotIdentifier: &id,
			Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}})
		if err == nil && *out.DBClusterSnapshot.Status != "creating" {
			t.Errorf("made %+v", out.DBClusterSnapshot)
		}
		return err
	}
	if err := create("S1"); err != nil {
		t.Fatal(err)
	}
	wantError(t, create("s1"), "DBClusterSnapshotAlreadyExistsFault", 400, "*")
	wantError(t, create("1"), "InvalidParameterValue", 400, "*")
	copied, err := b.rds.CopyDBClusterSnapshot(ctx, &rds.CopyDBClusterSnapshotInput{SourceDBClusterSnapshotIdentifier: aws.String("arn:aws:rds:us-east-1:000000000000:cluster-snapshot:s1"),
		TargetDBClusterSnapshotIdentifier: aws.String("s2"), CopyTags: aws.Bool(true)})
	if err != nil || *copied.DBClusterSnapshot.SourceDBClusterSnapshotArn != "arn:aws:rds:us-east-1:000000000000:cluster-snapshot:s1" || len(copied.DBClusterSnapshot.TagList) != 1 {
		t.Errorf("copied %+v, %v", copied, err)
	}
	count := func(in *rds.DescribeDBClusterSnapshotsInput) int {
		t.Helper()
		out, err := b.rds.DescribeDBClusterSnapshots(ctx, in)
		if err != nil {
			t.Fatal(err)
		}
		return len(out.DBClusterSnapshots)
	}
	for name, test := range map[string]struct {
		in   rds.DescribeDBClusterSnapshotsInput
		want int
	}{
		"all":       {rds.DescribeDBClusterSnapshotsInput{}, 2},
		"one":       {rds.DescribeDBClusterSnapshotsInput{DBClusterSnapshotIdentifier: aws.String("S2")}, 1},
		"cluster":   {rds.DescribeDBClusterSnapshotsInput{DBClusterIdentifier: aws.String("My-Cluster")}, 2},
		"other":     {rds.DescribeDBClusterSnapshotsInput{DBClusterIdentifier: aws.String("other")}, 0},
		"automated": {rds.DescribeDBClusterSnapshotsInput{SnapshotType: aws.String("automated")}, 0},
		"filter":    {rds.DescribeDBClusterSnapshotsInput{Filters: []types.Filter{{Name: aws.String("db-cluster-snapshot-id"), Values: []string{"s1", "x"}}}}, 1},
		"engine":    {rds.DescribeDBClusterSnapshotsInput{Filters: []types.Filter{{Name: aws.String("engine"), Values: []string{"mysql"}}}}, 0},
	} {
		if got := count(&test.in); got != test.want {
			t.Errorf("%s: %d snapshots, want %d", name, got, test.want)
		}
	}
	_, err = b.rds.DescribeDBClusterSnapshots(ctx, &rds.DescribeDBClusterSnapshotsInput{SnapshotType: aws.String("good")})
	wantError(t, err, "InvalidParameterValue", 400, "*")
	e, err := b.rds.DescribeEvents(ctx, &rds.DescribeEventsInput{SourceType: types.SourceTypeDbClusterSnapshot, SourceIdentifier: aws.String("s1")})
	if err != nil || len(e.Events) != 2 || *e.Events[1].Message != "Manual cluster snapshot created" || e.Events[1].EventCategories[0] != "backup" {
		t.Errorf("events %+v, %v", e, err)
	}
	_, err = b.rds.CreateDBSnapshot(ctx, &rds.CreateDBSnapshotInput{DBInstanceIdentifier: aws.String("my-cluster-instance-1"), DBSnapshotIdentifier: aws.String("x")})
	wantError(t, err, "InvalidParameterValue", 400, "*")

	// A final snapshot must be new, and stays when the cluster goes.
	if _, err := b.rds.DeleteDBInstance(ctx, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: aws.String("my-cluster-instance-1")}); err != nil {
		t.Fatal(err)
	}
	final := func(id *string, skip bool) error {
		_, err := b.rds.DeleteDBCluster(ctx, &rds.DeleteDBClusterInput{DBClusterIdentifier: aws.String("my-cluster"), FinalDBSnapshotIdentifier: id, SkipFinalSnapshot: &skip})
		return err
	}
	wantError(t, final(nil, false), "InvalidParameterCombination", 400, "*")
	wantError(t, final(aws.String("x"), true), "InvalidParameterCombination", 400, "*")
	wantError(t, final(aws.String("s1"), false), "DBClusterSnapshotAlreadyExistsFault", 400, "*")
	if err := final(aws.String("last"), false); err != nil {
		t.Fatal(err)
	}
	if got := count(&rds.DescribeDBClusterSnapshotsInput{DBClusterIdentifier: aws.String("my-cluster")}); got != 3 {
		t.Errorf("%d snapshots after the cluster, want 3", got)
	}
}

func TestAccount(t *testing.T) {
	b := withCluster(t, Config{})
	ctx := t.Context()
	a, err := b.rds.DescribeAccountAttributes(ctx, &rds.DescribeAccountAttributesInput{})
	if err != nil {
		t.Fatal(err)
	}
	used := make(map[string]int64)
	for _, q := range a.AccountQuotas {
		used[*q.AccountQuotaName] = *q.Used
	}
	if len(used) != 18 || used["DBClusters"] != 1 || used["DBInstances"] != 1 {
		t.Errorf("quotas %v", used)
	}
	c, err := b.rds.DescribeCertificates(ctx, &rds.DescribeCertificatesInput{})
	if err != nil || len(c.Certificates) != 3 || *c.DefaultCertificateForNewLaunches != "rds-ca-rsa2048-g1" || c.Certificates[1].ValidTill.Year() != 2061 {
		t.Errorf("certificates %+v, %v", c, err)
	}
	_, err = b.rds.DescribeCertificates(ctx, &rds.DescribeCertificatesInput{CertificateIdentifier: aws.String("rds-ca-2019")})
	wantError(t, err, "CertificateNotFound", 404, "*")
	e, err := b.rds.DescribeDBClusterEndpoints(ctx, &rds.DescribeDBClusterEndpointsInput{DBClusterIdentifier: aws.String("my-cluster")})
	if err != nil || len(e.DBClusterEndpoints) != 2 || *e.DBClusterEndpoints[0].EndpointType != "READER" {
		t.Errorf("endpoints %+v, %v", e, err)
	}
}

func TestRoles(t *testing.T) {
	b := withCluster(t, Config{})
	ctx := t.Context()
	role := func(n string) *string { return aws.String("arn:aws:iam::000000000000:role/" + n) }
	add := func(arn *string) error {
		_, err := b.rds.AddRoleToDBCluster(ctx, &rds.AddRoleToDBClusterInput{DBClusterIdentifier: aws.String("my-cluster"), RoleArn: arn, FeatureName: aws.String("s3Import")})
		return err
	}
	if err := add(role("a")); err != nil {
		t.Fatal(err)
	}
	wantError(t, add(role("a")), "DBClusterRoleAlreadyExists", 400, "*")
	wantError(t, add(aws.String("a")), "InvalidParameterValue", 400, "*")
	_, err := b.rds.RemoveRoleFromDBCluster(ctx, &rds.RemoveRoleFromDBClusterInput{DBClusterIdentifier: aws.String("my-cluster"), RoleArn: role("a")})
	wantError(t, err, "DBClusterRoleNotFound", 404, "*") // without the feature it is another one
	_, err = b.rds.RemoveRoleFromDBCluster(ctx, &rds.RemoveRoleFromDBClusterInput{DBClusterIdentifier: aws.String("my-cluster"), RoleArn: role("a"), FeatureName: aws.String("s3Import")})
	if c := b.describe(t, "my-cluster"); err != nil || len(c.AssociatedRoles) != 0 {
		t.Errorf("roles %+v, %v", c.AssociatedRoles, err)
	}
	for n := range maxRoles + 1 {
		if err = add(role(string(rune('a' + n)))); err != nil {
			break
		}
	}
	wantError(t, err, "DBClusterRoleQuotaExceeded", 400, "*")
}

package rdsapi

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
)

var errLost = errors.New("lost")

// TestModificationsWait checks what waits for the maintenance window and what does
// not.
func TestModificationsWait(t *testing.T) {
	clk := mondayNoon()
	b := withCluster(t, Config{Clock: clk, EngineVersion: "15.4"})
	ctx := t.Context()
	modify := func(in *rds.ModifyDBClusterInput) *types.DBCluster {
		t.Helper()
		out, err := b.rds.ModifyDBCluster(ctx, in)
		if err != nil {
			t.Fatal(err)
		}
		return out.DBCluster
	}
	id := aws.String("my-cluster")
	c := modify(&rds.ModifyDBClusterInput{DBClusterIdentifier: id, EngineVersion: aws.String("15.10"), NewDBClusterIdentifier: aws.String("renamed"),
		EnableIAMDatabaseAuthentication: aws.Bool(true), BackupRetentionPeriod: aws.Int32(3)})
	p := c.PendingModifiedValues
	if *c.DBClusterIdentifier != "my-cluster" || *c.EngineVersion != "15.4" || *c.IAMDatabaseAuthenticationEnabled || *c.BackupRetentionPeriod != 3 ||
		p == nil || *p.DBClusterIdentifier != "renamed" || *p.EngineVersion != "15.10" || !*p.IAMDatabaseAuthenticationEnabled {
		t.Errorf("modified %+v, pending %+v", c, p)
	}
	if _, err := b.rds.ModifyDBInstance(ctx, &rds.ModifyDBInstanceInput{DBInstanceIdentifier: aws.String("my-cluster-instance-1"),
		DBInstanceClass: aws.String("db.r6g.large"), NewDBInstanceIdentifier: aws.String("other"), PromotionTier: aws.Int32(4)}); err != nil {
		t.Fatal(err)
	}
	i, err := b.rds.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: aws.String("my-cluster-instance-1")})
	if err != nil || *i.DBInstances[0].DBInstanceClass != "db.r5.large" || *i.DBInstances[0].PromotionTier != 4 ||
		*i.DBInstances[0].PendingModifiedValues.DBInstanceClass != "db.r6g.large" || *i.DBInstances[0].PendingModifiedValues.DBInstanceIdentifier != "other" {
		t.Errorf("instance %+v, %v", i, err)
	}
	clk.Advance(7 * 24 * time.Hour)
	b.awaitID(t, "renamed", statusAvailable)
	now := b.describe(t, "renamed")
	c = &now
	if *c.EngineVersion != "15.10" || !*c.IAMDatabaseAuthenticationEnabled || c.PendingModifiedValues != nil || *c.DBClusterMembers[0].DBInstanceIdentifier != "other" {
		t.Errorf("after the window %+v", c)
	}
	i, err = b.rds.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: aws.String("other")})
	if err != nil || *i.DBInstances[0].DBInstanceClass != "db.r6g.large" || i.DBInstances[0].PendingModifiedValues.DBInstanceClass != nil {
		t.Errorf("instance %+v, %v", i, err)
	}
	if m := b.messages(t, "renamed", "notification"); len(m) != 1 || m[0] != "Renamed cluster from my-cluster to renamed" {
		t.Errorf("events %q", m)
	}
	// ApplyImmediately applies what waits too.
	id = aws.String("renamed")
	modify(&rds.ModifyDBClusterInput{DBClusterIdentifier: id, EngineVersion: aws.String("15.12")})
	c = modify(&rds.ModifyDBClusterInput{DBClusterIdentifier: id, ApplyImmediately: aws.Bool(true), CopyTagsToSnapshot: aws.Bool(true)})
	if *c.EngineVersion != "15.12" || c.PendingModifiedValues != nil {
		t.Errorf("modified %+v", c)
	}
}

func TestUpgrades(t *testing.T) {
	b := withCluster(t, Config{EngineVersion: "15.4"})
	ctx := t.Context()
	modify := func(change func(*rds.ModifyDBClusterInput)) (*rds.ModifyDBClusterOutput, error) {
		in := &rds.ModifyDBClusterInput{DBClusterIdentifier: aws.String("my-cluster"), ApplyImmediately: aws.Bool(true)}
		change(in)
		return b.rds.ModifyDBCluster(ctx, in)
	}
	for version, want := range map[string]string{
		"15.2": "Cannot upgrade aurora-postgresql from 15.4 to 15.2",
		"16.4": "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.",
	} {
		_, err := modify(func(in *rds.ModifyDBClusterInput) { in.EngineVersion = &version })
		wantError(t, err, "InvalidParameterCombination", 400, want)
	}
	if _, err := b.rds.CreateDBClusterParameterGroup(ctx, &rds.CreateDBClusterParameterGroupInput{DBClusterParameterGroupName: aws.String("old"),
		DBParameterGroupFamily: aws.String("aurora-postgresql15"), Description: aws.String("x")}); err != nil {
		t.Fatal(err)
	}
	_, err := modify(func(in *rds.ModifyDBClusterInput) {
		in.EngineVersion, in.AllowMajorVersionUpgrade, in.DBClusterParameterGroupName = aws.String("16"), aws.Bool(true), aws.String("old")
	})
	wantError(t, err, "InvalidParameterCombination", 400, "The parameter group old with DBParameterGroupFamily aurora-postgresql15 can't be used for this instance. Use a parameter group with DBParameterGroupFamily aurora-postgresql16.")
	out, err := modify(func(in *rds.ModifyDBClusterInput) {
		in.EngineVersion, in.AllowMajorVersionUpgrade = aws.String("16"), aws.Bool(true)
	})
	if err != nil || !strings.HasPrefix(*out.DBCluster.EngineVersion, "16.") || *out.DBCluster.DBClusterParameterGroup != "default.aurora-postgresql16" {
		t.Errorf("%+v, %v", out, err)
	}
}

// TestStreamsLimits: the versions, classes and Regions of the Aurora user guide.
func TestStreamsLimits(t *testing.T) {
	ctx := t.Context()
	const why = "You can't start a database activity stream in this configuration: "
	for _, test := range []struct{ version, class, region, want string }{
		{"10.6", "db.r5.large", "us-east-1", why + "DB cluster my-cluster has the engine version 10.6, which doesn't support database activity streams."},
		{"11.3", "db.r5.large", "us-east-1", why + "DB cluster my-cluster has the engine version 11.3, which doesn't support database activity streams."},
		{"9.6.12", "db.r5.large", "us-east-1", why + "DB cluster my-cluster has the engine version 9.6.12, which doesn't support database activity streams."},
		{"10.7", "db.t3.medium", "us-east-1", why + "DB instance i is of class db.t3.medium, which doesn't support database activity streams."},
		{"10.7", "db.r5.large", "cn-north-1", why + "database activity streams aren't supported in the Region cn-north-1."},
		{"10.7", "db.r5.large", "us-gov-west-1", why + "database activity streams aren't supported in the Region us-gov-west-1."},
		{"10.7", "db.r5.large", "us-east-1", ""},
		{"11.4", "db.r5.large", "us-east-1", ""},
	} {
		b := start(t, Config{Region: test.region})
		if _, err := b.CreateCluster(ctx, ClusterOptions{ID: "my-cluster", Instances: []string{"i"}, InstanceClass: test.class, EngineVersion: test.version}); err != nil {
			t.Fatal(err)
		}
		in := startInput()
		in.ResourceArn = aws.String("arn:aws:rds:" + test.region + ":000000000000:cluster:my-cluster")
		_, err := b.rds.StartActivityStream(ctx, in)
		if test.want == "" {
			if err != nil {
				t.Errorf("%+v: %v", test, err)
			}
			b.awaitStream(t, streamStarted)
			// A class that cannot have the stream is not let in any more.
			_, err = b.rds.CreateDBInstance(ctx, &rds.CreateDBInstanceInput{DBInstanceIdentifier: aws.String("t"), DBClusterIdentifier: aws.String("my-cluster"),
				Engine: aws.String("aurora-postgresql"), DBInstanceClass: aws.String("db.t3.medium")})
			wantError(t, err, "InvalidParameterCombination", 400, "*")
			_, err = b.rds.ModifyDBInstance(ctx, &rds.ModifyDBInstanceInput{DBInstanceIdentifier: aws.String("i"), DBInstanceClass: aws.String("db.t4g.large")})
			wantError(t, err, "InvalidParameterCombination", 400, "*")
			continue
		}
		wantError(t, err, "InvalidParameterCombination", 400, test.want)
	}
}

package rdsapi

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/das-local/das-local/internal/clock"
)

func TestClusterLife(t *testing.T) {
	b := start(t, Config{EngineVersion: "10.7"})
	ctx := t.Context()
	in := &rds.CreateDBClusterInput{DBClusterIdentifier: aws.String("My-Cluster"), Engine: aws.String("aurora-postgresql"),
		MasterUsername: aws.String("postgres"), MasterUserPassword: aws.String("secret99"), DatabaseName: aws.String("app"),
		StorageEncrypted: aws.Bool(true), KmsKeyId: aws.String("alias/das"), EnableIAMDatabaseAuthentication: aws.Bool(true),
		EnableCloudwatchLogsExports: []string{"postgresql"}, VpcSecurityGroupIds: []string{"sg-1", "sg-2"},
		Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("audit")}}}
	out, err := b.rds.CreateDBCluster(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	if c := out.DBCluster; *c.Status != "creating" || *c.DBClusterIdentifier != "my-cluster" || *c.DBClusterArn != clusterARN || *c.KmsKeyId != keyARN ||
		*c.EngineVersion != "10.7" || *c.DBClusterParameterGroup != "default.aurora-postgresql10" || len(c.VpcSecurityGroups) != 2 || *c.Port != 5432 ||
		c.Endpoint != nil || len(c.TagList) != 1 || c.ClusterCreateTime == nil {
		t.Errorf("created %+v", c)
	}
	_, err = b.rds.CreateDBCluster(ctx, in)
	wantError(t, err, "DBClusterAlreadyExistsFault", 400, "DB Cluster already exists")
	for n, class := range []string{"db.r5.large", "db.r6g.xlarge"} {
		i, err := b.rds.CreateDBInstance(ctx, &rds.CreateDBInstanceInput{DBInstanceIdentifier: aws.String(fmt.Sprintf("i-%d", n)), DBClusterIdentifier: aws.String("my-cluster"),
			DBInstanceClass: &class, Engine: aws.String("aurora-postgresql")})
		if err != nil || *i.DBInstance.DBInstanceStatus != "creating" {
			t.Fatalf("create instance: %v", err)
		}
	}
	c := b.describe(t, clusterARN)
	if *c.Endpoint != "127.0.0.1" || *c.Port != 15432 || *c.ReaderEndpoint != "127.0.0.1" || len(c.DBClusterMembers) != 2 ||
		!*c.DBClusterMembers[0].IsClusterWriter || *c.DBClusterMembers[1].IsClusterWriter || !*c.MultiAZ {
		t.Errorf("described %+v", c)
	}
	i, err := b.rds.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{Filters: []types.Filter{{Name: aws.String("db-cluster-id"), Values: []string{"nope", clusterARN}}}})
	if err != nil || len(i.DBInstances) != 2 || *i.DBInstances[1].Endpoint.Port != 15432 || *i.DBInstances[1].DBInstanceClass != "db.r6g.xlarge" {
		t.Errorf("instances %+v, %v", i, err)
	}
	m, err := b.rds.ModifyDBCluster(ctx, &rds.ModifyDBClusterInput{DBClusterIdentifier: aws.String("my-cluster"), NewDBClusterIdentifier: aws.String("renamed"),
		ApplyImmediately: aws.Bool(true), BackupRetentionPeriod: aws.Int32(7), DeletionProtection: aws.Bool(true), CloudwatchLogsExportConfiguration: &types.CloudwatchLogsExportConfiguration{DisableLogTypes: []string{"postgresql"}}})
	if err != nil || *m.DBCluster.DBClusterIdentifier != "renamed" || *m.DBCluster.BackupRetentionPeriod != 7 || *m.DBCluster.DbClusterResourceId != *c.DbClusterResourceId ||
		len(m.DBCluster.EnabledCloudwatchLogsExports) != 0 || !*m.DBCluster.IAMDatabaseAuthenticationEnabled {
		t.Errorf("modified %+v, %v", m, err)
	}
	_, err = b.rds.DeleteDBCluster(ctx, &rds.DeleteDBClusterInput{DBClusterIdentifier: aws.String("renamed"), SkipFinalSnapshot: aws.Bool(true)})
	wantError(t, err, "InvalidParameterCombination", 400, "Cannot delete protected Cluster, please disable deletion protection and try again.")
	_, err = b.rds.DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{DBClusterIdentifier: aws.String("my-cluster")})
	wantError(t, err, "DBClusterNotFoundFault", 404, "DBCluster my-cluster not found.")
	const db = "arn:aws:rds:us-east-1:000000000000:db:i-0"
	_, err = b.rds.DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{DBClusterIdentifier: aws.String(db)})
	wantError(t, err, "InvalidParameterValue", 400, "The provided ARN ("+db+") is invalid for this parameter (DBClusterIdentifier). Expected type = cluster, actual type = db")
}

func TestCreateRefuses(t *testing.T) {
	b := withCluster(t, Config{})
	ctx := t.Context()
	for name, change := range map[string]func(*rds.CreateDBClusterInput){
		"identifier": func(in *rds.CreateDBClusterInput) { in.DBClusterIdentifier = aws.String("a--b") },
		"engine":     func(in *rds.CreateDBClusterInput) { in.Engine = aws.String("aurora-mysql") },
		"version":    func(in *rds.CreateDBClusterInput) { in.EngineVersion = aws.String("latest") },
		"user":       func(in *rds.CreateDBClusterInput) { in.MasterUsername = nil },
		"password":   func(in *rds.CreateDBClusterInput) { in.MasterUserPassword = nil },
		"port":       func(in *rds.CreateDBClusterInput) { in.Port = aws.Int32(80) },
	} {
		in := &rds.CreateDBClusterInput{DBClusterIdentifier: aws.String("new"), Engine: aws.String("aurora-postgresql"),
			MasterUsername: aws.String("postgres"), MasterUserPassword: aws.String("secret99")}
		change(in)
		_, err := b.rds.CreateDBCluster(ctx, in)
		t.Run(name, func(t *testing.T) { wantError(t, err, "InvalidParameterValue", 400, "*") })
	}
	in := &rds.CreateDBInstanceInput{DBInstanceIdentifier: aws.String("my-cluster-instance-1"), DBClusterIdentifier: aws.String("my-cluster"),
		DBInstanceClass: aws.String("db.r5.large"), Engine: aws.String("aurora-postgresql")}
	_, err := b.rds.CreateDBInstance(ctx, in)
	wantError(t, err, "DBInstanceAlreadyExists", 400, "DB instance already exists")
	in.DBInstanceIdentifier, in.DBClusterIdentifier = aws.String("x"), aws.String("nope")
	_, err = b.rds.CreateDBInstance(ctx, in)
	wantError(t, err, "DBClusterNotFoundFault", 404, "*")
	in.DBClusterIdentifier, in.DBInstanceClass = aws.String("my-cluster"), aws.String("large")
	_, err = b.rds.CreateDBInstance(ctx, in)
	wantError(t, err, "InvalidParameterValue", 400, "Invalid DB Instance class: large")
	_, err = b.rds.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: aws.String("nope")})
	wantError(t, err, "DBInstanceNotFound", 404, "DBInstance nope not found.")
	_, err = b.rds.DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{Filters: []types.Filter{{Name: aws.String("colour"), Values: []string{"red"}}}})
	wantError(t, err, "InvalidParameterValue", 400, "Unrecognized filter name: colour")
	_, err = b.rds.DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{MaxRecords: aws.Int32(5)})
	wantError(t, err, "InvalidParameterValue", 400, "*")
	_, err = b.rds.CopyDBSnapshot(ctx, &rds.CopyDBSnapshotInput{SourceDBSnapshotIdentifier: aws.String("a"), TargetDBSnapshotIdentifier: aws.String("b")})
	wantError(t, err, "InvalidAction", 400, "Could not find operation CopyDBSnapshot for version 2014-10-31")
}

func TestPaginators(t *testing.T) {
	b := start(t, Config{})
	ctx := t.Context()
	var want []string
	for n := range 45 {
		id := fmt.Sprintf("c-%02d", n)
		want = append(want, id)
		if _, err := b.CreateCluster(ctx, ClusterOptions{ID: id}); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for p := rds.NewDescribeDBClustersPaginator(b.rds, &rds.DescribeDBClustersInput{MaxRecords: aws.Int32(20)}); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range page.DBClusters {
			got = append(got, *c.DBClusterIdentifier)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("clusters %q", got)
	}
	events := 0
	for p := rds.NewDescribeEventsPaginator(b.rds, &rds.DescribeEventsInput{MaxRecords: aws.Int32(20)}); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		events += len(page.Events)
	}
	if events != 45 {
		t.Errorf("%d events", events)
	}
	options := 0
	for p := rds.NewDescribeOrderableDBInstanceOptionsPaginator(b.rds, &rds.DescribeOrderableDBInstanceOptionsInput{Engine: aws.String("aurora-postgresql"), EngineVersion: aws.String("15.4"), MaxRecords: aws.Int32(20)}); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		options += len(page.OrderableDBInstanceOptions)
	}
	if options != len(classes()) {
		t.Errorf("%d options, want %d", options, len(classes()))
	}
}

func TestEngines(t *testing.T) {
	b := start(t, Config{EngineVersion: "15.4"})
	ctx := t.Context()
	v, err := b.rds.DescribeDBEngineVersions(ctx, &rds.DescribeDBEngineVersionsInput{Engine: aws.String("aurora-postgresql"), EngineVersion: aws.String("15"), DefaultOnly: aws.Bool(true)})
	if err != nil || len(v.DBEngineVersions) != 1 || *v.DBEngineVersions[0].EngineVersion != "15.4" || *v.DBEngineVersions[0].DBParameterGroupFamily != "aurora-postgresql15" {
		t.Errorf("versions: %v", err)
	}
	v, err = b.rds.DescribeDBEngineVersions(ctx, &rds.DescribeDBEngineVersionsInput{Engine: aws.String("aurora-postgresql")})
	if err != nil || len(v.DBEngineVersions) < 20 || *v.DBEngineVersions[0].EngineVersion != "10.7" || len(v.DBEngineVersions[0].ValidUpgradeTarget) < 20 {
		t.Errorf("%d versions: %v", len(v.DBEngineVersions), err)
	}
	for class, want := range map[string]int{"db.r5.large": 2, "db.t3.medium": 0, "db.serverless": 0} {
		o, err := b.rds.DescribeOrderableDBInstanceOptions(ctx, &rds.DescribeOrderableDBInstanceOptionsInput{Engine: aws.String("aurora-postgresql"), EngineVersion: aws.String("15.4"), DBInstanceClass: &class})
		if err != nil || len(o.OrderableDBInstanceOptions) != 1 || len(o.OrderableDBInstanceOptions[0].SupportedActivityStreamModes) != want {
			t.Errorf("%s: %+v, %v", class, o, err)
		}
	}
	g, err := b.rds.DescribeGlobalClusters(ctx, &rds.DescribeGlobalClustersInput{})
	if err != nil || len(g.GlobalClusters) != 0 {
		t.Errorf("global clusters %+v, %v", g, err)
	}
}

func TestTags(t *testing.T) {
	b := withCluster(t, Config{})
	ctx := t.Context()
	arn := aws.String(clusterARN)
	if _, err := b.rds.AddTagsToResource(ctx, &rds.AddTagsToResourceInput{ResourceName: arn, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}, {Key: aws.String("b"), Value: aws.String("")}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.rds.RemoveTagsFromResource(ctx, &rds.RemoveTagsFromResourceInput{ResourceName: arn, TagKeys: []string{"a", "c"}}); err != nil {
		t.Fatal(err)
	}
	l, err := b.rds.ListTagsForResource(ctx, &rds.ListTagsForResourceInput{ResourceName: arn})
	if err != nil || len(l.TagList) != 1 || *l.TagList[0].Key != "b" {
		t.Errorf("tags %+v, %v", l, err)
	}
	_, err = b.rds.ListTagsForResource(ctx, &rds.ListTagsForResourceInput{ResourceName: aws.String(clusterARN + "x")})
	wantError(t, err, "DBClusterNotFoundFault", 404, "*")
	for _, long := range []types.Tag{
		{Key: aws.String(strings.Repeat("x", 129)), Value: aws.String("")},
		{Key: aws.String("x"), Value: aws.String(strings.Repeat("x", 257))},
	} {
		_, err = b.rds.AddTagsToResource(ctx, &rds.AddTagsToResourceInput{ResourceName: arn, Tags: []types.Tag{long}})
		wantError(t, err, "InvalidParameterValue", 400, "*")
	}
	_, err = b.addTagsToResource(ctx, &tagsInput{ResourceName: clusterARN}) // no SDK sends that
	if err == nil || err.Error() != "MissingParameter: The request must contain the parameter Tags" {
		t.Errorf("got %v", err)
	}
	_, err = b.removeTagsFromResource(ctx, &tagsInput{ResourceName: clusterARN})
	if err == nil || err.Error() != "MissingParameter: The request must contain the parameter TagKeys" {
		t.Errorf("got %v", err)
	}
}

func TestEventPeriods(t *testing.T) {
	clk := &clock.Clock{}
	begin := clk.Now().UTC() // whose days have 24 hours
	b := start(t, Config{Clock: clk})
	ctx := t.Context()
	for _, id := range []string{"c-1", "c-2"} {
		if _, err := b.CreateCluster(ctx, ClusterOptions{ID: id, Instances: []string{id + "-i"}}); err != nil {
			t.Fatal(err)
		}
		clk.Advance(24*time.Hour - time.Minute)
	}
	count := func(in *rds.DescribeEventsInput) int {
		t.Helper()
		out, err := b.rds.DescribeEvents(ctx, in)
		if err != nil {
			t.Fatal(err)
		}
		return len(out.Events)
	}
	day := func(n int) *time.Time { return aws.Time(begin.AddDate(0, 0, 2+n)) }
	for name, tt := range map[string]struct {
		in   rds.DescribeEventsInput
		want int
	}{
		"last hour":      {rds.DescribeEventsInput{}, 0},
		"duration":       {rds.DescribeEventsInput{Duration: aws.Int32(1440)}, 2},
		"two weeks":      {rds.DescribeEventsInput{Duration: aws.Int32(20160)}, 4},
		"start":          {rds.DescribeEventsInput{StartTime: day(-3)}, 4},
		"start and end":  {rds.DescribeEventsInput{StartTime: day(-3), EndTime: aws.Time(day(-1).Add(-time.Hour))}, 2},
		"start and span": {rds.DescribeEventsInput{StartTime: day(-2), Duration: aws.Int32(10)}, 2},
		"source":         {rds.DescribeEventsInput{StartTime: day(-3), SourceType: types.SourceTypeDbInstance}, 2},
		"identifier":     {rds.DescribeEventsInput{StartTime: day(-3), SourceType: types.SourceTypeDbCluster, SourceIdentifier: aws.String("c-1")}, 1},
		"category":       {rds.DescribeEventsInput{StartTime: day(-3), EventCategories: []string{"deletion", "failover"}}, 0},
	} {
		if got := count(&tt.in); got != tt.want {
			t.Errorf("%s: %d events, want %d", name, got, tt.want)
		}
	}
	_, err := b.rds.DescribeEvents(ctx, &rds.DescribeEventsInput{SourceIdentifier: aws.String("c-1")})
	wantError(t, err, "InvalidParameterCombination", 400, "*")
	clk.Advance(15 * 24 * time.Hour)
	b.RecordLossEnd("c-1", Loss{})
	if got := count(&rds.DescribeEventsInput{Duration: aws.Int32(20160)}); got != 1 {
		t.Errorf("%d events after two weeks, want 1", got)
	}
}

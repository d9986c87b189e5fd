package rdsapi

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/das-local/das-local/internal/await"
)

func startInput() *rds.StartActivityStreamInput {
	return &rds.StartActivityStreamInput{ResourceArn: aws.String(clusterARN), Mode: types.ActivityStreamModeSync,
		KmsKeyId: aws.String(keyARN), ApplyImmediately: aws.Bool(true), EngineNativeAuditFieldsIncluded: aws.Bool(false)}
}

func (b *bench) describe(t *testing.T, id string) types.DBCluster {
	t.Helper()
	out, err := b.rds.DescribeDBClusters(t.Context(), &rds.DescribeDBClustersInput{DBClusterIdentifier: &id})
	if err != nil || len(out.DBClusters) != 1 {
		t.Fatalf("describe %s: %v", id, err)
	}
	return out.DBClusters[0]
}

func TestStreamLife(t *testing.T) {
	hold := make(chan struct{})
	b := withCluster(t, Config{Streams: &controllers{hold: hold}})
	ctx := t.Context()
	if c := b.describe(t, clusterARN); c.ActivityStreamStatus != types.ActivityStreamStatusStopped || c.ActivityStreamKmsKeyId != nil ||
		c.ActivityStreamKinesisStreamName != nil || c.ActivityStreamMode != "" {
		t.Errorf("before: %+v", c)
	}
	out, err := b.rds.StartActivityStream(ctx, startInput())
	if err != nil {
		t.Fatal(err)
	}
	cluster := b.describe(t, "my-cluster")
	name := "aws-rds-das-" + *cluster.DbClusterResourceId
	if !regexp.MustCompile(`^aws-rds-das-cluster-[A-Z2-7]{26}$`).MatchString(name) {
		t.Errorf("stream name %s", name)
	}
	if *out.KmsKeyId != keyARN || *out.KinesisStreamName != name || out.Status != types.ActivityStreamStatusStarting ||
		out.Mode != types.ActivityStreamModeSync || !*out.ApplyImmediately || *out.EngineNativeAuditFieldsIncluded {
		t.Errorf("start answers %+v", out)
	}
	if *cluster.Status != "configuring-activity-stream" || cluster.ActivityStreamStatus != types.ActivityStreamStatusStarting {
		t.Errorf("starting: %s, %s", *cluster.Status, cluster.ActivityStreamStatus)
	}
	_, err = b.rds.StartActivityStream(ctx, startInput())
	wantError(t, err, "InvalidParameterCombination", 400, "Activity Streams feature expected to be stopped, but is starting")
	_, err = b.rds.DeleteDBCluster(ctx, &rds.DeleteDBClusterInput{DBClusterIdentifier: aws.String("my-cluster"), SkipFinalSnapshot: aws.Bool(true)})
	wantError(t, err, "InvalidDBClusterStateFault", 400, "*")
	close(hold)
	b.awaitStream(t, streamStarted)
	cluster = b.describe(t, clusterARN)
	if *cluster.Status != "available" || *cluster.ActivityStreamKmsKeyId != keyID || *cluster.ActivityStreamKinesisStreamName != name ||
		cluster.ActivityStreamMode != types.ActivityStreamModeSync {
		t.Errorf("started: %+v", cluster)
	}
	_, err = b.rds.StartActivityStream(ctx, startInput())
	wantError(t, err, "InvalidParameterCombination", 400, "Activity Streams feature expected to be stopped, but is started")

	stop := &rds.StopActivityStreamInput{ResourceArn: aws.String(clusterARN), ApplyImmediately: aws.Bool(true)}
	stopped, err := b.rds.StopActivityStream(ctx, stop)
	if err != nil || stopped.Status != types.ActivityStreamStatusStopping || *stopped.KinesisStreamName != name || *stopped.KmsKeyId != keyARN {
		t.Fatalf("stop answers %+v, %v", stopped, err)
	}
	b.awaitStream(t, streamStopped)
	_, err = b.rds.StopActivityStream(ctx, stop)
	wantError(t, err, "InvalidParameterCombination", 400, "Activity Streams feature expected to be started, but is stopped")
	const down, up = "refuse my-cluster-instance-1: the database system is starting up; await my-cluster-instance-1; ", "; admit my-cluster-instance-1"
	want := "start instance my-cluster-instance-1; " + down + "start stream " + name + " sync " + keyARN + up + "; " + down + "stop stream " + name + up + "; delete stream " + name
	if got := b.controllers.noted(); got != want {
		t.Errorf("calls %s", got)
	}
	b.wantMessages(t, "Database Activity Streams is started on your database cluster.", "Database Activity Streams is stopped on your database cluster.")
}

// wantMessages checks the cluster's events after its creation.
func (b *bench) wantMessages(t *testing.T, want ...string) {
	t.Helper()
	out, err := b.rds.DescribeEvents(t.Context(), &rds.DescribeEventsInput{SourceType: types.SourceTypeDbCluster, SourceIdentifier: aws.String("my-cluster")})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range out.Events[1:] {
		got = append(got, *e.Message)
	}
	if !slices.Equal(got, want) {
		t.Errorf("events %q\nwant %q", got, want)
	}
}

// TestNothingMovesInATransition: while a stream is starting or stopping, everything
// else that would touch the cluster is refused.
func TestNothingMovesInATransition(t *testing.T) {
	hold := make(chan struct{})
	b := start(t, Config{Streams: &controllers{hold: hold}})
	ctx := t.Context()
	if _, err := b.CreateCluster(ctx, ClusterOptions{ID: "my-cluster", Instances: []string{"i"}}); err != nil {
		t.Fatal(err)
	}
	refused := func(status string) {
		t.Helper()
		stop := &rds.StopActivityStreamInput{ResourceArn: aws.String(clusterARN), ApplyImmediately: aws.Bool(true)}
		_, err := b.rds.StopActivityStream(ctx, stop)
		wantError(t, err, "InvalidParameterCombination", 400, "Activity Streams feature expected to be started, but is "+status)
		_, err = b.rds.StartActivityStream(ctx, startInput())
		wantError(t, err, "InvalidParameterCombination", 400, "Activity Streams feature expected to be stopped, but is "+status)
		_, err = b.rds.CreateDBInstance(ctx, &rds.CreateDBInstanceInput{DBInstanceIdentifier: aws.String("j"), DBClusterIdentifier: aws.String("my-cluster"),
			DBInstanceClass: aws.String("db.r5.large"), Engine: aws.String("aurora-postgresql")})
		wantError(t, err, "InvalidDBClusterStateFault", 400, "*")
		_, err = b.rds.RebootDBInstance(ctx, &rds.RebootDBInstanceInput{DBInstanceIdentifier: aws.String("i")})
		wantError(t, err, "InvalidDBInstanceState", 400, "*")
		_, err = b.rds.DeleteDBInstance(ctx, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: aws.String("i"), SkipFinalSnapshot: aws.Bool(true)})
		wantError(t, err, "InvalidDBInstanceState", 400, "*")
		_, err = b.rds.StopDBCluster(ctx, &rds.StopDBClusterInput{DBClusterIdentifier: aws.String("my-cluster")})
		wantError(t, err, "InvalidDBClusterStateFault", 400, "*")
	}
	if _, err := b.rds.StartActivityStream(ctx, startInput()); err != nil {
		t.Fatal(err)
	}
	refused("starting")
	hold <- struct{}{}
	b.awaitStream(t, streamStarted)
	if _, err := b.rds.StopActivityStream(ctx, &rds.StopActivityStreamInput{ResourceArn: aws.String(clusterARN), ApplyImmediately: aws.Bool(true)}); err != nil {
		t.Fatal(err)
	}
	refused("stopping")
	hold <- struct{}{}
	b.awaitStream(t, streamStopped)
}

func TestStartRefuses(t *testing.T) {
	b := withCluster(t, Config{})
	ctx := t.Context()
	if _, err := b.CreateCluster(ctx, ClusterOptions{ID: "empty"}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.CreateCluster(ctx, ClusterOptions{ID: "small", Instances: []string{"small-1"}, InstanceClass: "db.t3.medium"}); err != nil {
		t.Fatal(err)
	}
	const arn = "arn:aws:rds:us-east-1:000000000000:"
	tests := []struct {
		name    string
		change  func(*rds.StartActivityStreamInput)
		code    string
		status  int
		message string
	}{
		{"default key", func(in *rds.StartActivityStreamInput) { in.KmsKeyId = aws.String("alias/aws/rds") }, "KMSKeyNotAccessibleFault", 400, "*"},
		{"unknown key", func(in *rds.StartActivityStreamInput) { in.KmsKeyId = aws.String("nope") }, "KMSKeyNotAccessibleFault", 400,
			"The specified KMS key [nope] does not exist, is not enabled or you do not have permissions to access it."},
		{"disabled key", func(in *rds.StartActivityStreamInput) { in.KmsKeyId = aws.String("alias/disabled") }, "KMSKeyNotAccessibleFault", 400, "*"},
		{"asymmetric key", func(in *rds.StartActivityStreamInput) { in.KmsKeyId = aws.String("alias/rsa") }, "KMSKeyNotAccessibleFault", 400, "*"},
		{"mode", func(in *rds.StartActivityStreamInput) { in.Mode = "fast" }, "InvalidParameterValue", 400, "*"},
		{"no ARN", func(in *rds.StartActivityStreamInput) { in.ResourceArn = aws.String("my-cluster") }, "InvalidParameterValue", 400, "Invalid ARN: my-cluster"},
		{"no cluster", func(in *rds.StartActivityStreamInput) { in.ResourceArn = aws.String(arn + "cluster:nope") }, "DBClusterNotFoundFault", 404, "*"},
		{"other Region", func(in *rds.StartActivityStreamInput) {
			in.ResourceArn = aws.String("arn:aws:rds:eu-west-1:000000000000:cluster:my-cluster")
		}, "DBClusterNotFoundFault", 404, "*"},
		{"no instance", func(in *rds.StartActivityStreamInput) { in.ResourceArn = aws.String(arn + "db:nope") }, "DBInstanceNotFound", 404, "*"},
		{"an instance", func(in *rds.StartActivityStreamInput) { in.ResourceArn = aws.String(arn + "db:my-cluster-instance-1") }, "InvalidParameterValue", 400,
			"The provided ARN (" + arn + "db:my-cluster-instance-1) is invalid for this parameter (ResourceArn). Expected type = cluster, actual type = db"},
		{"cluster without instances", func(in *rds.StartActivityStreamInput) { in.ResourceArn = aws.String(arn + "cluster:empty") }, "InvalidDBClusterStateFault", 400, "*"},
		{"class", func(in *rds.StartActivityStreamInput) { in.ResourceArn = aws.String(arn + "cluster:small") }, "InvalidParameterCombination", 400,
			"You can't start a database activity stream in this configuration: DB instance small-1 is of class db.t3.medium, which doesn't support database activity streams."},
		{"native fields", func(in *rds.StartActivityStreamInput) { in.EngineNativeAuditFieldsIncluded = aws.Bool(true) }, "InvalidParameterCombination", 400, "*"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := startInput()
			tt.change(in)
			_, err := b.rds.StartActivityStream(ctx, in)
			wantError(t, err, tt.code, tt.status, tt.message)
		})
	}
	_, err := b.rds.ModifyActivityStream(ctx, &rds.ModifyActivityStreamInput{ResourceArn: aws.String(clusterARN)})
	wantError(t, err, "InvalidParameterCombination", 400, "*")
	for _, region := range []string{"cn-north-1", "cn-northwest-1", "us-gov-east-1", "us-gov-west-1"} {
		b := withCluster(t, Config{Region: region})
		in := startInput()
		_, err := b.rds.StartActivityStream(ctx, in)
		wantError(t, err, "InvalidParameterCombination", 400, "You can't start a database activity stream in this configuration: database activity streams aren't supported in the Region "+region+".")
	}
}

func TestKeyFormsOfStart(t *testing.T) {
	b := withCluster(t, Config{})
	for _, id := range []string{keyID, keyARN, "alias/das", "arn:aws:kms:us-east-1:000000000000:alias/das"} {
		in := startInput()
		in.KmsKeyId = &id
		out, err := b.rds.StartActivityStream(t.Context(), in)
		if err != nil || *out.KmsKeyId != keyARN {
			t.Fatalf("%s: %+v, %v", id, out, err)
		}
		b.awaitStream(t, streamStarted)
		if got := *b.describe(t, "my-cluster").ActivityStreamKmsKeyId; got != keyID {
			t.Errorf("%s: described as %s", id, got)
		}
		if err := b.StopStream(t.Context(), "my-cluster"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestStartFails(t *testing.T) {
	b := withCluster(t, Config{Streams: &controllers{startErr: errors.New("disk is full")}})
	if _, err := b.rds.StartActivityStream(t.Context(), startInput()); err != nil {
		t.Fatal(err)
	}
	b.awaitStream(t, streamStopped)
	b.wantMessages(t, "Database Activity Streams couldn't be started on your database cluster: disk is full")
	if err := b.StartStream(t.Context(), "my-cluster", "async", keyID); err == nil || !strings.Contains(err.Error(), "disk is full") {
		t.Errorf("in process: %v", err)
	}
	if c, _ := b.Cluster("my-cluster"); c.Status != statusAvailable || c.StreamName != "aws-rds-das-"+c.ResourceID || c.KMSKeyARN != "" {
		t.Errorf("after: %+v", c)
	}
}

func TestStopFails(t *testing.T) {
	b := withCluster(t, Config{Streams: &controllers{stopErr: nil}})
	if err := b.StartStream(t.Context(), "my-cluster", "async", keyID); err != nil {
		t.Fatal(err)
	}
	b.controllers.mu.Lock()
	b.controllers.stopErr = errors.New("busy")
	b.controllers.mu.Unlock()
	if err := b.StopStream(t.Context(), "my-cluster"); err == nil {
		t.Error("stop reported no failure")
	}
	b.awaitStream(t, streamStarted)
}

func TestPendingUntilReboot(t *testing.T) {
	b := withCluster(t, Config{Clock: mondayNoon()})
	ctx := t.Context()
	in := startInput()
	in.ApplyImmediately = nil
	out, err := b.rds.StartActivityStream(ctx, in)
	if err != nil || out.Status != types.ActivityStreamStatusStopped || *out.ApplyImmediately {
		t.Fatalf("start answers %+v, %v", out, err)
	}
	if m := b.describe(t, "my-cluster").DBClusterMembers; *m[0].DBClusterParameterGroupStatus != "pending-reboot" || !*m[0].IsClusterWriter {
		t.Errorf("member %+v", m[0])
	}
	pending := func() []types.ResourcePendingMaintenanceActions {
		p, err := b.rds.DescribePendingMaintenanceActions(ctx, &rds.DescribePendingMaintenanceActionsInput{ResourceIdentifier: aws.String(clusterARN)})
		if err != nil {
			t.Fatal(err)
		}
		return p.PendingMaintenanceActions
	}
	if p := pending(); len(p) != 1 || *p[0].ResourceIdentifier != clusterARN {
		t.Errorf("pending %+v", p)
	}
	reboot := &rds.RebootDBInstanceInput{DBInstanceIdentifier: aws.String("my-cluster-instance-1")}
	if r, err := b.rds.RebootDBInstance(ctx, reboot); err != nil || *r.DBInstance.DBInstanceStatus != "rebooting" {
		t.Fatalf("reboot: %v", err)
	}
	b.awaitStream(t, streamStarted)
	if p := pending(); len(p) != 0 {
		t.Errorf("pending after the reboot: %+v", p)
	}
	if s, err := b.rds.StopActivityStream(ctx, &rds.StopActivityStreamInput{ResourceArn: aws.String(clusterARN)}); err != nil || s.Status != types.ActivityStreamStatusStarted {
		t.Fatalf("stop answers %+v, %v", s, err)
	}
	if _, err := b.rds.RebootDBInstance(ctx, reboot); err != nil {
		t.Fatal(err)
	}
	b.awaitStream(t, streamStopped)
	// A start that waits can be taken back.
	if _, err := b.rds.StartActivityStream(ctx, in); err != nil {
		t.Fatal(err)
	}
	if _, err := b.rds.StopActivityStream(ctx, &rds.StopActivityStreamInput{ResourceArn: aws.String(clusterARN)}); err != nil || len(pending()) != 0 {
		t.Errorf("take back: %v", err)
	}
}

func TestDeleteStopsTheStream(t *testing.T) {
	b := withCluster(t, Config{})
	ctx := t.Context()
	if err := b.StartStream(ctx, "my-cluster", "async", keyID); err != nil {
		t.Fatal(err)
	}
	del := &rds.DeleteDBClusterInput{DBClusterIdentifier: aws.String("my-cluster")}
	_, err := b.rds.DeleteDBCluster(ctx, del)
	wantError(t, err, "InvalidParameterCombination", 400, "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.")
	del.SkipFinalSnapshot = aws.Bool(true)
	_, err = b.rds.DeleteDBCluster(ctx, del)
	wantError(t, err, "InvalidDBClusterStateFault", 400, "Cluster cannot be deleted, it still contains DB instances in non-deleting state.")
	if _, err := b.rds.DeleteDBInstance(ctx, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: aws.String("my-cluster-instance-1"), SkipFinalSnapshot: aws.Bool(true)}); err != nil {
		t.Fatal(err)
	}
	name := "aws-rds-das-" + *b.describe(t, "my-cluster").DbClusterResourceId
	out, err := b.rds.DeleteDBCluster(ctx, del)
	if err != nil || *out.DBCluster.Status != "deleting" {
		t.Fatalf("delete: %v", err)
	}
	if err := rds.NewDBClusterDeletedWaiter(b.rds, func(o *rds.DBClusterDeletedWaiterOptions) { o.MinDelay, o.MaxDelay = 1e6, 1e7 }).
		Wait(ctx, &rds.DescribeDBClustersInput{DBClusterIdentifier: aws.String("my-cluster")}, await.Patience); err != nil {
		t.Fatal(err)
	}
	if got := b.controllers.noted(); !strings.HasSuffix(got, "stop instance my-cluster-instance-1; stop stream "+name+"; delete stream "+name) {
		t.Errorf("calls %s", got)
	}
}

func TestLossEvents(t *testing.T) {
	b := withCluster(t, Config{})
	b.RecordLossBegin("my-cluster", errors.Join(errors.New("the key is disabled"), errors.New("timeout")))
	b.RecordLossEnd("my-cluster", Loss{12, time.Unix(1700000000, 0), time.Unix(1700000001, 5000)})
	b.RecordLossEnd("gone", Loss{})
	b.wantMessages(t, "Database Activity Streams: activity events might be lost from now on: the key is disabled; timeout",
		"Database Activity Streams: activity events are durable again. Events lost: 12, logTime 2023-11-14 22:13:20.000000+00 to 2023-11-14 22:13:21.000005+00")
}

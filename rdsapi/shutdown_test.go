package rdsapi

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/das-local/das-local/internal/await"
	"github.com/das-local/das-local/internal/clock"
)

func (b *bench) awaitCluster(t *testing.T, status string) {
	t.Helper()
	await.Equal(t, "the cluster's status "+status, status, func() string { return *b.describe(t, "my-cluster").Status })
}

func (b *bench) instanceStatus(t *testing.T) string {
	t.Helper()
	out, err := b.rds.DescribeDBInstances(t.Context(), &rds.DescribeDBInstancesInput{})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, i := range out.DBInstances {
		all = append(all, *i.DBInstanceStatus)
	}
	return strings.Join(all, " ")
}

func TestStopAndStartDBCluster(t *testing.T) {
	b := withCluster(t, Config{})
	ctx := t.Context()
	id := aws.String("my-cluster")
	_, err := b.rds.StartDBCluster(ctx, &rds.StartDBClusterInput{DBClusterIdentifier: id})
	wantError(t, err, "InvalidDBClusterStateFault", 400, "*")
	_, err = b.rds.StopDBInstance(ctx, &rds.StopDBInstanceInput{DBInstanceIdentifier: aws.String("my-cluster-instance-1")})
	wantError(t, err, "InvalidParameterCombination", 400, "aurora-postgresql DB instances are not eligible for stopping and starting.")
	_, err = b.rds.StartDBInstance(ctx, &rds.StartDBInstanceInput{DBInstanceIdentifier: aws.String("my-cluster-instance-1")})
	wantError(t, err, "InvalidDBInstanceState", 400, "*")
	out, err := b.rds.StopDBCluster(ctx, &rds.StopDBClusterInput{DBClusterIdentifier: aws.String(clusterARN)})
	if err != nil || *out.DBCluster.Status != "stopping" {
		t.Fatalf("stop: %v", err)
	}
	b.awaitCluster(t, "stopped")
	if got := b.instanceStatus(t); got != "stopped" {
		t.Error(got)
	}
	_, err = b.rds.StartActivityStream(ctx, startInput())
	wantError(t, err, "InvalidDBClusterStateFault", 400, "*")
	_, err = b.rds.RebootDBInstance(ctx, &rds.RebootDBInstanceInput{DBInstanceIdentifier: aws.String("my-cluster-instance-1")})
	wantError(t, err, "InvalidDBInstanceState", 400, "*")
	_, err = b.rds.CreateDBInstance(ctx, &rds.CreateDBInstanceInput{DBInstanceIdentifier: aws.String("i"), DBClusterIdentifier: id,
		DBInstanceClass: aws.String("db.r5.large"), Engine: aws.String("aurora-postgresql")})
	wantError(t, err, "InvalidDBClusterStateFault", 400, "*")
	if out, err := b.rds.StartDBCluster(ctx, &rds.StartDBClusterInput{DBClusterIdentifier: id}); err != nil || *out.DBCluster.Status != "starting" {
		t.Fatalf("start: %v", err)
	}
	b.awaitCluster(t, "available")
	if got := b.instanceStatus(t); got != "available" {
		t.Error(got)
	}
	want := "start instance my-cluster-instance-1; refuse my-cluster-instance-1: the database system is shutting down; await my-cluster-instance-1; admit my-cluster-instance-1"
	if got := b.controllers.noted(); got != want {
		t.Errorf("calls %s", got)
	}
	b.wantMessages(t, "DB cluster stopped", "DB cluster started")
	// A stopped cluster can be deleted.
	if _, err := b.rds.StopDBCluster(ctx, &rds.StopDBClusterInput{DBClusterIdentifier: id}); err != nil {
		t.Fatal(err)
	}
	b.awaitCluster(t, "stopped")
	if _, err := b.rds.DeleteDBInstance(ctx, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: aws.String("my-cluster-instance-1"), SkipFinalSnapshot: aws.Bool(true)}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.rds.DeleteDBCluster(ctx, &rds.DeleteDBClusterInput{DBClusterIdentifier: id, SkipFinalSnapshot: aws.Bool(true)}); err != nil {
		t.Fatal(err)
	}
}

// TestLossShutsDown: the sessions are told before RecordLossBegin returns, whatever
// the instances are doing, and nothing lets clients in again by itself.
func TestLossShutsDown(t *testing.T) {
	leave := make(chan struct{})
	b := start(t, Config{Streams: &controllers{leave: leave}})
	ctx := t.Context()
	_, err := b.CreateCluster(ctx, ClusterOptions{ID: "my-cluster", Instances: []string{"i", "j"}, Tags: map[string]string{TagOnStreamFailure: StopInstance}})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.StartStream(ctx, "my-cluster", "sync", keyID); err != nil {
		t.Fatal(err)
	}
	rebooted := make(chan error, 1)
	go func() {
		_, err := b.rds.RebootDBInstance(ctx, &rds.RebootDBInstanceInput{DBInstanceIdentifier: aws.String("j")})
		rebooted <- err
	}()
	await.Equal(t, "the reboot", "available rebooting", func() string { return b.instanceStatus(t) })
	c, _ := b.Cluster("my-cluster")
	b.RecordLossBegin(c.ResourceID, errors.New("no key"))
	for _, id := range []string{"i", "j"} {
		if !strings.Contains(b.controllers.noted(), "refuse "+id+": the database system is shutting down") {
			t.Errorf("the sessions of %s were not told", id)
		}
	}
	close(leave)
	b.awaitCluster(t, "stopped")
	if err := <-rebooted; err != nil {
		t.Error("reboot:", err)
	}
	if got := b.instanceStatus(t); got != "stopped stopped" || strings.Contains(b.controllers.noted(), "admit") {
		t.Errorf("instances are %s after %s", got, b.controllers.noted())
	}
	b.RecordLossEnd(c.ResourceID, Loss{})
	if _, err := b.rds.StartDBInstance(ctx, &rds.StartDBInstanceInput{DBInstanceIdentifier: aws.String("j")}); err != nil {
		t.Fatal(err)
	}
	b.awaitCluster(t, "available")
	if got := b.instanceStatus(t); got != "stopped available" {
		t.Errorf("instances are %s", got)
	}
	// It may fail again at once.
	b.RecordLossBegin("my-cluster", errors.New("no key again"))
	b.awaitCluster(t, "stopped")
}

// switchedKeys has one key that can be disabled.
type switchedKeys struct {
	keys
	disabled atomic.Bool
}

func (k *switchedKeys) ResolveKey(ctx context.Context, id string) (KMSKey, error) {
	key, err := k.keys.ResolveKey(ctx, id)
	key.Enabled = key.Enabled && !k.disabled.Load()
	return key, err
}

// TestKeyPatience: the key counts when the time is up, not what began the loss.
func TestKeyPatience(t *testing.T) {
	clk, kms := &clock.Clock{}, &switchedKeys{}
	b := withCluster(t, Config{Clock: clk, Keys: kms, KeyPatience: time.Hour})
	if err := b.StartStream(t.Context(), "my-cluster", "async", keyID); err != nil {
		t.Fatal(err)
	}
	asked := func() time.Time {
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.clusters["my-cluster"].stream.keyCheck
	}
	b.RecordLossBegin("my-cluster", errors.New("Kinesis is away"))
	first := asked()
	clk.Advance(time.Hour)
	await.Seen(t, "the next look at the key", func() (any, bool) {
		next := asked()
		return next, !next.Equal(first) && !next.IsZero()
	})
	kms.disabled.Store(true)
	b.RecordLossEnd("my-cluster", Loss{}) // it came back in time
	clk.Advance(2 * time.Hour)
	b.RecordLossBegin("my-cluster", errors.New("the key is disabled"))
	if c := b.describe(t, "my-cluster"); c.ActivityStreamStatus != types.ActivityStreamStatusStarted {
		t.Fatal("it was stopped although it had come back")
	}
	clk.Advance(time.Hour)
	b.awaitStream(t, streamStopped)
	b.awaitCluster(t, "available")
	out, err := b.rds.DescribeEvents(t.Context(), &rds.DescribeEventsInput{SourceType: types.SourceTypeDbCluster, EventCategories: []string{"failure"}})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(out.Events, func(e types.Event) bool { return strings.Contains(*e.Message, keyARN+" couldn't be used for 1h0m0s") }) {
		t.Errorf("events %+v", out.Events)
	}
	if calls := b.controllers.noted(); strings.Contains(calls, "refuse") {
		t.Errorf("sessions were ended: %s", calls)
	}
}

package rdsapi

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/das-local/das-local/internal/await"
)

// awaitID waits until a cluster has the status.
func (b *bench) awaitID(t *testing.T, id, status string) (c Cluster) {
	t.Helper()
	await.Equal(t, "the status of "+id+" "+status, status, func() string {
		c, _ = b.Cluster(id)
		return c.Status
	})
	return c
}

// messages are those of a cluster's events in a category.
func (b *bench) messages(t *testing.T, id, category string) []string {
	t.Helper()
	out, err := b.rds.DescribeEvents(t.Context(), &rds.DescribeEventsInput{SourceType: types.SourceTypeDbCluster, SourceIdentifier: &id, EventCategories: []string{category}})
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range out.Events {
		list = append(list, *e.Message)
	}
	return list
}

func writer(t *testing.T, c types.DBCluster) string {
	t.Helper()
	var list []string
	for _, m := range c.DBClusterMembers {
		if *m.IsClusterWriter {
			list = append(list, *m.DBInstanceIdentifier)
		}
	}
	if len(list) != 1 || *c.DBClusterMembers[0].DBInstanceIdentifier != list[0] {
		t.Fatalf("writers %q of %+v", list, c.DBClusterMembers)
	}
	return list[0]
}

func TestFailover(t *testing.T) {
	b := start(t, Config{})
	ctx := t.Context()
	if _, err := b.CreateCluster(ctx, ClusterOptions{ID: "c", Instances: []string{"a", "b", "z"}}); err != nil {
		t.Fatal(err)
	}
	tier := func(id string, n int32) {
		t.Helper()
		if _, err := b.rds.ModifyDBInstance(ctx, &rds.ModifyDBInstanceInput{DBInstanceIdentifier: &id, PromotionTier: &n}); err != nil {
			t.Fatal(err)
		}
	}
	failover := func(target *string) (*rds.FailoverDBClusterOutput, error) {
		return b.rds.FailoverDBCluster(ctx, &rds.FailoverDBClusterInput{DBClusterIdentifier: aws.String("C"), TargetDBInstanceIdentifier: target})
	}
	tier("z", 0)
	out, err := failover(nil)
	if err != nil || *out.DBCluster.Status != "failing-over" {
		t.Fatalf("%+v, %v", out, err)
	}
	b.awaitID(t, "c", statusAvailable)
	if w := writer(t, b.describe(t, "c")); w != "z" {
		t.Errorf("without a target %s was promoted, not the one of tier 0", w)
	}
	if calls := b.controllers.noted(); !strings.HasSuffix(calls, "refuse a: the database system is starting up; refuse z: the database system is starting up; await a; await z; admit a; admit z") {
		t.Errorf("calls %s", calls)
	}
	if _, err = failover(aws.String("B")); err != nil {
		t.Fatal(err)
	}
	b.awaitID(t, "c", statusAvailable)
	if w := writer(t, b.describe(t, "c")); w != "b" {
		t.Errorf("the writer is %s, want b", w)
	}
	// a is in zone a, b in b, z in c.
	if got := b.messages(t, "c", "failover"); !slices.Equal(got, []string{"Started cross AZ failover to DB instance: z", "Completed failover to DB instance: z",
		"Started cross AZ failover to DB instance: b", "Completed failover to DB instance: b"}) {
		t.Errorf("events %q", got)
	}
	_, err = failover(aws.String("b"))
	wantError(t, err, "InvalidDBInstanceState", 400, "DB instance b is the writer of DB cluster c already.")
	_, err = failover(aws.String("nope"))
	wantError(t, err, "DBInstanceNotFound", 404, "*")

	// The writer goes: that of the lowest tier takes over.
	if _, err := b.rds.DeleteDBInstance(ctx, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: aws.String("b")}); err != nil {
		t.Fatal(err)
	}
	if w := writer(t, b.describe(t, "c")); w != "z" {
		t.Errorf("the writer is %s, want z", w)
	}
	if _, err := b.rds.DeleteDBInstance(ctx, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: aws.String("a")}); err != nil {
		t.Fatal(err)
	}
	_, err = failover(nil)
	wantError(t, err, "InvalidDBClusterStateFault", 400, "*")
}

// TestFailoverWhileShuttingDown has the stream fail in the middle of a failover: the
// instances stay down.
func TestFailoverWhileShuttingDown(t *testing.T) {
	b := start(t, Config{})
	ctx := t.Context()
	if _, err := b.CreateCluster(ctx, ClusterOptions{ID: "c", Instances: []string{"a", "b"}, Tags: map[string]string{TagOnStreamFailure: StopInstance}}); err != nil {
		t.Fatal(err)
	}
	if err := b.StartStream(ctx, "c", "async", keyID); err != nil {
		t.Fatal(err)
	}
	b.mu.Lock() // so that Run begins after both
	c := b.clusters["c"]
	both := b.members(c)
	both[0].status, both[1].status, c.status = statusRebooting, statusRebooting, statusFailingOver
	b.mu.Unlock()
	b.RecordLossBegin("c", errLost)
	b.runFailover(ctx, c, both)
	if c := b.awaitID(t, "c", statusStopped); c.Instances[0].ID != "b" || c.Instances[0].Status != statusStopped || c.Instances[1].Status != statusStopped {
		t.Errorf("cluster %+v", c)
	}
}

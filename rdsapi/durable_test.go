package rdsapi

import (
	"log/slog"
	"reflect"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"github.com/das-local/das-local/internal/await"
	"github.com/das-local/das-local/internal/store"
)

func openStore(t *testing.T, dir string, fault store.Fault) *store.Store {
	t.Helper()
	s, err := store.Open(store.Config{Dir: dir, Fault: fault, Patience: 10 * time.Millisecond, Backoff: time.Millisecond,
		Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// shown is all that clients see of the state, as of now.
func shown(t *testing.T, s *Server) []any {
	t.Helper()
	clusters, err := s.describeDBClusters(t.Context(), &describeDBClustersInput{})
	if err != nil {
		t.Fatal(err)
	}
	instances, err := s.describeDBInstances(t.Context(), &describeDBInstancesInput{})
	if err != nil {
		t.Fatal(err)
	}
	day := 24 * 60
	events, err := s.describeEvents(t.Context(), &describeEventsInput{Duration: &day})
	if err != nil {
		t.Fatal(err)
	}
	pending, err := s.describePendingMaintenanceActions(t.Context(), &maintenanceInput{})
	if err != nil {
		t.Fatal(err)
	}
	subscriptions, err := s.describeEventSubscriptions(t.Context(), &describeSubscriptionsInput{})
	if err != nil {
		t.Fatal(err)
	}
	snapshots, err := s.describeDBClusterSnapshots(t.Context(), &describeSnapshotsInput{})
	if err != nil {
		t.Fatal(err)
	}
	subnets, err := s.describeDBSubnetGroups(t.Context(), &describeSubnetGroupsInput{})
	if err != nil {
		t.Fatal(err)
	}
	groups, _, err := s.listGroups(clusterGroup, "", nil, paging{})
	if err != nil {
		t.Fatal(err)
	}
	instanceGroups, _, err := s.listGroups(instanceGroup, "", nil, paging{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range clusters.DBClusters {
		clusters.DBClusters[i].LatestRestorableTime = time.Time{} // now
	}
	return []any{*clusters, *instances, *events, *pending, *subscriptions, *snapshots, *subnets, groups, instanceGroups}
}

func TestTheStateIsThereAfterARestart(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	disk := openStore(t, dir, nil)
	restarted := func() (*Server, *controllers) {
		c := &controllers{}
		s, err := New(Config{Store: disk, Streams: c, Instances: c, Keys: keys{}, Topics: map[string]string{"das": "http://127.0.0.1:1/"},
			Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		return s, c
	}
	s, _ := restarted()
	for _, o := range []ClusterOptions{{ID: "my-cluster", Instances: []string{"z", "a"}}, {ID: "other", Instances: []string{"b"}}, {ID: "third"}} {
		if _, err := s.CreateCluster(ctx, o); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.StartStream(ctx, "my-cluster", "sync", keyID); err != nil {
		t.Fatal(err)
	}
	other, name, topic, source := "other", "renamed", topicARN, sourceInstance
	const family15 = "aurora-postgresql15"
	mem, newer, class, cg := "64", "15.12", "db.r6g.large", "cg"
	s.runFailover(ctx, s.clusters["my-cluster"], s.members(s.clusters["my-cluster"]))
	for _, err := range []error{
		second(s.startActivityStream(ctx, &startActivityStreamInput{ResourceArn: s.arn("cluster", other), Mode: "async", KmsKeyId: keyID})),
		second(s.modifyDBCluster(ctx, &modifyDBClusterInput{DBClusterIdentifier: other, NewDBClusterIdentifier: &name, ApplyImmediately: true})),
		second(s.createDBClusterSnapshot(ctx, &createSnapshotInput{DBClusterSnapshotIdentifier: "kept", DBClusterIdentifier: name, Tags: []tag{{"k", "v"}}})),
		second(s.modifyDBClusterSnapshotAttribute(ctx, &modifySnapshotAttributeInput{DBClusterSnapshotIdentifier: "kept", AttributeName: "restore", ValuesToAdd: []string{"all"}})),
		second(s.createDBClusterParameterGroup(ctx, &createClusterGroupInput{DBClusterParameterGroupName: "cg", DBParameterGroupFamily: family15, Description: "x"})),
		second(s.modifyDBClusterParameterGroup(ctx, &changeClusterGroupInput{DBClusterParameterGroupName: "cg", Parameters: []parameter{{ParameterName: "work_mem", ParameterValue: &mem, ApplyMethod: applyNow}}})),
		second(s.createDBParameterGroup(ctx, &createInstanceGroupInput{DBParameterGroupName: "ig", DBParameterGroupFamily: family15, Description: "x"})),
		second(s.createDBSubnetGroup(ctx, &subnetGroupInput{DBSubnetGroupName: "sg", DBSubnetGroupDescription: &mem, SubnetIds: []string{"subnet-1", "subnet-2"}})),
		second(s.modifyDBCluster(ctx, &modifyDBClusterInput{DBClusterIdentifier: "my-cluster", EngineVersion: &newer})),
		second(s.modifyDBInstance(ctx, &modifyDBInstanceInput{DBInstanceIdentifier: "a", DBInstanceClass: &class})),
		second(s.modifyDBCluster(ctx, &modifyDBClusterInput{DBClusterIdentifier: name, DBClusterParameterGroupName: &cg})),
		second(s.addTagsToResource(ctx, &tagsInput{ResourceName: s.arn("db", "z"), Tags: []tag{{"k", "v"}}})),
		second(s.createEventSubscription(ctx, &subscriptionInput{SubscriptionName: "ops", SnsTopicArn: &topic, SourceType: &source,
			SourceIds: []string{"z"}, EventCategories: []string{"notification"}, Tags: []tag{{"k", "v"}}})),
		second(s.createEventSubscription(ctx, &subscriptionInput{SubscriptionName: "gone", SnsTopicArn: &topic})),
		second(s.deleteEventSubscription(ctx, &subscriptionInput{SubscriptionName: "gone"})),
		second(s.deleteDBCluster(ctx, &deleteDBClusterInput{DBClusterIdentifier: "third", SkipFinalSnapshot: true})),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	was := shown(t, s)
	disk.Close()
	for range 2 { // nothing of it changes by being read
		disk = openStore(t, dir, nil)
		s, calls := restarted()
		if err := s.Resume(ctx); err != nil {
			t.Fatal(err)
		}
		if is := shown(t, s); !reflect.DeepEqual(is, was) {
			t.Errorf("the state is\n%+v\nit was\n%+v", is, was)
		}
		stream := "aws-rds-das-" + s.clusters["my-cluster"].resourceID
		want := "start stream " + stream + " sync " + keyARN + "; start instance z; start instance a; start instance b"
		if got := calls.noted(); got != want {
			t.Errorf("started: %s\nwant: %s", got, want)
		}
		disk.Close()
	}
}

func second[T any](_ T, err error) error { return err }

// TestEveryFieldIsSaved fails when the state gets a field that nobody has thought of
// saving: add it to saved.go, then here.
func TestEveryFieldIsSaved(t *testing.T) {
	for _, test := range []struct {
		state  any
		fields []string
	}{
		{cluster{}, []string{"id", "arn", "resourceID", "created", "status", "wire", "tags", "stream", "pending", "deferred", "writer"}},
		// A new process's stream is healthy until it finds out: keyCheck is not saved, and Resume ends the window of a saved loss. Nor is call, which matters while a start or a stop is under way.
		{stream{}, []string{"status", "mode", "key", "call", "loss", "keyCheck"}},
		{pendingChange{}, []string{"start", "mode", "key", "due", "call"}},
		{subscription{}, []string{"name", "arn", "topic", "sourceType", "sources", "categories", "disabled", "created", "tags"}},
		{instance{}, []string{"id", "arn", "resourceID", "cluster", "order", "created", "status", "class", "host", "port", "wire", "unsynced", "deferred", "tags"}},
		{deferredCluster{}, []string{"clusterPending", "due"}},
		{deferredInstance{}, []string{"instancePending", "due"}},
		{snapshot{}, []string{"id", "arn", "wire", "tags", "restore"}},
		{event{}, []string{"seq", "id", "at", "source", "sourceID", "arn", "category", "message", "tags"}}, // tags are for delivery alone
	} {
		var fields []string
		for f := range reflect.TypeOf(test.state).Fields() {
			fields = append(fields, f.Name)
		}
		if !reflect.DeepEqual(fields, test.fields) {
			t.Errorf("%T has %q; saved are %q", test.state, fields, test.fields)
		}
	}
}

// TestWhatWasUnderWay has a process end in the middle of transitions.
func TestWhatWasUnderWay(t *testing.T) {
	for _, test := range []struct{ stream, cluster, wantStream, wantCalls string }{
		{streamStarting, statusConfiguring, streamStarted, "start stream "},
		{streamStopping, statusConfiguring, streamStopped, "start instance i; stop stream "},
		{streamStopped, statusConfiguring, streamStopped, "start instance i"},
	} {
		t.Run(test.stream, func(t *testing.T) {
			dir := t.TempDir()
			disk := openStore(t, dir, nil)
			s, err := New(Config{Store: disk, Keys: keys{}, Logger: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.CreateCluster(t.Context(), ClusterOptions{ID: "c", Instances: []string{"i"}}); err != nil {
				t.Fatal(err)
			}
			s.mu.Lock()
			c := s.clusters["c"]
			c.stream, c.status = stream{status: test.stream, mode: "sync", key: KMSKey{ARN: "arn"}}, test.cluster
			s.mu.Unlock()
			disk.Close()

			b := start(t, Config{Store: openStore(t, dir, nil)})
			if err := b.Resume(t.Context()); err != nil {
				t.Fatal(err)
			}
			await.Seen(t, "the end of what was under way", func() (any, bool) {
				is, _ := b.Cluster("c")
				return is, is.StreamStatus == test.wantStream && is.Status == statusAvailable
			})
			if got := b.controllers.noted(); len(got) < len(test.wantCalls) || got[:len(test.wantCalls)] != test.wantCalls {
				t.Errorf("calls: %s", got)
			}
		})
	}
}

// TestAShutClusterStaysShut: a restart of the process is no way around a shutdown.
func TestAShutClusterStaysShut(t *testing.T) {
	dir := t.TempDir()
	disk := openStore(t, dir, nil)
	s, err := New(Config{Store: disk, Keys: keys{}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.CreateCluster(t.Context(), ClusterOptions{ID: "my-cluster", Instances: []string{"i"}, Tags: map[string]string{TagOnStreamFailure: StopInstance}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.StartStream(t.Context(), "my-cluster", "sync", keyID); err != nil {
		t.Fatal(err)
	}
	s.RecordLossBegin("my-cluster", syscall.EIO) // and nobody runs the rest
	disk.Close()

	b := start(t, Config{Store: openStore(t, dir, nil)})
	if err := b.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.awaitCluster(t, "stopped")
	if got := b.instanceStatus(t); got != "stopped" || !strings.HasPrefix(b.controllers.noted(), "start stream ") || !strings.HasSuffix(b.controllers.noted(), "; start instance i, shut") {
		t.Errorf("the instance is %s after %s", got, b.controllers.noted())
	}
	if _, err := b.rds.StartDBCluster(t.Context(), &rds.StartDBClusterInput{DBClusterIdentifier: aws.String("my-cluster")}); err != nil {
		t.Fatal(err)
	}
	b.awaitCluster(t, "available")
}

// TestAStateThatIsNotStored checks that a bad disk is an error to the caller.
func TestAStateThatIsNotStored(t *testing.T) {
	var bad atomic.Bool
	dir := t.TempDir()
	disk := openStore(t, dir, func(_, _ string) error {
		if bad.Load() {
			return syscall.ENOSPC
		}
		return nil
	})
	b := start(t, Config{Store: disk})
	bad.Store(true)
	if _, err := b.CreateCluster(t.Context(), ClusterOptions{ID: "c"}); err == nil {
		t.Error("a cluster is made on a full disk")
	}
	bad.Store(false)
	await.Equal(t, "the recovery of the disk", nil, b.saved)
	disk.Close()
	again := start(t, Config{Store: openStore(t, dir, nil)})
	if _, ok := again.Cluster("c"); !ok {
		t.Error("the cluster is not there")
	}
}

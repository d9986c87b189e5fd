package emulator

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/jackc/pgx/v5"
)

// picture is what AWS clients can see of the state, dates of Kinesis and KMS left out.
func (b *bed) picture() string {
	b.t.Helper()
	var lines []string
	add := func(what string, v any, err error) {
		text, encodeErr := json.Marshal(v)
		if err != nil || encodeErr != nil {
			b.t.Fatal(what, err, encodeErr)
		}
		lines = append(lines, what+" "+string(text))
	}
	ctx, streams := b.within(), b.once()
	clusters, err := b.rds.DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{})
	for _, c := range clusters.DBClusters {
		c.LatestRestorableTime = nil // it is now
		if *c.DBClusterIdentifier == "orders" {
			c.Port = nil // its instance was deleted: the next free port is not the same for certain
		}
		add("cluster", c, err)
	}
	instances, err := b.rds.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{})
	for _, i := range instances.DBInstances {
		i.LatestRestorableTime = nil
		if *i.DBInstanceIdentifier == "orders-1" {
			i.Endpoint.Port = nil
		}
		add("instance", i, err)
	}
	subscriptions, err := b.rds.DescribeEventSubscriptions(ctx, &rds.DescribeEventSubscriptionsInput{})
	add("subscriptions", subscriptions.EventSubscriptionsList, err)
	snapshots, err := b.rds.DescribeDBClusterSnapshots(ctx, &rds.DescribeDBClusterSnapshotsInput{})
	add("snapshots", snapshots.DBClusterSnapshots, err)
	groups, err := b.rds.DescribeDBClusterParameterGroups(ctx, &rds.DescribeDBClusterParameterGroupsInput{})
	add("groups", groups.DBClusterParameterGroups, err)
	names, err := streams.ListStreams(ctx, &kinesis.ListStreamsInput{})
	add("streams", names.StreamNames, err)
	aliases, err := b.kms.ListAliases(ctx, &kms.ListAliasesInput{})
	for _, a := range aliases.Aliases {
		add("alias", []*string{a.AliasName, a.TargetKeyId}, err)
	}
	keys, err := b.kms.ListKeys(ctx, &kms.ListKeysInput{})
	if err != nil {
		b.t.Fatal(err)
	}
	for _, k := range keys.Keys {
		about, err := b.kms.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: k.KeyId})
		if err != nil {
			b.t.Fatal(err)
		}
		m := *about.KeyMetadata
		m.CreationDate = nil
		add("key", m, nil)
		policy, err := b.kms.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: k.KeyId})
		add("policy", policy.Policy, err)
	}
	slices.Sort(lines)
	return strings.Join(append(lines, fmt.Sprint("ahead ", b.Clock().Ahead(), ", faults ", b.Faults().List())), "\n")
}

// do fails the test for the first error.
func (b *bed) do(calls ...func() error) {
	b.t.Helper()
	for i, call := range calls {
		if err := call(); err != nil {
			b.t.Fatalf("call %d: %v", i, err)
		}
	}
}

// differences are the lines that are in one text only.
func differences(before, after string) string {
	var out []string
	was, is := strings.Split(before, "\n"), strings.Split(after, "\n")
	for _, line := range was {
		if !slices.Contains(is, line) {
			out = append(out, "- "+line)
		}
	}
	for _, line := range is {
		if !slices.Contains(was, line) {
			out = append(out, "+ "+line)
		}
	}
	return strings.Join(out, "\n")
}

// call makes an AWS call that must succeed.
func call[In, Out, Opt any](ctx context.Context, f func(context.Context, *In, ...func(*Opt)) (*Out, error), in In) func() error {
	return func() error {
		_, err := f(ctx, &in)
		return err
	}
}

const declaredMaterial = "0123456789abcdef0123456789abcdef"

// TestReset: after all that clients can do, the state is what it was at the start, a
// session that was open goes on, and its events are in the stream of the same name.
func TestReset(t *testing.T) {
	for _, disk := range []bool{false, true} {
		t.Run(map[bool]string{false: "memory", true: "disk"}[disk], func(t *testing.T) {
			o := Options{StartStream: Sync, Heartbeat: -1, SNSTopics: map[string]string{"t": "http://127.0.0.1:1"},
				Keys:     []Key{{ID: "audit-key", Alias: "alias/audit", Material: []byte(declaredMaterial)}},
				Clusters: []Cluster{{ID: "orders", Instances: []string{"orders-1"}, Stream: Async, Key: "alias/audit"}}}
			if disk {
				o.DataDir = t.TempDir()
			}
			b := newBed(t, o)
			before := b.picture()
			conn := b.connect()
			b.exec(conn, "select 'before'")
			for _, spoil := range []func(*bed){(*bed).spoilKeys, (*bed).spoilStreams, (*bed).spoilClusters, func(b *bed) {
				b.add(Fault{Kind: "throttle"})
				b.do(func() error { return b.Clock().Advance(time.Hour) })
			}} {
				spoil(b)
				status, answer := b.control("POST", "/_das/reset", "")
				if status != http.StatusOK || !strings.HasPrefix(answer, `{"milliseconds":`) {
					t.Fatalf("%d %s", status, answer)
				}
				t.Log(answer)
				if after := b.picture(); after != before {
					t.Errorf("the state is not what it was:\n%s", differences(before, after))
				}
				if events, err := b.rds.DescribeEvents(b.within(), &rds.DescribeEventsInput{Duration: aws.Int32(100)}); err != nil || len(events.Events) != 0 {
					t.Errorf("%v, events %+v", err, events)
				}
				b.exec(conn, "select 'after'")
				event, err := b.WaitFor(b.within(), func(e Event) bool { return e.CommandText != nil && strings.HasPrefix(*e.CommandText, "select '") })
				if err != nil || *event.CommandText != "select 'after'" {
					t.Errorf("%v, the first event is %s", err, event.JSON)
				}
			}
		})
	}
}

func (b *bed) spoilKeys() {
	ctx, key := b.within(), aws.String(b.KeyARN())
	b.do(
		call(ctx, b.kms.CreateKey, kms.CreateKeyInput{}),
		call(ctx, b.kms.CreateAlias, kms.CreateAliasInput{AliasName: aws.String("alias/other"), TargetKeyId: key}),
		call(ctx, b.kms.DeleteAlias, kms.DeleteAliasInput{AliasName: aws.String("alias/audit")}),
		call(ctx, b.kms.UpdateKeyDescription, kms.UpdateKeyDescriptionInput{KeyId: key, Description: aws.String("changed")}),
		call(ctx, b.kms.ScheduleKeyDeletion, kms.ScheduleKeyDeletionInput{KeyId: aws.String("audit-key"), PendingWindowInDays: aws.Int32(7)}),
		call(ctx, b.kms.DisableKey, kms.DisableKeyInput{KeyId: key}),
		func() error { return b.Clock().Advance(8 * 24 * time.Hour) }, // the key is deleted
	)
}

func (b *bed) spoilStreams() {
	ctx, streams := b.within(), b.once()
	name := aws.String(b.StreamName())
	about, err := streams.DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamName: name})
	if err != nil {
		b.t.Fatal(err)
	}
	b.do(
		call(ctx, streams.CreateStream, kinesis.CreateStreamInput{StreamName: aws.String("other"), ShardCount: aws.Int32(2)}),
		call(ctx, streams.RegisterStreamConsumer, kinesis.RegisterStreamConsumerInput{ConsumerName: aws.String("c"), StreamARN: about.StreamDescriptionSummary.StreamARN}),
		call(ctx, streams.PutRecord, kinesis.PutRecordInput{StreamName: name, PartitionKey: aws.String("k"), Data: []byte("x")}),
		func() error { return b.StopActivityStream(ctx) },
	)
}

func (b *bed) spoilClusters() {
	ctx, first := b.within(), aws.String("my-cluster")
	b.do(
		call(ctx, b.rds.CreateEventSubscription, rds.CreateEventSubscriptionInput{SubscriptionName: aws.String("s"), SnsTopicArn: aws.String("arn:aws:sns:us-east-1:000000000000:t")}),
		call(ctx, b.rds.CreateDBClusterSnapshot, rds.CreateDBClusterSnapshotInput{DBClusterIdentifier: first, DBClusterSnapshotIdentifier: aws.String("snap")}),
		call(ctx, b.rds.CreateDBClusterParameterGroup, rds.CreateDBClusterParameterGroupInput{DBClusterParameterGroupName: aws.String("g"),
			DBParameterGroupFamily: aws.String("aurora-postgresql15"), Description: aws.String("d")}),
		call(ctx, b.rds.ModifyDBCluster, rds.ModifyDBClusterInput{DBClusterIdentifier: first, DBClusterParameterGroupName: aws.String("g"), ApplyImmediately: aws.Bool(true)}),
		call(ctx, b.rds.CreateDBCluster, rds.CreateDBClusterInput{DBClusterIdentifier: aws.String("other"), Engine: aws.String("aurora-postgresql"),
			MasterUsername: aws.String("postgres"), MasterUserPassword: aws.String("password")}),
		call(ctx, b.rds.CreateDBInstance, rds.CreateDBInstanceInput{DBInstanceIdentifier: aws.String("other-1"), DBClusterIdentifier: aws.String("other"),
			DBInstanceClass: aws.String("db.r5.large"), Engine: aws.String("aurora-postgresql")}),
		call(ctx, b.rds.DeleteDBInstance, rds.DeleteDBInstanceInput{DBInstanceIdentifier: aws.String("orders-1")}),
		call(ctx, b.rds.DeleteDBCluster, rds.DeleteDBClusterInput{DBClusterIdentifier: aws.String("orders"), SkipFinalSnapshot: aws.Bool(true)}),
		call(ctx, b.rds.ModifyDBCluster, rds.ModifyDBClusterInput{DBClusterIdentifier: first, NewDBClusterIdentifier: aws.String("renamed"), ApplyImmediately: aws.Bool(true)}),
	)
}

// TestResetInstances: the first cluster and its instance are there again under their
// ids and address when they were deleted, sessions of other instances end, and a
// restart that is under way is given up.
func TestResetInstances(t *testing.T) {
	dir := t.TempDir()
	b := newBed(t, Options{StartStream: Sync, Heartbeat: -1, DataDir: dir, Listen: ownAddress(), RestartTime: 24 * time.Hour})
	before, ctx := b.picture(), b.within()
	id, first := aws.String("my-cluster-instance-1"), aws.String("my-cluster")
	b.do(
		call(ctx, b.rds.DeleteDBInstance, rds.DeleteDBInstanceInput{DBInstanceIdentifier: id}),
		call(ctx, b.rds.DeleteDBCluster, rds.DeleteDBClusterInput{DBClusterIdentifier: first, SkipFinalSnapshot: aws.Bool(true)}),
		func() error { return b.Reset(ctx) },
	)
	if after := b.picture(); after != before {
		t.Errorf("after a deletion:\n%s", differences(before, after))
	}
	conn := b.connect()
	b.exec(conn, "select 1")

	b.do(call(ctx, b.rds.CreateDBInstance, rds.CreateDBInstanceInput{DBInstanceIdentifier: aws.String("more"), DBClusterIdentifier: first,
		DBInstanceClass: aws.String("db.r5.large"), Engine: aws.String("aurora-postgresql")}))
	more, ok := b.instanceURL("more")
	if !ok {
		t.Fatal("the new instance has no address")
	}
	other, err := pgx.Connect(ctx, more)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close(context.Background())
	b.do(
		call(ctx, b.rds.StopActivityStream, rds.StopActivityStreamInput{ResourceArn: aws.String(b.ClusterARN()), ApplyImmediately: aws.Bool(true)}),
		func() error { return b.Reset(ctx) },
	)
	if after := b.picture(); after != before {
		t.Errorf("in the midst of a restart:\n%s", differences(before, after))
	}
	if err := other.Ping(ctx); err == nil {
		t.Error("a session of an instance that is gone goes on")
	}
	b.exec(b.connect(), "select 2")

	if err := b.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	b = newBed(t, Options{Heartbeat: -1, DataDir: dir, Listen: b.listen.String()})
	if after := b.picture(); after != before {
		t.Errorf("after a restart:\n%s", differences(before, after))
	}
}

// instanceURL is where an instance of the first cluster listens.
func (b *bed) instanceURL(id string) (string, bool) {
	c, _ := b.Emulator.rds.Cluster("my-cluster")
	for _, i := range c.Instances {
		if i.ID == id {
			u, err := url.Parse(b.PostgresURL())
			if err != nil {
				return "", false
			}
			u.Host = net.JoinHostPort(i.Host, strconv.Itoa(i.Port))
			return u.String(), true
		}
	}
	return "", false
}

// TestResetIsProtected: no web page can reset anything, nor can a request that is no
// POST.
func TestResetIsProtected(t *testing.T) {
	b := newBed(t, Options{Heartbeat: -1})
	b.add(Fault{Kind: "delay", Operations: []string{"kms:Sign"}, Delay: time.Hour})
	for _, c := range []struct {
		method  string
		headers []string
		status  int
	}{
		{"POST", []string{"Origin", "http://127.0.0.1:4566"}, 403},
		{"POST", []string{"Sec-Fetch-Site", "same-origin"}, 403},
		{"POST", []string{"Content-Type", "text/plain"}, 415},
		{"GET", nil, 405},
	} {
		if status, answer := b.control(c.method, "/_das/reset", "", c.headers...); status != c.status {
			t.Errorf("%s %q: %d %s", c.method, c.headers, status, answer)
		}
	}
	if len(b.Faults().List()) != 1 {
		t.Error("something was reset")
	}
}

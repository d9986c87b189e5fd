package emulator

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/smithy-go"
	"github.com/jackc/pgx/v5"

	"github.com/das-local/das-local/internal/await"
	"github.com/das-local/das-local/internal/stream"
)

// givesUpAfter is longer than a busy machine holds a stream up, which would be a window of
// loss as well. The tests that wait for it run in parallel.
const givesUpAfter = 15 * time.Second

// failing are options of an emulator whose streams ask KMS for every record, and
// give up when that has failed for givesUpAfter.
func failing(mode stream.Mode, onFailure string) Options {
	return Options{StartStream: mode, Heartbeat: -1, KeyReuse: -1, SyncTimeout: givesUpAfter, OnStreamFailure: onFailure}
}

// key enables or disables the stream's key.
func (b *bed) key(enabled bool) {
	b.t.Helper()
	var err error
	if enabled {
		_, err = b.kms.EnableKey(b.t.Context(), &kms.EnableKeyInput{KeyId: aws.String(b.KeyARN())})
	} else {
		_, err = b.kms.DisableKey(b.t.Context(), &kms.DisableKeyInput{KeyId: aws.String(b.KeyARN())})
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// awaitMessage waits for an RDS event of the cluster that begins so. Where the disk failed, RDS
// answers with InternalFailure until the store has seen that it works again.
func (b *bed) awaitMessage(prefix string) (message string) {
	b.t.Helper()
	await.Seen(b.t, "the event "+prefix, func() (any, bool) {
		all, err := b.listMessages(types.SourceTypeDbCluster)
		if err != nil {
			if api := smithy.APIError(nil); !errors.As(err, &api) || api.ErrorCode() != "InternalFailure" {
				b.t.Fatal(err)
			}
			return err, false
		}
		i := slices.IndexFunc(all, func(m string) bool { return strings.HasPrefix(m, "Database Activity Streams: "+prefix) })
		if i >= 0 {
			message = all[i]
		}
		return all, i >= 0
	})
	return message
}

// texts reads the stream until an event has the last text, and gives the texts
// that match.
func (b *bed) texts(last, pattern string) []string {
	b.t.Helper()
	match := regexp.MustCompile(pattern).MatchString
	var list []string
	for event, err := range b.Events(b.within()) {
		if err != nil {
			b.t.Fatal(err)
		}
		if event.CommandText == nil {
			continue
		}
		if match(*event.CommandText) {
			list = append(list, *event.CommandText)
		}
		if *event.CommandText == last {
			break
		}
	}
	return list
}

// TestFailOpen: sessions go on while the stream cannot record; what was kept comes
// late, in order, and RDS events tell both ends.
func TestFailOpen(t *testing.T) {
	t.Parallel()
	for _, mode := range []stream.Mode{stream.Sync, stream.Async} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			b := newBed(t, failing(mode, ""))
			conn := b.connect()
			run := func(n int) {
				if _, err := conn.Exec(t.Context(), fmt.Sprintf("select 'kept', %d", n)); err != nil {
					t.Fatal(err)
				}
			}
			run(0)
			b.key(false)
			for n := range 5 {
				run(n + 1)
			}
			if m := b.awaitMessage("activity events might be lost"); !strings.Contains(m, "disabled") {
				t.Errorf("the cause is not told: %s", m)
			}
			if got := b.status(); got != "available started available" {
				t.Error(got)
			}
			b.key(true)
			if m := b.awaitMessage("activity events are durable again"); !strings.HasSuffix(m, "Events lost: 0") {
				t.Error(m)
			}
			run(6)
			if got := b.texts("select 'kept', 6", "kept"); len(got) != 7 || !slices.IsSorted(got) {
				t.Errorf("events %q", got)
			}
		})
	}
}

// TestFailClosed: no session gets an answer whose events are not durable, nobody
// connects, and somebody must start the instance again.
func TestFailClosed(t *testing.T) {
	t.Parallel()
	for _, audit := range []string{"catalog", "server"} {
		t.Run(audit, func(t *testing.T) {
			t.Parallel()
			o := failing(stream.Sync, "stop-instance")
			o.Audit = audit
			failClosed(t, newBed(t, o))
		})
	}
}

func failClosed(t *testing.T, b *bed) {
	ctx := b.within()
	var sessions []*pgx.Conn
	for range 4 {
		sessions = append(sessions, b.connect())
	}
	if _, err := sessions[0].Exec(ctx, "create table t (id int)"); err != nil {
		t.Fatal(err)
	}
	b.key(false)
	// One waits for its event, one runs, one is in a transaction, one is idle.
	busy := make(chan error, 2)
	go func() { _, err := sessions[1].Exec(ctx, "select pg_sleep(60)"); busy <- err }()
	go func() { _, err := sessions[2].Exec(ctx, "insert into t values (1)"); busy <- err }()
	for range 2 {
		if err := <-busy; err == nil {
			t.Error("a statement was answered whose event is not durable")
		}
	}
	_, err := sessions[3].Exec(ctx, "select 1")
	b.wantSQLState(err, "57P01", "terminating connection due to administrator command")
	_, err = pgx.Connect(ctx, b.PostgresURL())
	b.wantSQLState(err, "57P03", "the database system is shutting down")
	b.awaitStatus("stopped started stopped")
	b.awaitMessage("the DB instances of your database cluster are shut down")
	if got := b.messages(types.SourceTypeDbInstance); got[len(got)-1] != "DB instance stopped" {
		t.Errorf("events of the instance: %q", got)
	}

	// It cannot be started as long as the stream is ill.
	_, err = b.rds.StartDBInstance(ctx, &rds.StartDBInstanceInput{DBInstanceIdentifier: aws.String("my-cluster-instance-1")})
	wantCode(t, err, "InvalidDBInstanceState")
	_, err = b.rds.StartDBCluster(ctx, &rds.StartDBClusterInput{DBClusterIdentifier: aws.String("my-cluster")})
	wantCode(t, err, "InvalidDBClusterStateFault")
	b.key(true)
	b.awaitMessage("activity events are durable again")
	if got := b.status(); got != "stopped started stopped" {
		t.Errorf("it started by itself: %s", got)
	}
	if _, err := b.rds.StartDBInstance(ctx, &rds.StartDBInstanceInput{DBInstanceIdentifier: aws.String("my-cluster-instance-1")}); err != nil {
		t.Fatal(err)
	}
	b.awaitStatus("available started available")
	if _, err := b.connect().Exec(ctx, "select 'again'"); err != nil {
		t.Fatal(err)
	}
	// What the sessions did before they ended was kept.
	if got := b.texts("select 'again'", "insert|again"); !slices.Equal(got, []string{"insert into t values (1)", "select 'again'"}) {
		t.Errorf("events %q", got)
	}
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code {
		t.Errorf("got %v, want %s", err, code)
	}
}

// TestFailClosedAsync: sessions do not wait in async mode, but end as soon as
// events might be lost. Stopping the stream is a way out.
func TestFailClosedAsync(t *testing.T) {
	t.Parallel()
	b := newBed(t, failing(stream.Async, "stop-instance"))
	ctx := b.within()
	conn := b.connect()
	b.key(false)
	if _, err := conn.Exec(ctx, "select 1"); err != nil {
		t.Fatal(err)
	}
	b.awaitStatus("stopped started stopped")
	_, err := conn.Exec(ctx, "select 1")
	b.wantSQLState(err, "57P01", "terminating connection due to administrator command")
	b.stopStream(true)
	b.awaitStatus("stopped stopped stopped")
	if m := b.awaitMessage("the stream ends"); !regexp.MustCompile(`Events lost: [1-9]\d*, logTime 2\S+ \S+\+00 to 2`).MatchString(m) {
		t.Errorf("the loss is not told: %s", m)
	}
	if _, err := b.rds.StartDBCluster(ctx, &rds.StartDBClusterInput{DBClusterIdentifier: aws.String("my-cluster")}); err != nil {
		t.Fatal(err)
	}
	b.awaitStatus("available stopped available")
	b.connect()
}

// TestTagOfOtherClusters: the tag decides, also when it comes later.
func TestTagOfOtherClusters(t *testing.T) {
	t.Parallel()
	b := newBed(t, failing(stream.Async, ""))
	ctx := b.within()
	tag := func(value string) error {
		_, err := b.rds.AddTagsToResource(ctx, &rds.AddTagsToResourceInput{ResourceName: aws.String(b.ClusterARN()),
			Tags: []types.Tag{{Key: aws.String("das-local:on-stream-failure"), Value: &value}}})
		return err
	}
	wantCode(t, tag("stop"), "InvalidParameterValue")
	if err := tag("stop-instance"); err != nil {
		t.Fatal(err)
	}
	conn := b.connect()
	b.key(false)
	if _, err := conn.Exec(ctx, "select 1"); err != nil {
		t.Fatal(err)
	}
	b.awaitStatus("stopped started stopped")
	if err := tag("continue"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.rds.StartDBCluster(ctx, &rds.StartDBClusterInput{DBClusterIdentifier: aws.String("my-cluster")}); err != nil {
		t.Fatal(err)
	}
	b.awaitStatus("available started available")
	b.connect()
	b.key(true) // so that the end waits for nothing
}

// TestKeyScheduledForDeletion ends well if the deletion is cancelled in time.
func TestKeyScheduledForDeletion(t *testing.T) {
	t.Parallel()
	b := newBed(t, failing(stream.Sync, ""))
	ctx := b.within()
	conn := b.connect()
	if _, err := b.kms.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: aws.String(b.KeyARN()), PendingWindowInDays: aws.Int32(7)}); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(ctx, "select 'kept'"); err != nil {
		t.Fatal(err)
	}
	if m := b.awaitMessage("activity events might be lost"); !strings.Contains(m, "pending deletion") {
		t.Errorf("the cause is not told: %s", m)
	}
	if _, err := b.kms.CancelKeyDeletion(ctx, &kms.CancelKeyDeletionInput{KeyId: aws.String(b.KeyARN())}); err != nil {
		t.Fatal(err)
	}
	b.key(true)
	b.awaitMessage("activity events are durable again")
	if got := b.texts("select 'kept'", "kept"); len(got) != 1 {
		t.Errorf("events %q", got)
	}
}

// TestKeyStaysUnusable: after an hour the stream is stopped, and sessions do not
// notice.
func TestKeyStaysUnusable(t *testing.T) {
	t.Parallel()
	b := newBed(t, failing(stream.Async, ""))
	ctx := b.within()
	conn := b.connect()
	b.key(false)
	if _, err := conn.Exec(ctx, "select 'lost'"); err != nil {
		t.Fatal(err)
	}
	b.awaitMessage("activity events might be lost")
	b.clock.Advance(59 * time.Minute)
	if got := b.status(); got != "available started available" {
		t.Error(got)
	}
	b.clock.Advance(time.Minute)
	b.awaitStatus("available stopped available")
	if _, err := conn.Exec(ctx, "select 1"); err != nil {
		t.Error(err)
	}
	all := b.messages(types.SourceTypeDbCluster)
	var last []string
	for _, m := range all[len(all)-3:] {
		last = append(last, regexp.MustCompile(`Events lost: [1-9].*`).ReplaceAllString(m, "Events lost: n"))
	}
	if want := []string{
		"Database Activity Streams is being stopped on your database cluster: its KMS key " + b.KeyARN() + " couldn't be used for 1h0m0s.",
		"Database Activity Streams: the stream ends, and what was not published with it. Events lost: n",
		"Database Activity Streams is stopped on your database cluster."}; !slices.Equal(last, want) {
		t.Errorf("events %q", last)
	}
}

// TestKinesisComesBack: a failure that is not the key's does not stop the stream
// however long it lasts.
func TestKinesisComesBack(t *testing.T) {
	t.Parallel()
	b := newBed(t, failing(stream.Sync, ""))
	ctx := b.within()
	conn := b.connect()
	if err := b.kinesis.DeleteStream(ctx, b.StreamName()); err != nil {
		t.Fatal(err)
	}
	for n := range 3 {
		if _, err := conn.Exec(ctx, fmt.Sprintf("select 'kept', %d", n)); err != nil {
			t.Fatal(err)
		}
	}
	b.awaitMessage("activity events might be lost")
	b.clock.Advance(24 * time.Hour)
	if err := b.kinesis.CreateStream(ctx, b.StreamName(), 1); err != nil {
		t.Fatal(err)
	}
	b.awaitMessage("activity events are durable again")
	if got := b.texts("select 'kept', 2", "kept"); len(got) != 3 || !slices.IsSorted(got) {
		t.Errorf("events %q", got)
	}
	if got := b.status(); got != "available started available" {
		t.Error(got)
	}
}

// TestStopOfAnIllStream: what it loses is told, from memory or from the data
// directory, and does not shut the instances down: somebody wants it to end.
func TestStopOfAnIllStream(t *testing.T) {
	t.Parallel()
	for _, disk := range []bool{false, true} {
		t.Run(fmt.Sprintf("disk %v", disk), func(t *testing.T) {
			t.Parallel()
			o := failing(stream.Async, "stop-instance")
			o.SyncTimeout = time.Minute // no window begins by itself
			if disk {
				o.DataDir = t.TempDir()
			}
			b := newBed(t, o)
			conn := b.connect()
			b.key(false)
			if _, err := conn.Exec(t.Context(), "select 'lost'"); err != nil {
				t.Fatal(err)
			}
			b.stopStream(true)
			b.awaitStatus("available stopped available")
			if m := b.awaitMessage("the stream ends"); !regexp.MustCompile(`Events lost: [1-9]\d*, logTime 2\S+ \S+\+00 to 2\S+ \S+\+00$`).MatchString(m) {
				t.Errorf("the loss is not told: %s", m)
			}
			b.connect()
		})
	}
}

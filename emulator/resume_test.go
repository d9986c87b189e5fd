package emulator

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/jackc/pgx/v5"

	"github.com/das-local/das-local/internal/await"
)

// TestIntentsWithoutTheGuarantee: what a process with the guarantee executed has left is told
// by one without it.
func TestIntentsWithoutTheGuarantee(t *testing.T) {
	t.Parallel()
	b := newBed(t, executedOptions(dataDir(t)))
	release := b.locked()
	conn := b.connect()
	done := make(chan error, 1)
	go func() {
		_, err := conn.Exec(t.Context(), "select 'left' from pg_advisory_lock_shared(1)", pgx.QueryExecModeSimpleProtocol)
		done <- err
	}()
	b.awaitBlocked(1)
	dir := killed(t, b.Emulator)
	release()
	if err := <-done; err != nil {
		t.Error(err)
	}
	again := newBed(t, Options{DataDir: dir, Heartbeat: -1, CommandText: "single", Audit: "catalog"})
	run(t, again.Emulator, "select 'end'")
	if got, want := again.outcomes("select 'end'", "left"), []string{"select 'left' from pg_advisory_lock_shared(1) ?"}; !slices.Equal(got, want) {
		t.Errorf("the stream has %q, want %q", got, want)
	}
	if n := again.left(); n != 0 {
		t.Errorf("%d intents are left", n)
	}
}

// TestAShutInstanceWithAQueue: a restart publishes what was queued when the instance was
// stopped for it, and lets nobody in until somebody starts it.
func TestAShutInstanceWithAQueue(t *testing.T) {
	t.Parallel()
	o := failing("async", "stop-instance")
	o.DataDir, o.Audit = dataDir(t), "catalog"
	b := newBed(t, o)
	conn := b.connect()
	if _, err := b.WaitFor(b.within(), Match{Command: "CONNECT"}.Matches); err != nil {
		t.Fatal(err)
	}
	b.key(false)
	if _, err := conn.Exec(t.Context(), "select 'queued'", pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatal(err)
	}
	b.awaitStatus("stopped started stopped")
	spooled(t, b.Emulator, 2) // with the end of the session
	if err := b.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	b = newBed(t, o)
	if got := b.status(); got != "stopped started stopped" {
		t.Errorf("after the restart it is %s", got)
	}
	_, err := pgx.Connect(t.Context(), b.PostgresURL())
	if err == nil || !strings.Contains(err.Error(), "57P03") {
		t.Errorf("a session is let in: %v", err)
	}
	b.key(true)
	if _, err := b.WaitFor(b.within(), Match{TextHas: "queued"}.Matches); err != nil {
		t.Error(err)
	}
	if _, err := b.rds.StartDBCluster(t.Context(), &rds.StartDBClusterInput{DBClusterIdentifier: aws.String("my-cluster")}); err != nil {
		t.Fatal(err)
	}
	b.awaitStatus("available started available")
	run(t, b.Emulator, "select 'end'")
	if got := b.texts("select 'end'", "queued"); len(got) != 1 {
		t.Errorf("the stream has %q", got)
	}
}

// TestInstancesComeAndGoInAWindow: what the sessions of an instance have done that is gone,
// and of one that was added meanwhile, is published after the window, and once.
func TestInstancesComeAndGoInAWindow(t *testing.T) {
	t.Parallel()
	o := failing("async", "")
	o.DataDir, o.Audit = dataDir(t), "catalog"
	b := newBed(t, o)
	b.key(false)
	run(t, b.Emulator, "select 'first'")
	b.awaitMessage("activity events might be lost")
	if err := b.Emulator.rds.CreateInstance(t.Context(), "my-cluster", "second", ""); err != nil {
		t.Fatal(err)
	}
	b.awaitStatus("available started available available")
	out, err := b.rds.DescribeDBInstances(t.Context(), &rds.DescribeDBInstancesInput{DBInstanceIdentifier: aws.String("second")})
	if err != nil {
		t.Fatal(err)
	}
	at := out.DBInstances[0]
	url := strings.Replace(b.PostgresURL(), b.PostgresAddr(), fmt.Sprintf("%s:%d", *at.Endpoint.Address, *at.Endpoint.Port), 1)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "select 'second'", pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Error(err)
	}
	conn.Close(t.Context())
	if _, err := b.rds.DeleteDBInstance(t.Context(), &rds.DeleteDBInstanceInput{DBInstanceIdentifier: aws.String("second"), SkipFinalSnapshot: aws.Bool(true)}); err != nil {
		t.Fatal(err)
	}
	b.awaitStatus("available started available")
	b.key(true)
	if m := b.awaitMessage("activity events are durable again"); !strings.HasSuffix(m, "Events lost: 0") {
		t.Error(m)
	}
	run(t, b.Emulator, "select 'end'")
	seen := map[string]string{}
	for event, err := range b.Events(b.within()) {
		if err != nil {
			t.Fatal(err)
		}
		if event.CommandText == nil {
			continue
		}
		if *event.CommandText == "select 'end'" {
			break
		}
		if seen[*event.CommandText] != "" {
			t.Errorf("%s is there twice", *event.CommandText)
		}
		seen[*event.CommandText] = event.InstanceID
	}
	if seen["select 'second'"] != *at.DbiResourceId || seen["select 'first'"] == "" || seen["select 'first'"] == *at.DbiResourceId {
		t.Errorf("the stream has %v, the second instance is %s", seen, *at.DbiResourceId)
	}
}

// TestAClusterDeletedInAWindow: what is lost with it is counted.
func TestAClusterDeletedInAWindow(t *testing.T) {
	t.Parallel()
	o := failing("async", "")
	o.DataDir, o.Audit = dataDir(t), "catalog"
	b := newBed(t, o)
	b.key(false)
	run(t, b.Emulator, "select 'lost'")
	spooled(t, b.Emulator, 3) // CONNECT, the statement, DISCONNECT
	if _, err := b.rds.DeleteDBInstance(t.Context(), &rds.DeleteDBInstanceInput{DBInstanceIdentifier: aws.String("my-cluster-instance-1"), SkipFinalSnapshot: aws.Bool(true)}); err != nil {
		t.Fatal(err)
	}
	b.awaitStatus("available started")
	if _, err := b.rds.DeleteDBCluster(t.Context(), &rds.DeleteDBClusterInput{DBClusterIdentifier: aws.String("my-cluster"), SkipFinalSnapshot: aws.Bool(true)}); err != nil {
		t.Fatal(err)
	}
	b.awaitMessage("the stream ends, and what was not published with it. Events lost: 3, ")
	await.True(t, "the cluster to be gone", func() bool { _, there := b.Emulator.rds.Cluster("my-cluster"); return !there })
}

// TestADeathWithAFullDisk: sessions went on without their events, and the disk could not
// take note of that. The next process says that it may have been so.
func TestADeathWithAFullDisk(t *testing.T) {
	t.Parallel()
	var bad atomic.Bool
	o := Options{DataDir: dataDir(t), StartStream: "sync", Heartbeat: -1, SyncTimeout: givesUpAfter, Logger: slog.New(slog.DiscardHandler)}
	o.fault = func(op, _ string) error {
		if bad.Load() && (op == "sync" || op == "write" || op == "create") {
			return syscall.ENOSPC
		}
		return nil
	}
	b := newBed(t, o)
	conn := b.connect()
	bad.Store(true)
	if _, err := conn.Exec(t.Context(), "select 'went on'", pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatal(err)
	}
	dir := killed(t, b.Emulator)
	bad.Store(false)
	o.DataDir, o.fault = dir, nil
	again := newBed(t, o)
	if m := again.awaitMessage("the emulator ended without notice"); !strings.Contains(m, "if a window of loss was open") {
		t.Error(m)
	}
	run(t, again.Emulator, "select 'end'")
	if got := again.texts("select 'end'", "went on"); len(got) > 0 {
		t.Errorf("the stream has %q: the test shows nothing", got)
	}
	conn.Close(context.Background())
	await.True(t, "the disk to work again", func() bool { return b.disk.Epoch() > 1 })
}

// TestAnotherSeedOrRegion: a directory's ids stay whatever the seed is, and its ARNs are of
// one Region.
func TestAnotherSeedOrRegion(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	e := startOn(t, Options{DataDir: dir, Seed: 7})
	arn, name := e.KeyARN(), e.StreamName()
	if err := e.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	e = startOn(t, Options{DataDir: dir, Seed: 8})
	if e.KeyARN() != arn || e.StreamName() != name {
		t.Errorf("key %s, stream %s; they were %s and %s", e.KeyARN(), e.StreamName(), arn, name)
	}
	if err := e.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err := Start(t.Context(), Options{DataDir: dir, Region: "eu-west-1", Logger: slog.New(slog.DiscardHandler)})
	if err == nil || !strings.Contains(err.Error(), "in us-east-1, not 000000000000 in eu-west-1") {
		t.Errorf("in another Region: %v", err)
	}
}

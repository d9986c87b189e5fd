package emulator

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/das-local/das-local/internal/await"
)

// bed is a running emulator and the AWS clients of a user.
type bed struct {
	*Emulator
	t   *testing.T
	rds *rds.Client
	kms *kms.Client
}

func newBed(t *testing.T, o Options) *bed {
	t.Helper()
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	e, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(context.Background()); err != nil {
			t.Error("close:", err)
		}
	})
	return &bed{e, t, rds.NewFromConfig(e.AWSConfig()), kms.NewFromConfig(e.AWSConfig())}
}

// within bounds a wait.
func (b *bed) within() context.Context { return await.Context(b.t) }

// status is that of the first cluster, its stream and its instances.
func (b *bed) status() string {
	b.t.Helper()
	c, err := b.rds.DescribeDBClusters(b.t.Context(), &rds.DescribeDBClustersInput{DBClusterIdentifier: aws.String("my-cluster")})
	if err != nil {
		b.t.Fatal(err)
	}
	i, err := b.rds.DescribeDBInstances(b.t.Context(), &rds.DescribeDBInstancesInput{})
	if err != nil {
		b.t.Fatal(err)
	}
	s := *c.DBClusters[0].Status + " " + string(c.DBClusters[0].ActivityStreamStatus)
	for _, i := range i.DBInstances {
		s += " " + *i.DBInstanceStatus
	}
	return s
}

func (b *bed) awaitStatus(want string) {
	b.t.Helper()
	await.Equal(b.t, want, want, b.status)
}

func (b *bed) startStream(mode types.ActivityStreamMode, now bool) {
	b.t.Helper()
	_, err := b.rds.StartActivityStream(b.t.Context(), &rds.StartActivityStreamInput{
		ResourceArn: aws.String(b.ClusterARN()), Mode: mode, KmsKeyId: aws.String(b.KeyARN()), ApplyImmediately: &now})
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bed) stopStream(now bool) {
	b.t.Helper()
	if _, err := b.rds.StopActivityStream(b.t.Context(), &rds.StopActivityStreamInput{ResourceArn: aws.String(b.ClusterARN()), ApplyImmediately: &now}); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bed) connect() *pgx.Conn {
	b.t.Helper()
	conn, err := pgx.Connect(b.t.Context(), b.PostgresURL())
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// messages are the RDS events of the cluster, and those of its instances.
func (b *bed) messages(source types.SourceType) []string {
	b.t.Helper()
	list, err := b.listMessages(source)
	if err != nil {
		b.t.Fatal(err)
	}
	return list
}

// listMessages fails while the state's disk does.
func (b *bed) listMessages(source types.SourceType) (list []string, err error) {
	for p := rds.NewDescribeEventsPaginator(b.rds, &rds.DescribeEventsInput{SourceType: source, Duration: aws.Int32(20160)}); p.HasMorePages(); {
		out, err := p.NextPage(b.t.Context())
		if err != nil {
			return nil, err
		}
		for _, e := range out.Events {
			list = append(list, *e.Message)
		}
	}
	return list, nil
}

// wantSQLState checks PostgreSQL's own error.
func (b *bed) wantSQLState(err error, state, message string) {
	b.t.Helper()
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || pg.Code != state || pg.Message != message || pg.Severity != "FATAL" {
		b.t.Errorf("got %v, want %s %s", err, state, message)
	}
}

// TestApplyImmediatelyRestarts is what a session, and a client that comes, see of
// a start and a stop.
func TestApplyImmediatelyRestarts(t *testing.T) {
	b := newBed(t, Options{RestartTime: time.Hour})
	if n := len(b.messages(types.SourceTypeDbInstance)); n != 1 {
		t.Errorf("%d events of the instance after the boot", n)
	}
	change := map[string]func(){
		"start": func() { b.startStream(types.ActivityStreamModeSync, true) },
		"stop":  func() { b.stopStream(true) },
	}
	for _, name := range []string{"start", "stop"} {
		idle, busy := b.connect(), b.connect()
		running := make(chan error, 1)
		go func() {
			_, err := busy.Exec(context.Background(), "select pg_sleep(60)")
			running <- err
		}()
		await.True(t, "the statement to run", func() bool {
			var n int
			err := idle.QueryRow(t.Context(), "select count(*) from pg_stat_activity where state = 'active' and query like '%pg_sleep(60)' and pid <> pg_backend_pid()").Scan(&n)
			return err == nil && n == 1
		})
		change[name]()
		want := "configuring-activity-stream " + map[string]string{"start": "starting", "stop": "stopping"}[name] + " configuring-activity-stream"
		if got := b.status(); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
		var pg *pgconn.PgError
		err := await.Receive(t, name+": the end of the statement", running)
		if !errors.As(err, &pg) || pg.Code != "57P01" && pg.Code != "57014" {
			t.Errorf("%s: the statement ended with %v", name, err)
		}
		_, err = pgx.Connect(t.Context(), b.PostgresURL())
		b.wantSQLState(err, "57P03", "the database system is starting up")
		_, err = idle.Exec(t.Context(), "select 1")
		b.wantSQLState(err, "57P01", "terminating connection due to administrator command")
		want = "available " + map[string]string{"start": "started", "stop": "stopped"}[name] + " available"
		await.Equal(t, want, want, func() string {
			b.clock.Advance(10 * time.Minute) // an hour from when the last session has gone
			return b.status()
		})
		b.connect()
	}
	restarts := []string{"DB instance shutdown", "DB instance restarted"}
	if got := b.messages(types.SourceTypeDbInstance)[1:]; !slices.Equal(got, append(restarts, restarts...)) {
		t.Errorf("events of the instance: %q", got)
	}
}

// TestRestartKeepsTheAddress restarts the instance in both ways.
func TestRestartKeepsTheAddress(t *testing.T) {
	b := newBed(t, Options{})
	b.connect()
	addr := b.PostgresURL()
	b.startStream(types.ActivityStreamModeAsync, true)
	b.awaitStatus("available started available")
	conn := b.connect()
	if _, err := b.rds.RebootDBInstance(t.Context(), &rds.RebootDBInstanceInput{DBInstanceIdentifier: aws.String("my-cluster-instance-1")}); err != nil {
		t.Fatal(err)
	}
	_, err := conn.Exec(t.Context(), "select 1")
	b.wantSQLState(err, "57P01", "terminating connection due to administrator command")
	if b.connect(); b.PostgresURL() != addr {
		t.Errorf("the instance moved from %s to %s", addr, b.PostgresURL())
	}
	endpoint, err := b.rds.DescribeDBInstances(t.Context(), &rds.DescribeDBInstancesInput{})
	if e := endpoint.DBInstances[0].Endpoint; err != nil || !strings.HasSuffix(b.PostgresAddr(), ":"+strconv.Itoa(int(*e.Port))) {
		t.Errorf("endpoint %v, %v", e, err)
	}
}

// TestMaintenanceWindow: without ApplyImmediately sessions go on until the window.
func TestMaintenanceWindow(t *testing.T) {
	b := newBed(t, Options{})
	ctx := t.Context()
	for b.clock.Now().UTC().Weekday() == time.Wednesday { // on which the window may begin any moment
		b.clock.Advance(time.Hour)
	}
	_, err := b.rds.ModifyDBCluster(ctx, &rds.ModifyDBClusterInput{DBClusterIdentifier: aws.String("my-cluster"), PreferredMaintenanceWindow: aws.String("Wed:22:00-Wed:23:00")})
	if err != nil {
		t.Fatal(err)
	}
	conn := b.connect()
	for _, status := range []string{"started", "stopped"} {
		if status == "started" {
			b.startStream(types.ActivityStreamModeAsync, false)
		} else {
			b.stopStream(false)
		}
		p, err := b.rds.DescribePendingMaintenanceActions(ctx, &rds.DescribePendingMaintenanceActionsInput{})
		if err != nil || len(p.PendingMaintenanceActions) != 1 {
			t.Fatalf("pending %+v, %v", p, err)
		}
		due := *p.PendingMaintenanceActions[0].PendingMaintenanceActionDetails[0].CurrentApplyDate
		if due.Weekday() != time.Wednesday || due.Format("15:04:05") != "22:00:00" || !due.After(b.clock.Now()) || due.Sub(b.clock.Now()) > 7*24*time.Hour {
			t.Errorf("due %v, now %v", due, b.clock.Now())
		}
		b.clock.Advance(due.Sub(b.clock.Now()) - time.Minute)
		if _, err := conn.Exec(ctx, "select 1"); err != nil {
			t.Error("before the window:", err)
		}
		b.clock.Advance(time.Minute)
		b.awaitStatus("available " + status + " available")
		_, err = conn.Exec(ctx, "select 1")
		b.wantSQLState(err, "57P01", "terminating connection due to administrator command")
		conn = b.connect()
	}
}

// TestInstancesOfAStartedStream: one that is added is audited at once under its own
// id, and one that is removed leaves the stream as it is.
func TestInstancesOfAStartedStream(t *testing.T) {
	b := newBed(t, Options{StartStream: "sync"})
	ctx := b.within()
	first := b.connect()
	if _, err := first.Exec(ctx, "select 'first'"); err != nil {
		t.Fatal(err)
	}
	_, err := b.rds.CreateDBInstance(ctx, &rds.CreateDBInstanceInput{DBInstanceIdentifier: aws.String("second"), DBInstanceClass: aws.String("db.r5.large"),
		Engine: aws.String("aurora-postgresql"), DBClusterIdentifier: aws.String("my-cluster")})
	if err != nil {
		t.Fatal(err)
	}
	d, err := b.rds.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: aws.String("second")})
	if err != nil {
		t.Fatal(err)
	}
	i := d.DBInstances[0]
	conf, err := pgx.ParseConfig(b.PostgresURL())
	if err != nil {
		t.Fatal(err)
	}
	conf.Host, conf.Port = *i.Endpoint.Address, uint16(*i.Endpoint.Port)
	second, err := pgx.ConnectConfig(ctx, conf)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close(context.Background())
	if _, err := second.Exec(ctx, "select 'second'"); err != nil {
		t.Fatal(err)
	}
	ids := map[string]string{}
	for event, err := range b.Events(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		if event.CommandText != nil {
			ids[*event.CommandText] = event.InstanceID
		}
		if ids["select 'second'"] != "" && ids["select 'first'"] != "" {
			break
		}
	}
	if ids["select 'second'"] != *i.DbiResourceId || ids["select 'first'"] == *i.DbiResourceId {
		t.Errorf("instances %v; the second is %s", ids, *i.DbiResourceId)
	}
	if _, err := b.rds.DeleteDBInstance(ctx, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: aws.String("second"), SkipFinalSnapshot: aws.Bool(true)}); err != nil {
		t.Fatal(err)
	}
	if got := b.status(); got != "available started available" {
		t.Error(got)
	}
	if _, err := first.Exec(ctx, "select 'still'"); err != nil {
		t.Error(err)
	}
}

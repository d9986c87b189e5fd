package e2e

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/das-local/das-local/e2e/testbed"
	"github.com/das-local/das-local/internal/await"
)

// inbox is an HTTP endpoint that collects what is posted to it.
type inbox struct {
	url   string
	posts chan []byte
}

func newInbox(t *testing.T) inbox {
	t.Helper()
	box := inbox{posts: make(chan []byte, 1000)}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if body, err := io.ReadAll(r.Body); err == nil {
			box.posts <- body
		}
	}))
	t.Cleanup(server.Close)
	box.url = server.URL
	return box
}

// await reads posts until one is right.
func (b inbox) await(t *testing.T, what string, ok func(body []byte) bool) {
	t.Helper()
	for ctx := within(t); ; {
		select {
		case body := <-b.posts:
			if ok(body) {
				return
			}
		case <-ctx.Done():
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// sqlState is PostgreSQL's code in an error, or its text.
func sqlState(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	if err == nil {
		return "no error"
	}
	return err.Error()
}

// TestFailureByCommandLine takes an operator through a failure of the key: the
// stream is started, the key disabled, the instance shut down, and all is brought
// back, with the RDS events that tell of it.
func TestFailureByCommandLine(t *testing.T) {
	topic, bus := newInbox(t), newInbox(t)
	p := startDAS(t, "--start-stream=off", "--on-stream-failure=stop-instance", "--key-reuse=-1s", "--sync-timeout=5s", "--heartbeat=0",
		"--sns-topic=das="+topic.url, "--event-bus="+bus.url)
	aws := newCLI(t, p)
	run := func(out any, args ...string) {
		t.Helper()
		aws.ok(out, append(args, "--region", "us-east-1", "--endpoint-url", p.Endpoint, "--profile", profile)...)
	}
	ctx := within(t)
	run(nil, "rds", "create-event-subscription", "--subscription-name", "ops", "--source-type", "db-cluster", "--event-categories", "failure", "notification",
		"--sns-topic-arn", "arn:aws:sns:us-east-1:000000000000:das")
	var key struct{ KeyMetadata struct{ Arn string } }
	run(&key, "kms", "create-key")
	startPending(t, p, run, key.KeyMetadata.Arn)
	bus.await(t, "the start on the event bus", func(body []byte) bool {
		var e struct{ Detail struct{ EventID string } }
		return json.Unmarshal(body, &e) == nil && e.Detail.EventID == "RDS-EVENT-0179"
	})

	conn, err := pgx.Connect(ctx, p.URL("postgres", "postgres", "failure"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	run(nil, "kms", "disable-key", "--key-id", key.KeyMetadata.Arn)
	if _, err := conn.Exec(ctx, "select 2"); sqlState(err) != "57P01" {
		t.Errorf("a statement that cannot be recorded: %v", err)
	}
	if _, err := pgx.Connect(ctx, p.URL("postgres", "postgres", "late")); sqlState(err) != "57P03" {
		t.Errorf("a new session: %v", err)
	}
	var d struct {
		DBInstances []struct{ DBInstanceStatus string }
	}
	run(&d, "rds", "describe-db-instances")
	if got := d.DBInstances[0].DBInstanceStatus; got != "stopped" && got != "stopping" {
		t.Errorf("the instance is %s", got)
	}
	notified := func(what string) {
		topic.await(t, what, func(body []byte) bool {
			var n struct{ Type, Message string }
			return json.Unmarshal(body, &n) == nil && n.Type == "Notification" && strings.Contains(n.Message, what)
		})
	}
	notified("activity events might be lost from now on")
	notified("are shut down")
	run(nil, "kms", "enable-key", "--key-id", key.KeyMetadata.Arn)
	notified("activity events are durable again. Events lost: 0")
	startAgain(t, p, run)
	// The session that was ended is in the stream with all it did.
	tail, err := p.Tail()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := tail.Stop(); err != nil {
			t.Error(err)
		}
	}()
	events, err := tail.AwaitSession(ctx, "failure")
	if err != nil || len(events) != 3 || events[2].Command != "DISCONNECT" {
		t.Errorf("the session's events: %v, %v", events, err)
	}
}

// startPending starts the stream without --apply-immediately: a session goes on until the
// change is applied.
func startPending(t *testing.T, p *testbed.Process, run func(out any, args ...string), key string) {
	t.Helper()
	ctx := within(t)
	const arn = "arn:aws:rds:us-east-1:000000000000:cluster:my-cluster"
	early, err := pgx.Connect(ctx, p.URL("postgres", "postgres", "early"))
	if err != nil {
		t.Fatal(err)
	}
	defer early.Close(ctx)
	run(nil, "rds", "start-activity-stream", "--mode", "sync", "--kms-key-id", key, "--resource-arn", arn)
	var pending struct {
		PendingMaintenanceActions []struct {
			PendingMaintenanceActionDetails []struct{ Action, OptInStatus, CurrentApplyDate string }
		}
	}
	run(&pending, "rds", "describe-pending-maintenance-actions", "--resource-identifier", arn)
	if len(pending.PendingMaintenanceActions) != 1 || pending.PendingMaintenanceActions[0].PendingMaintenanceActionDetails[0].CurrentApplyDate == "" {
		t.Fatalf("pending: %+v", pending)
	}
	if _, err := early.Exec(ctx, "select 1"); err != nil {
		t.Error(err)
	}
	run(nil, "rds", "apply-pending-maintenance-action", "--resource-identifier", arn, "--opt-in-type", "immediate",
		"--apply-action", pending.PendingMaintenanceActions[0].PendingMaintenanceActionDetails[0].Action)
	await.Equal(t, "the stream", "started", func() string {
		var d describeClusters
		run(&d, "rds", "describe-db-clusters")
		return d.DBClusters[0].ActivityStreamStatus
	})
	if _, err := early.Exec(ctx, "select 1"); sqlState(err) != "57P01" {
		t.Errorf("the session of before: %v", err)
	}
}

// startAgain starts the instance that the failure has stopped, and looks at its events.
func startAgain(t *testing.T, p *testbed.Process, run func(out any, args ...string)) {
	t.Helper()
	ctx := within(t)
	const instance = "my-cluster-instance-1"
	run(nil, "rds", "start-db-instance", "--db-instance-identifier", instance)
	run(nil, "rds", "wait", "db-instance-available", "--db-instance-identifier", instance)
	again, err := pgx.Connect(ctx, p.URL("postgres", "postgres", "again"))
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Close(ctx); err != nil {
		t.Error(err)
	}
	var messages struct {
		Events []struct {
			Message         string
			EventCategories []string
		}
	}
	run(&messages, "rds", "describe-events", "--source-type", "db-instance", "--source-identifier", instance, "--event-categories", "notification")
	if m := messages.Events; len(m) != 2 || m[0].Message != "DB instance stopped" || m[1].Message != "DB instance started" {
		t.Errorf("events %+v", m)
	}
}

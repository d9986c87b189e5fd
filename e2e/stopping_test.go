package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	rdstypes "github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/jackc/pgx/v5"

	"github.com/das-local/das-local/e2e/testbed"
	"github.com/das-local/das-local/internal/await"
)

// advance puts a das-local's clock forward.
func advance(t *testing.T, p *testbed.Process, by string) {
	t.Helper()
	answer, err := http.Post(p.Endpoint+"/_das/clock", "application/json", strings.NewReader(`{"advance": "`+by+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatal(answer.Status)
	}
}

// background runs a command; its result comes when it has ended.
func background(t *testing.T, args ...string) (*testbed.Log, <-chan result) {
	t.Helper()
	cmd := das(t, args...)
	out, errs, done := new(testbed.Log), new(bytes.Buffer), make(chan result, 1)
	cmd.Stdout, cmd.Stderr = out, errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = cmd.Wait() // the exit code says it
		done <- result{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
	}()
	return out, done
}

// TestConsumersSeeTheStop has a session that is open when the stream is stopped. Who
// polls, and who begins to read when the stream is stopping, get the end of the session
// and the stop itself; then the stream ends for who follows it.
func TestConsumersSeeTheStop(t *testing.T) {
	ctx := within(t)
	p := startDAS(t, "--start-stream=off", "--stop-time=1h", "--heartbeat=1s")
	sdk := newCloud(p)
	cluster := sdk.startStream(ctx, t, rdstypes.ActivityStreamModeAsync)
	lines := consume(t, p, *cluster.DbClusterResourceId)
	commands := func() (list []string) {
		select {
		case line, ok := <-lines:
			var in inner
			if err := json.Unmarshal([]byte(line), &in); err != nil || !ok {
				t.Fatalf("the consumer printed %.300q: %v", line, err)
			}
			for _, raw := range in.Events {
				if e, err := testbed.ParseEvent(raw); err != nil {
					t.Fatal(err)
				} else if e.Type != "heartbeat" {
					list = append(list, e.Command)
				}
			}
		case <-ctx.Done():
			t.Fatal("the consumer prints nothing more")
		}
		return list
	}
	commands() // a heartbeat: it reads from LATEST on, and is there now
	conn, err := pgx.Connect(ctx, p.URL("postgres", "postgres", "open"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := sdk.rds.StopActivityStream(ctx, &rds.StopActivityStreamInput{ResourceArn: cluster.DBClusterArn, ApplyImmediately: aws.Bool(true)}); err != nil {
		t.Fatal(err)
	}
	var polled []string
	for !strings.HasSuffix(strings.Join(polled, " "), "StopActivityStream") {
		polled = append(polled, commands()...)
	}
	if got := strings.Join(polled, " "); got != "CONNECT DISCONNECT StopActivityStream" {
		t.Errorf("the consumer polled %s", got)
	}
	if got := *sdk.cluster(ctx, t, "my-cluster").Status; got != "configuring-activity-stream" {
		t.Errorf("the cluster is %s", got)
	}

	out, tail := background(t, "tail", "--endpoint", p.Endpoint)
	await.True(t, "the stop is printed", func() bool { return strings.Contains(out.String(), `"StopActivityStream"`) })
	if !strings.Contains(out.String(), `"DISCONNECT"`) {
		t.Errorf("tail printed\n%s", out)
	}
	await.True(t, "a session while the stream is stopping", func() bool {
		late, err := pgx.Connect(ctx, p.URL("postgres", "postgres", "late"))
		if err == nil {
			err = late.Close(ctx)
		}
		return err == nil
	})
	var ended result
	await.True(t, "tail ends", func() bool {
		advance(t, p, "1h")
		select {
		case ended = <-tail:
			return true
		default:
			return false
		}
	})
	if name := *cluster.ActivityStreamKinesisStreamName; ended.code != 0 || ended.stderr != "the activity stream "+name+" was stopped\n" {
		t.Errorf("tail ended with %d\n%s", ended.code, ended.stderr)
	}
	sdk.awaitStatus(ctx, t, "my-cluster", rdstypes.ActivityStreamStatusStopped)
}

// TestTailWithoutTheKey: a tail that could read nothing fails, and says in one line how
// much that was, why, and what helps.
func TestTailWithoutTheKey(t *testing.T) {
	ctx := within(t)
	p := startDAS(t, "--start-stream=off")
	sdk := newCloud(p)
	sdk.startStream(ctx, t, rdstypes.ActivityStreamModeSync)
	for range 3 { // each has a record of its own: the sessions wait for them
		if r := psql(t, p.PGPort, "postgres", "postgres", "", "select 1;\n"); r.code != 0 {
			t.Fatal(r.stderr)
		}
	}
	key := sdk.cluster(ctx, t, "my-cluster").ActivityStreamKmsKeyId
	if _, err := sdk.kms.DisableKey(ctx, &kms.DisableKeyInput{KeyId: key}); err != nil {
		t.Fatal(err)
	}
	r := runCmd(t, das(t, "tail", "--no-follow", "--endpoint", p.Endpoint))
	lines := strings.Split(strings.TrimSpace(r.stderr), "\n")
	last := lines[len(lines)-1]
	if r.code != 1 || r.stdout != "" || len(lines) != 2 || !strings.HasPrefix(last, "das-local tail: ") ||
		!strings.Contains(last, " records could not be read, the last because of this: DisabledException: ") || !strings.Contains(last, "aws kms enable-key") {
		t.Errorf("exit code %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	if _, err := sdk.kms.EnableKey(ctx, &kms.EnableKeyInput{KeyId: key}); err != nil {
		t.Fatal(err)
	}
}

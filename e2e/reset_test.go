package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/das-local/das-local/internal/await"
)

// TestResetCommand: whatever was made since the start is gone after das-local reset.
func TestResetCommand(t *testing.T) {
	ctx := within(t)
	p := startDAS(t, "--start-stream=sync", "--heartbeat=0")
	ok := func(args ...string) string {
		t.Helper()
		return mustRun(t, das(t, append(args, "--endpoint", p.Endpoint)...))
	}
	sdk := newCloud(p)
	state := func() string {
		t.Helper()
		keys, err := sdk.kms.ListKeys(ctx, &kms.ListKeysInput{})
		if err != nil {
			t.Fatal(err)
		}
		streams, err := sdk.kinesis.ListStreams(ctx, &kinesis.ListStreamsInput{})
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal([]any{keys.Keys, streams.StreamNames})
		if err != nil {
			t.Fatal(err)
		}
		return string(text) + ok("status", "--format", "json") + ok("fault", "list", "--format", "json") + ok("tail", "--no-follow")
	}
	clean := state()
	if _, err := sdk.kms.CreateKey(ctx, &kms.CreateKeyInput{}); err != nil {
		t.Fatal(err)
	}
	if _, err := sdk.kinesis.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: aws.String("another"), ShardCount: aws.Int32(1)}); err != nil {
		t.Fatal(err)
	}
	if r := psql(t, p.PGPort, "postgres", "postgres", "e2e-reset", "select 'before the reset';\n"); r.code != 0 {
		t.Fatal(r.stderr)
	}
	// It ends a little later than psql: not after the reset.
	await.True(t, "the session's end", func() bool { return strings.Contains(ok("tail", "--no-follow"), `"DISCONNECT"`) })
	ok("fault", "add", "throttle", "--operations", "rds:DescribeEvents", "--probability", "0.5")
	ok("fault", "add", "clock-jump", "--advance", "3h")
	clock := func(args ...string) (ahead string) {
		t.Helper()
		var c struct{ Ahead string }
		if err := json.Unmarshal([]byte(ok(append([]string{"clock", "--format", "json"}, args...)...)), &c); err != nil {
			t.Fatal(err)
		}
		return c.Ahead
	}
	if first, then := clock("--advance", "30m"), clock(); first != "3h30m0s" || then != first {
		t.Errorf("the clock is %s ahead, then %s", first, then)
	}
	if r := runCmd(t, das(t, "clock", "--advance", "-1h", "--endpoint", p.Endpoint)); r.code != 1 || !strings.Contains(r.stderr, "time does not go back") {
		t.Errorf("back: %+v", r)
	}
	if used := state(); used == clean || !strings.Contains(used, "before the reset") || !strings.Contains(used, "another") {
		t.Fatalf("nothing to reset: %s", used)
	}

	var took struct{ Milliseconds float64 }
	if err := json.Unmarshal([]byte(ok("reset", "--format", "json")), &took); err != nil || took.Milliseconds <= 0 {
		t.Errorf("%+v: %v", took, err)
	}
	if after := state(); after != clean {
		t.Errorf("after the reset:\n%s\nat the start:\n%s", after, clean)
	}
	if ahead := clock(); ahead != "0s" {
		t.Errorf("the clock is %s ahead after the reset", ahead)
	}
	if events := ok("events"); events != "" {
		t.Errorf("RDS events are left: %s", events)
	}
	if r := psql(t, p.PGPort, "postgres", "postgres", "e2e-reset", "select 'after the reset';\n"); r.code != 0 {
		t.Fatal(r.stderr)
	}
	if text := ok("tail", "--no-follow"); !strings.Contains(text, "after the reset") || strings.Contains(text, "before the reset") {
		t.Errorf("the stream has %s", text)
	}
	if text := ok("reset"); !strings.HasPrefix(text, "reset in ") {
		t.Errorf("reset prints %q", text)
	}
	ok("reset", "--format", "table")
	if r := runCmd(t, das(t, "reset", "now", "--endpoint", p.Endpoint)); r.code != 2 {
		t.Errorf("reset now: %+v", r)
	}
	if r := runCmd(t, das(t, "reset", "--endpoint", "http://127.0.0.1:1")); r.code != 1 || r.stdout != "" {
		t.Errorf("reset of nobody: %+v", r)
	}
}

// TestResetIsRefused: what others keep is not thrown away.
func TestResetIsRefused(t *testing.T) {
	x := newElsewhere(t, "")
	p := startDAS(t, x.args("--start-stream=sync", "--heartbeat=0")...)
	r := runCmd(t, das(t, "reset", "--endpoint", p.Endpoint))
	if r.code != 1 || r.stdout != "" {
		t.Errorf("%+v", r)
	}
	sentence(t, r.stderr, "the records of an external Kinesis are not das-local's to delete")
	var c struct{ StreamStatus string }
	if err := json.Unmarshal([]byte(mustRun(t, das(t, "status", "--endpoint", p.Endpoint, "--format", "json"))), &c); err != nil || c.StreamStatus != "started" {
		t.Errorf("%+v: %v", c, err)
	}
}

// TestHealthCommand asks who runs, who does not, and the wrong one.
func TestHealthCommand(t *testing.T) {
	health := func(args ...string) result {
		t.Helper()
		return runCmd(t, das(t, append([]string{"health"}, args...)...))
	}
	if r := health("--endpoint", bed.proc.Endpoint); r.code != 0 || r.stdout != "ready\n" {
		t.Errorf("%+v", r)
	}
	r := health("--endpoint", bed.proc.Endpoint, "--format", "json")
	var answer struct {
		Status string
		Stream struct{ Status string }
	}
	if err := json.Unmarshal([]byte(r.stdout), &answer); err != nil || answer.Status != "ready" || answer.Stream.Status != "started" {
		t.Errorf("%+v: %v", r, err)
	}
	if r := health("--endpoint", bed.proc.Endpoint, "--format", "table"); r.code != 0 || !strings.HasPrefix(r.stdout, "STATUS ") {
		t.Errorf("%+v", r)
	}
	for endpoint, want := range map[string]string{
		"http://127.0.0.1:1": "nothing answers at http://127.0.0.1:1",
		fmt.Sprintf("http://127.0.0.1:%d", bed.proc.PGPort): "does not speak HTTP",
	} {
		if r := health("--endpoint", endpoint); r.code != 1 || r.stdout != "" || !strings.Contains(r.stderr, want) {
			t.Errorf("%s: %+v", endpoint, r)
		}
	}
	if r := health("--endpoint", "localhost"); r.code != 2 {
		t.Errorf("%+v", r)
	}
}

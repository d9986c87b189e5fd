package e2e

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	rdstypes "github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/das-local/das-local/e2e/testbed"
)

// TestSeedConsumer runs the Python consumer of the Aurora user guide (2019)
// with its two placeholders filled in, and nothing else.
func TestSeedConsumer(t *testing.T) {
	ctx := within(t)
	p := startDAS(t, "--start-stream=off")
	cluster := newCloud(p).startStream(ctx, t, rdstypes.ActivityStreamModeAsync)
	lines := consume(t, p, *cluster.DbClusterResourceId)
	next := func() inner {
		select {
		case line, ok := <-lines:
			var in inner
			if !ok {
				t.Fatal("the consumer ended")
			}
			if err := json.Unmarshal([]byte(line), &in); err != nil {
				t.Fatalf("the consumer printed %.300q: %v", line, err)
			}
			return in
		case <-ctx.Done():
			t.Fatal("the consumer printed nothing more: ", ctx.Err())
		}
		return inner{}
	}
	next() // a heartbeat: it reads from LATEST on, and is there now
	if r := psql(t, p.PGPort, "rdsadmin", "postgres", "", "select 'read by the guide''s own program';\n"); r.code != 0 {
		t.Fatalf("psql: %s", r.stderr)
	}
	var commands []string
	for !slices.Contains(commands, "DISCONNECT") {
		for _, raw := range next().Events {
			e, err := testbed.ParseEvent(raw)
			if err != nil {
				t.Fatal(err)
			}
			if e.Application() == "psql" {
				commands = append(commands, e.Command)
			}
		}
	}
	if want := []string{"CONNECT", "SELECT", "DISCONNECT"}; !slices.Equal(commands, want) {
		t.Errorf("the consumer printed the commands %v, want %v", commands, want)
	}
}

// consume starts the consumer and yields the lines that it prints.
func consume(t *testing.T, p *testbed.Process, resourceID string) <-chan string {
	t.Helper()
	root, err := testbed.ModuleRoot()
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(filepath.Join(root, "testdata", "consumers", "python", "seed_consumer.py"))
	if err != nil {
		t.Fatal(err)
	}
	filled := strings.NewReplacer("<region>", "us-east-1", "<external-resource-id>", resourceID).Replace(string(program))
	path := filepath.Join(t.TempDir(), "consumer.py")
	if err := os.WriteFile(path, []byte(filled), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := python(t, "python", "-u", path)
	cmd.Env = append(cmd.Env, awsEnv(p, "us-east-1")...)
	stderr := new(testbed.Log)
	cmd.Stderr = stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines, stop, done := make(chan string), make(chan struct{}), make(chan struct{})
	go func() { // ends with the program's output, or at the test's end
		defer close(done)
		defer close(lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			select {
			case lines <- s.Text():
			case <-stop:
				return
			}
		}
	}()
	t.Cleanup(func() {
		close(stop)
		_ = cmd.Process.Signal(syscall.SIGKILL)
		<-done
		_ = cmd.Wait() // killed: its status says nothing
		if t.Failed() {
			t.Logf("the consumer's standard error:\n%s", stderr)
		}
	})
	return lines
}

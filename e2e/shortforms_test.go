package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestShortForms drives a stream by das-local's own commands.
func TestShortForms(t *testing.T) {
	p := startDAS(t, "--start-stream=off", "--heartbeat=0")
	command := func(args ...string) result {
		t.Helper()
		return runCmd(t, das(t, append(args, "--endpoint", p.Endpoint)...))
	}
	ok := func(args ...string) string {
		t.Helper()
		r := command(args...)
		if r.code != 0 {
			t.Fatalf("%s: exit code %d: %s", args, r.code, r.stderr)
		}
		return r.stdout
	}
	type cluster struct {
		Cluster, Stream, StreamStatus, Mode string
		Instances                           []struct{ Instance, Status string }
	}
	status := func() cluster {
		t.Helper()
		var one cluster
		if err := json.Unmarshal([]byte(ok("status", "--format", "json")), &one); err != nil {
			t.Fatal(err)
		}
		return one
	}
	if c := status(); c.Cluster != "my-cluster" || c.StreamStatus != "stopped" || len(c.Instances) != 1 || c.Instances[0].Status != "available" {
		t.Errorf("%+v", c)
	}
	name := strings.TrimSpace(ok("start-activity-stream", "--mode", "sync"))
	if c := status(); c.StreamStatus != "started" || c.Mode != "sync" || c.Stream != name {
		t.Errorf("%+v; the start printed %q", c, name)
	}
	again := command("start-activity-stream")
	if again.code != 1 || !strings.Contains(again.stderr, "expected to be stopped") {
		t.Errorf("a second start: %+v", again)
	}
	url := p.URL("postgres", "postgres", "short forms")
	if out, err := exec.CommandContext(t.Context(), "psql", url, "-c", "SELECT 'for the table'").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	table := ok("tail", "--no-follow", "--format", "table")
	if !strings.Contains(table, "for the table") || !strings.HasPrefix(table, "TIME ") || strings.Contains(table, "\x1b") {
		t.Errorf("the table is %q", table)
	}
	if text := ok("status"); !strings.Contains(text, "started") || !strings.Contains(text, "my-cluster-instance-1") {
		t.Errorf("status is %q", text)
	}
	ok("stop-activity-stream", "--cluster", "my-cluster")
	if c := status(); c.StreamStatus != "stopped" {
		t.Errorf("%+v", c)
	}
	if events := ok("events"); !strings.Contains(events, "is started on") || !strings.Contains(events, "is stopped on") {
		t.Errorf("events are %q", events)
	}
	if r := command("events", "--since", "1s"); r.code != 2 {
		t.Errorf("events --since 1s: %+v", r)
	}
	if r := command("start-activity-stream", "--cluster", "other"); r.code != 1 || !strings.Contains(r.stderr, "DBClusterNotFoundFault") {
		t.Errorf("another cluster: %+v", r)
	}
}

// TestDoctor: it names what would not work, and the fix.
func TestDoctor(t *testing.T) {
	free := runCmd(t, das(t, "doctor", "--listen", "127.0.0.1:0", "--aws-listen", "127.0.0.1:0"))
	if free.code != 0 {
		t.Errorf("exit code %d: %s", free.code, free.stdout)
	}
	addr := strings.TrimPrefix(bed.proc.Endpoint, "http://")
	taken := runCmd(t, das(t, "doctor", "--listen", addr, "--aws-listen", "127.0.0.1:0", "--format", "json"))
	if taken.code != 1 || !strings.Contains(taken.stdout, addr+" is taken") || !strings.Contains(taken.stdout, "give another address with --listen") {
		t.Errorf("%+v", taken)
	}
	if runs := runCmd(t, das(t, "doctor", "--listen", "127.0.0.1:0", "--aws-listen", addr)); runs.code != 0 || !strings.Contains(runs.stdout, "das-local runs at") {
		t.Errorf("%+v", runs)
	}
}

// TestCompletion completes a command and a flag in bash.
func TestCompletion(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink(bed.bin, filepath.Join(dir, "das-local")); err != nil {
		t.Fatal(err)
	}
	complete := func(words ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "bash", "-c", `source <(das-local completion bash)
			COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _das_local; echo "${COMPREPLY[*]}"`, "bash")
		cmd.Args = append(cmd.Args, words...)
		cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"))
		cmd.WaitDelay = 5 * time.Second
		return strings.TrimSpace(mustRun(t, cmd))
	}
	for want, words := range map[string][]string{
		"tail":                  {"das-local", "ta"},
		"--no-follow":           {"das-local", "tail", "--no"},
		"--data-dir":            {"das-local", "--data"},
		"stop-activity-stream":  {"das-local", "stop"},
		"--heartbeats":          {"das-local", "decrypt", "--he"},
		"--max-command-text":    {"das-local", "up", "--max"},
		"start-activity-stream": {"das-local", "start"},
	} {
		if got := complete(words...); got != want {
			t.Errorf("%q is completed to %q, not %q", words, got, want)
		}
	}
	if r := runCmd(t, das(t, "completion", "tcsh")); r.code != 2 || !strings.Contains(r.stderr, "bash, zsh or fish") {
		t.Errorf("%+v", r)
	}
}

package rdsapi

import (
	"errors"
	"log/slog"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// dead is a directory of a process that ended without notice, with a started stream.
func dead(t *testing.T, mode, onFailure string, last func(*Server)) (dir string) {
	t.Helper()
	dir = t.TempDir()
	disk := openStore(t, dir, nil)
	s, err := New(Config{Store: disk, Keys: keys{}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.CreateCluster(t.Context(), ClusterOptions{ID: "my-cluster", Instances: []string{"i"}, Tags: map[string]string{TagOnStreamFailure: onFailure}})
	if err == nil {
		err = s.StartStream(t.Context(), "my-cluster", mode, keyID)
	}
	if err != nil {
		t.Fatal(err)
	}
	last(s)
	disk.Close()
	return dir
}

// TestADeathInAWindowOfLoss: the next process ends the window, and says that the loss is
// not known.
func TestADeathInAWindowOfLoss(t *testing.T) {
	for _, mode := range []string{"sync", "async"} {
		dir := dead(t, mode, Continue, func(s *Server) { s.RecordLossBegin("my-cluster", syscall.EIO) })
		b := start(t, Config{Store: openStore(t, dir, nil)})
		if err := b.Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
		b.RecordKilled()
		ends := b.messages(t, "my-cluster", "notification")
		want := "Database Activity Streams: activity events are durable again. Events lost: 0; " +
			"and those of the last moments of the emulator, which ended without notice, cannot be counted"
		if !slices.Equal(ends, []string{want}) {
			t.Errorf("%s: the ends of windows are %q", mode, ends)
		}
		failures := b.messages(t, "my-cluster", "failure")
		if len(failures) != 2 || !strings.Contains(failures[0], "might be lost from now on") || !strings.Contains(failures[1], "ended without notice") {
			t.Errorf("%s: the failures are %q", mode, failures)
		}
		if b.clusters["my-cluster"].stream.loss {
			t.Errorf("%s: the window is still open", mode)
		}
	}
}

// TestAStreamThatDoesNotStartAgain: instances that must not work without it come up shut.
func TestAStreamThatDoesNotStartAgain(t *testing.T) {
	for onFailure, want := range map[string]string{Continue: statusAvailable, StopInstance: statusStopped} {
		dir := dead(t, "sync", onFailure, func(*Server) {})
		c := &controllers{startErr: errors.New("the queue cannot be read")}
		b := start(t, Config{Store: openStore(t, dir, nil), Streams: c})
		if err := b.Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := b.instanceStatus(t); got != want {
			t.Errorf("%s: the instance is %s", onFailure, got)
		}
		if is, _ := b.Cluster("my-cluster"); is.Status != want || is.StreamStatus != streamStopped {
			t.Errorf("%s: the cluster is %+v", onFailure, is)
		}
		calls := "; start instance i"
		if want == statusStopped {
			calls += ", shut"
		}
		if got := c.noted(); !strings.HasPrefix(got, "start stream ") || !strings.HasSuffix(got, calls) {
			t.Errorf("%s: calls %s", onFailure, got)
		}
		shut := slices.ContainsFunc(b.messages(t, "my-cluster", "failure"), func(m string) bool { return strings.Contains(m, "are shut down") })
		if shut != (want == statusStopped) {
			t.Errorf("%s: that instances are shut down is told: %v", onFailure, shut)
		}
	}
}

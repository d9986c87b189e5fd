//go:build unix

package pgserver

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/das-local/das-local/internal/await"
)

// ownerEnv makes the test binary own a server in the directory it names, until
// it is killed.
const ownerEnv = "DAS_LOCAL_PGSERVER_OWNER"

func ownServer(dir string) {
	s, err := Start(context.Background(), Config{Dir: dir, CacheDir: os.Getenv(ownerEnv + "_CACHE")})
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	fmt.Println("pid:", s.process.cmd.Process.Pid)
	select {}
}

func TestKilledOwner(t *testing.T) {
	dir := testDir(t)
	owner := exec.Command(os.Args[0])
	owner.Env = append(os.Environ(), ownerEnv+"="+dir, ownerEnv+"_CACHE="+cacheDir(t))
	out, err := owner.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := owner.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Sscanf(line, "pid: %d", &pid); err != nil {
		t.Fatalf("the owner says %q", line)
	}
	left, err := filepath.Glob(filepath.Join(dir, dirPrefix+"*"))
	if err != nil || len(left) != 1 {
		t.Fatal(left, err)
	}
	// A start beside a living owner leaves its directory alone.
	s := start(t, Config{Dir: dir, CacheDir: cacheDir(t)})
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left[0]); err != nil {
		t.Fatal("a living owner's directory was swept")
	}
	if err := owner.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = owner.Wait()             // it was killed
	if runtime.GOOS == "linux" { // elsewhere the kernel has no such signal
		awaitGone(t, pid)
	}
	s = start(t, Config{Dir: dir, CacheDir: cacheDir(t)})
	if _, err := os.Stat(left[0]); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("not swept: %v", err)
	}
	awaitGone(t, pid)
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	assertEmpty(t, dir)
}

// TestSweepStopsServer has a leftover whose postmaster still runs, as on a
// system without death signals.
func TestSweepStopsServer(t *testing.T) {
	dir := testDir(t)
	s := start(t, Config{Dir: dir, CacheDir: cacheDir(t)})
	if err := s.dir.lock.Close(); err != nil { // as the end of the owner does
		t.Fatal(err)
	}
	removed, err := sweep(dir)
	if err != nil || len(removed) != 1 {
		t.Fatal(removed, err)
	}
	<-s.Done()
	assertEmpty(t, dir)
	s.stopped = true // nothing is left to stop
}

func TestSweepLeavesOthersAlone(t *testing.T) {
	dir := testDir(t)
	for _, name := range []string{dirPrefix + "new", "something-else"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	old := filepath.Join(dir, dirPrefix+"old")
	if err := os.Mkdir(old, 0o755); err != nil {
		t.Fatal(err)
	}
	past := time.Now().Add(-2 * fresh)
	if err := os.Chtimes(old, past, past); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/", filepath.Join(dir, dirPrefix+"link")); err != nil {
		t.Fatal(err)
	}
	removed, err := sweep(dir)
	if err != nil || len(removed) != 1 || removed[0] != old {
		t.Error(removed, err)
	}
}

func awaitGone(t *testing.T, pid int) {
	t.Helper()
	await.True(t, fmt.Sprintf("the end of process %d", pid), func() bool {
		state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		zombie := err == nil && strings.Contains(string(state), ") Z ") // ended; nobody has taken note yet
		return zombie || errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
	})
}

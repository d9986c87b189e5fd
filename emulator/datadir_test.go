package emulator

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/das-local/das-local/internal/await"
	"github.com/das-local/das-local/kmsfake"
)

func startOn(t *testing.T, o Options) *Emulator {
	t.Helper()
	o.Logger = slog.New(slog.DiscardHandler)
	e, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close(context.Background()) })
	return e
}

// dataDir is the path of a directory to be, in one that every user can look into.
func dataDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "das-local-data-")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "data")
}

// ownAddress is where a test listens that comes back to the same port. Who asks for any
// port gets it on 127.0.0.1, and may be given one there that was free for a moment.
func ownAddress() string {
	if runtime.GOOS != "linux" {
		return "127.0.0.1:0" // elsewhere the loopback has no other addresses
	}
	pid := os.Getpid()
	return fmt.Sprintf("127.%d.%d.%d:0", 1+pid>>16&0x3f, pid>>8&0xff, 1+pid&0x7f)
}

// run runs statements in a session of its own.
func run(t *testing.T, e *Emulator, statements ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), e.PostgresURL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for _, sql := range statements {
		if _, err := conn.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

// texts reads the stream from its beginning until it has seen a text, and counts
// the texts before it.
func texts(t *testing.T, e *Emulator, last string) map[string]int {
	t.Helper()
	seen := map[string]int{}
	for event, err := range e.Events(await.Context(t)) {
		if err != nil {
			t.Fatal(err)
		}
		if event.CommandText != nil {
			if seen[*event.CommandText]++; *event.CommandText == last {
				return seen
			}
		}
	}
	t.Fatalf("the stream ends without %s", last)
	return nil
}

func TestADataDirKeepsEverything(t *testing.T) {
	dir := dataDir(t)
	e := startOn(t, Options{DataDir: dir, Listen: ownAddress(), StartStream: "sync", ClusterID: "kept", Seed: 7})
	run(t, e, "select 'before'", "create table kept (n int)")
	name, key, arn, listen := e.StreamName(), e.KeyARN(), e.ClusterARN(), e.listen.String()
	crashed := dataDir(t)                              // what a killed process leaves
	for _, part := range []string{"FORMAT", "state"} { // not the database: it belongs to another user
		if err := copyAll(filepath.Join(crashed, part), filepath.Join(dir, part)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Start(t.Context(), Options{DataDir: dir, Logger: slog.New(slog.DiscardHandler)}); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("a second emulator on the directory: %v", err)
	}
	if err := e.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for what, dir := range map[string]string{"after Close": dir, "after a crash": crashed} {
		t.Run(what, func(t *testing.T) {
			e := startOn(t, Options{DataDir: dir, Listen: listen, Seed: 7})
			if e.StreamName() != name || e.KeyARN() != key || e.ClusterARN() != arn || e.PostgresAddr() != listen || e.StreamStatus() != "started" {
				t.Errorf("stream %s (%s), key %s, cluster %s, address %s", e.StreamName(), e.StreamStatus(), e.KeyARN(), e.ClusterARN(), e.PostgresAddr())
			}
			if what == "after Close" {
				run(t, e, "insert into kept values (1)") // the embedded server's data is kept too
			}
			run(t, e, "select 'after'")
			if seen := texts(t, e, "select 'after'"); seen["select 'before'"] != 1 {
				t.Errorf("the stream has %v", seen)
			}
			if key, err := e.kms.CreateKey(t.Context(), kmsfake.KeyOptions{}); err != nil {
				t.Errorf("a new key %s: %v", key.ID, err)
			}
			if err := e.rds.StopStream(t.Context(), "kept"); err != nil {
				t.Error(err)
			}
			if err := e.Close(t.Context()); err != nil {
				t.Error(err)
			}
			if e = startOn(t, Options{DataDir: dir, StartStream: "async"}); e.StreamStatus() != "stopped" {
				t.Errorf("a stopped stream is %s after a restart", e.StreamStatus())
			}
			if err := e.Close(t.Context()); err != nil {
				t.Error(err)
			}
			_, err := Start(t.Context(), Options{DataDir: dir, AccountID: "123456789012", Logger: slog.New(slog.DiscardHandler)})
			if err == nil || !strings.Contains(err.Error(), "is of account 000000000000") {
				t.Errorf("with another account: %v", err)
			}
		})
	}
}

// TestASyncStreamOnABadDisk has sessions at work while the disk fails and recovers.
// Each statement must be in the stream once, in the session's order.
func TestASyncStreamOnABadDisk(t *testing.T) {
	var bad atomic.Bool
	e := startOn(t, Options{DataDir: dataDir(t), StartStream: "sync", SyncTimeout: time.Minute, Heartbeat: -1,
		fault: func(op, path string) error {
			if bad.Load() && (op == "sync" || op == "write") {
				return syscall.EIO
			}
			return nil
		}})
	const sessions, failures = 6, 4
	var written [sessions]int
	var enough atomic.Bool
	var wg sync.WaitGroup
	for session := range sessions {
		wg.Go(func() {
			conn, err := pgx.Connect(t.Context(), e.PostgresURL())
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close(context.Background())
			for ; !enough.Load(); written[session]++ {
				if _, err := conn.Exec(t.Context(), text(session, written[session]), pgx.QueryExecModeSimpleProtocol); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range failures {
		epoch := e.disk.Epoch()
		bad.Store(true)
		await.True(t, "the failure", func() bool { _, _, err := e.disk.Get(metaOwner); return err != nil })
		bad.Store(false)
		await.True(t, "the recovery", func() bool { return e.disk.Epoch() > epoch })
	}
	enough.Store(true)
	wg.Wait()
	run(t, e, "select 'last'")
	next := [sessions]int{}
	for event, err := range e.Events(await.Context(t)) {
		if err != nil {
			t.Fatal(err)
		}
		var session, n int
		if event.CommandText == nil || *event.CommandText == "select 'last'" {
			if event.CommandText != nil {
				break
			}
			continue
		}
		if _, err := fmt.Sscanf(*event.CommandText, "select %d -- %d", &n, &session); err != nil {
			continue
		}
		if n != next[session] {
			t.Fatalf("session %d: statement %d comes when %d is next", session, n, next[session])
		}
		next[session]++
	}
	if next != written {
		t.Errorf("the stream has %v statements of the sessions, they ran %v", next, written)
	}
}

func copyAll(to, from string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return os.CopyFS(to, os.DirFS(from))
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o600)
}

func text(session, n int) string { return fmt.Sprintf("select %d -- %d", n, session) }

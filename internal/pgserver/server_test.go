//go:build unix

package pgserver

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/das-local/das-local/internal/await"
	"github.com/das-local/das-local/internal/leakcheck"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(ownerEnv); dir != "" {
		ownServer(dir) // the process that TestKilledOwner kills
	}
	leakcheck.Main(m, func() (func() error, error) {
		return func() error {
			dir, err := shared()
			return errors.Join(err, os.RemoveAll(dir))
		}, nil
	})
}

// shared is a cache for the whole test run: one initdb, not one a test.
var shared = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "das-local-pgtest-") })

func start(t *testing.T, c Config) *Server {
	t.Helper()
	s, err := Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// testDir is a short, world-traversable directory: t.TempDir is closed to the
// user that the server runs as, and long.
func testDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "das-t-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func query(t *testing.T, url, sql string) string {
	t.Helper()
	conn, err := pgconn.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	res, err := conn.Exec(t.Context(), sql).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	last := res[len(res)-1]
	if len(last.Rows) == 0 {
		return last.CommandTag.String()
	}
	var cols []string
	for _, col := range last.Rows[0] {
		cols = append(cols, string(col))
	}
	return strings.Join(cols, " ")
}

func TestStartStop(t *testing.T) {
	dir, cache := testDir(t), testDir(t)
	var log lockedBuffer
	config := Config{
		Dir: dir, CacheDir: cache, Database: `my "db"`,
		Settings: map[string]string{"work_mem": "5MB", "cluster_name": `it's \ mine`},
		Logger:   slog.New(slog.NewTextHandler(&log, nil)),
	}
	s := start(t, config)
	got := query(t, s.URL(), `select current_database(), current_user, current_setting('work_mem'),
		current_setting('cluster_name'), current_setting('TimeZone'), pg_encoding_to_char(encoding)
		from pg_database where datname = current_database()`)
	if want := `my "db" postgres 5MB it's \ mine UTC UTF8`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, path := range []string{s.DataDir(), s.SocketDir()} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o700 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		if os.Geteuid() == 0 && info.Sys().(*syscall.Stat_t).Uid == 0 {
			t.Errorf("%s belongs to root", path)
		}
	}
	if got := query(t, "host="+s.SocketDir()+" port="+s.Addr()[len("127.0.0.1:"):]+" user=postgres dbname=postgres", "select 1"); got != "1" {
		t.Errorf("over the socket: %s", got)
	}
	pid := s.process.cmd.Process.Pid
	for range 2 {
		if err := s.Stop(); err != nil {
			t.Fatal(err)
		}
	}
	<-s.Done()
	assertEmpty(t, dir)
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the postmaster still runs: %v", err)
	}
	// The log tells of its begin and of its end.
	if n := strings.Count(log.String(), "initialising a PostgreSQL"); n != 2 {
		t.Errorf("%d times initialised in %s", n, log.String())
	}
	start(t, config)
	if n := strings.Count(log.String(), "initialising a PostgreSQL"); n != 2 {
		t.Errorf("initialised again: %s", log.String())
	}
}

func TestRestartKeepsDataAndPort(t *testing.T) {
	s := start(t, Config{Dir: testDir(t), CacheDir: cacheDir(t)})
	query(t, s.URL(), "create table t as select 42 as x")
	before, done := s.Port(), s.Done()
	conn, err := pgconn.Connect(t.Context(), s.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-done
	if _, err := conn.Exec(t.Context(), "select 1").ReadAll(); err == nil {
		t.Error("a session outlived the crash")
	}
	if got := query(t, s.URL(), "select x from t"); got != "42" || s.Port() != before {
		t.Errorf("got %s on port %d, want 42 on %d", got, s.Port(), before)
	}
}

// TestRestartWaitsForItsPort: somebody else may have got it while the server was down.
func TestRestartWaitsForItsPort(t *testing.T) {
	var log lockedBuffer
	s := start(t, Config{Dir: testDir(t), CacheDir: cacheDir(t), Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err := s.Kill(); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	restarted := make(chan error, 1)
	go func() { restarted <- s.Restart(t.Context()) }()
	await.True(t, "the server to miss its port", func() bool { return strings.Contains(log.String(), "Address already in use") })
	l.Close()
	if err := await.Receive(t, "the restart", restarted); err != nil {
		t.Fatal(err)
	}
	if got := query(t, s.URL(), "select 1"); got != "1" {
		t.Error(got)
	}
}

func TestPassword(t *testing.T) {
	s := start(t, Config{Dir: testDir(t), CacheDir: cacheDir(t), Password: `o'h \dear`})
	if got := query(t, s.URL(), "select 1"); got != "1" {
		t.Error(got)
	}
	_, err := pgconn.Connect(t.Context(), "postgres://postgres:wrong@"+s.Addr()+"/postgres?sslmode=disable")
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) || pgErr.Code != "28P01" {
		t.Errorf("got %v, want an authentication failure", err)
	}
}

func TestDamagedTemplate(t *testing.T) {
	dir, cache := testDir(t), filepath.Join(testDir(t), "cache")
	start(t, Config{Dir: dir, CacheDir: cacheDir(t)})
	if err := copyTree(cache, cacheDir(t), func(string) error { return nil }); err != nil {
		t.Fatal(err)
	}
	found, err := filepath.Glob(filepath.Join(cache, templatePrefix+"*", "global", "pg_control"))
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	if err := os.Truncate(found[0], 100); err != nil {
		t.Fatal(err)
	}
	s := start(t, Config{Dir: dir, CacheDir: cache})
	if got := query(t, s.URL(), "select 1"); got != "1" {
		t.Error(got)
	}
}

func TestTwoAtOnce(t *testing.T) {
	dir, cache := testDir(t), testDir(t)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			s, err := Start(t.Context(), Config{Dir: dir, CacheDir: cache})
			if err != nil {
				t.Error(err)
				return
			}
			if err := s.Stop(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	assertEmpty(t, dir)
	if found, _ := os.ReadDir(cache); len(found) != 1 {
		t.Errorf("the cache has %v", found)
	}
}

func TestStartFails(t *testing.T) {
	dir, cache := testDir(t), cacheDir(t)
	taken := start(t, Config{Dir: dir, CacheDir: cache})
	tests := []struct {
		name   string
		config Config
		want   string
	}{
		{"port taken", Config{Port: taken.Port()}, "the port is taken"},
		{"unknown setting", Config{Settings: map[string]string{"no_such_thing": "1"}}, "no_such_thing"},
		{"setting with a line break", Config{Settings: map[string]string{"a": "b\nfsync = on"}}, "line break"},
		{"not an installation", Config{Installation: Installation{BinDir: cache}}, "has no postgres"},
		{"long name", Config{Database: strings.Repeat("x", 64)}, "63 bytes"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.config.Dir, test.config.CacheDir = testDir(t), cache
			_, err := Start(t.Context(), test.config)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
			assertEmpty(t, test.config.Dir)
		})
	}
	t.Run("context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		own := testDir(t)
		if _, err := Start(ctx, Config{Dir: own, CacheDir: "none"}); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		assertEmpty(t, own)
	})
	t.Run("long path", func(t *testing.T) {
		long := filepath.Join(testDir(t), strings.Repeat("d", 90))
		if err := os.Mkdir(long, 0o755); err != nil {
			t.Fatal(err)
		}
		if _, err := Start(t.Context(), Config{Dir: long, CacheDir: cache}); err == nil || !strings.Contains(err.Error(), "too long") {
			t.Errorf("got %v", err)
		}
		assertEmpty(t, long)
	})
}

func cacheDir(t *testing.T) string {
	t.Helper()
	dir, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func assertEmpty(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) > 0 {
		t.Errorf("left behind in %s: %v", dir, entries)
	}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/das-local/das-local/e2e/testbed"
	"github.com/das-local/das-local/internal/leakcheck"
)

// bed is what all tests share. It is set once by TestMain, before any test.
var bed struct {
	dir   string            // removed at the end
	home  string            // HOME of every das-local: its cache is made once
	bin   string            // the das-local binary
	pg    *testbed.Postgres // upstream of the tests that need no embedded server
	proc  *testbed.Process  // das-local in front of pg, stream on (async)
	tail  *testbed.Tail     // the events of proc
	start time.Time
	aud   *aud // of the tests of the server-assisted audit; nil before
}

func TestMain(m *testing.M) {
	leakcheck.Main(m, func() (func() error, error) { return tearDown, setUp(context.Background()) })
}

func setUp(ctx context.Context) (err error) {
	bed.start = time.Now()
	if bed.dir, err = testbed.TempDir("e2e-"); err != nil {
		return err
	}
	bed.home = filepath.Join(bed.dir, "home")
	if err := openDir(bed.home); err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "e2e: building das-local")
	if bed.bin, err = testbed.Build(ctx, bed.dir); err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "e2e: starting a private PostgreSQL")
	bed.pg, err = testbed.StartPostgres(ctx, testbed.PostgresConfig{
		Settings: map[string]string{"wal_level": "logical", "timezone": "UTC"},
		HBA:      []string{"host all scram_user all scram-sha-256", "host all clear_user all password"},
	})
	if err != nil {
		return err
	}
	err = bed.pg.Exec(ctx, "postgres", "CREATE ROLE rdsadmin SUPERUSER LOGIN",
		"CREATE ROLE scram_user LOGIN PASSWORD 'scr4m-secret'", "CREATE ROLE clear_user LOGIN PASSWORD 'cl3ar-secret'")
	if err != nil {
		return err
	}
	bed.proc, err = testbed.Start(ctx, testbed.Config{
		Bin: bed.bin, Env: env(bed.dir), Args: []string{"--upstream=" + bed.pg.URL("postgres")},
	})
	if err != nil {
		return err
	}
	bed.tail, err = bed.proc.Tail()
	return err
}

func tearDown() error {
	if err := bed.aud.stop(); err != nil {
		return err
	}
	if bed.tail != nil {
		if err := bed.tail.Stop(); err != nil {
			return err
		}
	}
	if bed.proc != nil {
		if err := bed.proc.Stop(); err != nil {
			return err
		}
	}
	if bed.pg != nil {
		if err := bed.pg.Stop(); err != nil {
			return err
		}
	}
	return os.RemoveAll(bed.dir)
}

// openDir makes a directory that everybody may write to, as /tmp is.
func openDir(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make %s: %w", dir, err)
	}
	return os.Chmod(dir, 0o777|os.ModeSticky)
}

// env is the environment of a das-local: the shared home, tmp as the place for
// what must be gone at the end.
func env(tmp string) []string {
	return []string{"HOME=" + bed.home, "XDG_CACHE_HOME=" + filepath.Join(bed.home, ".cache"), "TMPDIR=" + tmp}
}

// within is a context for a whole test: none needs half of its time.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// startDAS starts a das-local for one test, in front of the shared server
// unless args name another, and stops it at the test's end.
func startDAS(t *testing.T, args ...string) *testbed.Process {
	t.Helper()
	p, err := testbed.Start(t.Context(), testbed.Config{
		Bin: bed.bin, Env: env(bed.dir), Args: append([]string{"--upstream=" + bed.pg.URL("postgres")}, args...),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	})
	return p
}

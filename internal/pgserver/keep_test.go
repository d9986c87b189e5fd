//go:build unix

package pgserver

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// open is a directory that every user can look into.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "das-local-keep-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func ask(t *testing.T, s *Server, sql string) string {
	t.Helper()
	c, err := pgconn.Connect(t.Context(), s.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	results, err := c.Exec(t.Context(), sql).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if last := results[len(results)-1]; len(last.Rows) > 0 {
		return string(last.Rows[0][0])
	}
	return ""
}

func TestDataThatIsKept(t *testing.T) {
	cache, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(openDir(t), "postgres") // its directory is closed to others
	c := Config{CacheDir: cache, DataDir: kept}
	for n, want := range []string{"1", "2", "3"} {
		s := start(t, c)
		if got := ask(t, s, "create table if not exists t (n int); insert into t values (1); select count(*) from t"); got != want {
			t.Errorf("start %d: %s rows, want %s", n+1, got, want)
		}
		if fsync := ask(t, s, "show fsync"); fsync != "on" {
			t.Errorf("fsync is %s", fsync)
		}
		conf, err := os.ReadFile(filepath.Join(kept, "postgresql.conf"))
		if err != nil || strings.Count(string(conf), confMark) != 1 {
			t.Errorf("postgresql.conf has the settings %d times; %v", strings.Count(string(conf), confMark), err)
		}
		if n == 1 {
			s.process.stop(syscall.SIGKILL) // recovery follows
		}
		if err := s.Stop(); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(kept, "PG_VERSION"), []byte("9.6\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(t.Context(), c); err == nil || !strings.Contains(err.Error(), kept) || !strings.Contains(err.Error(), "9.6") {
		t.Errorf("a database of another version: %v", err)
	}
	if _, err := os.Stat(filepath.Join(kept, "base")); err != nil {
		t.Errorf("the data is gone: %v", err)
	}
}

// TestAPasswordForKeptData asks for a password at one start and for none at the next.
func TestAPasswordForKeptData(t *testing.T) {
	cache, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(openDir(t), "postgres")
	for _, password := range []string{"", "sesame", "other", ""} {
		s := start(t, Config{CacheDir: cache, DataDir: kept, Password: password})
		if got := ask(t, s, "select 1"); got != "1" {
			t.Errorf("with the password: %s", got)
		}
		c, err := pgconn.Connect(t.Context(), strings.Replace(s.URL(), ":"+password+"@", ":wrong@", 1))
		if refused := err != nil && strings.Contains(err.Error(), "28P01"); refused != (password != "") {
			t.Errorf("with another password in place of %q: %v", password, err)
		}
		if err == nil {
			err = c.Close(t.Context())
		}
		if password == "" && err != nil {
			t.Error(err)
		}
		if err := s.Stop(); err != nil {
			t.Fatal(err)
		}
	}
}

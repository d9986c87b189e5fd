//go:build unix

package pgserver

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// TestKill: sessions end without a word, and what was committed is there after the
// recovery.
func TestKill(t *testing.T) {
	s := start(t, Config{Dir: testDir(t), CacheDir: cacheDir(t), DataDir: filepath.Join(testDir(t), "data")})
	query(t, s.URL(), "create table kept (n int); insert into kept values (1), (2)")
	conn, err := pgconn.Connect(t.Context(), s.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), "begin; insert into kept values (3)").ReadAll(); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second finds it dead
		if err := s.Kill(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := conn.Exec(t.Context(), "select 1").ReadAll(); err == nil {
		t.Error("a session has survived")
	}
	if _, err := pgconn.Connect(t.Context(), s.URL()); err == nil {
		t.Error("the server takes sessions")
	}
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := query(t, s.URL(), "select count(*) from kept"); got != "2" {
		t.Errorf("%s rows, want 2", got)
	}
}

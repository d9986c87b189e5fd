package catalog_test

import (
	"testing"

	"github.com/das-local/das-local/internal/await"
	"github.com/das-local/das-local/internal/catalog"
)

// A database whose sessions have ended can be dropped at once.
func TestReleasedDatabaseCanBeDropped(t *testing.T) {
	newDatabase(t, "cat_release", "CREATE TABLE t (id int)")
	c := start(t, catalog.Config{})
	s := &catalog.Session{Database: "cat_release", User: "postgres"}
	if _, ok := c.Relation(t.Context(), s, "", "t"); !ok {
		t.Fatal("no t")
	}
	c.Release("cat_release")
	c.Release("cat_nobody_asked_for")
	admin := newClient(t, "postgres", "postgres")
	await.Equal(t, "sessions of the database", "0", func() string { // the process of one that was closed takes a moment to end
		return admin.one("SELECT count(*) FROM pg_stat_activity WHERE datname = 'cat_release'")
	})
	admin.exec("DROP DATABASE cat_release")
}

// A connection that the server has ended is replaced, and the question that met
// it is answered.
func TestEndedConnectionIsReplaced(t *testing.T) {
	newDatabase(t, "cat_ended", "CREATE TABLE t (id int); CREATE TABLE u (id int)")
	c := start(t, catalog.Config{})
	s := &catalog.Session{Database: "cat_ended", User: "postgres"}
	if _, ok := c.Relation(t.Context(), s, "", "t"); !ok {
		t.Fatal("no t")
	}
	admin := newClient(t, "postgres", "postgres")
	terminate, drop := "SELECT pg_terminate_backend(pid, 10000)", "DROP DATABASE cat_ended WITH (FORCE)"
	if major() < 14 {
		terminate = "SELECT pg_terminate_backend(pid)"
	}
	terminate += " FROM pg_stat_activity WHERE datname = 'cat_ended'"
	if major() < 13 {
		drop = "DROP DATABASE cat_ended"
	}
	for _, sql := range []string{terminate, drop} {
		if sql == "DROP DATABASE cat_ended" {
			admin.exec(terminate)
		}
		admin.exec(sql)
		if sql[0] == 'D' {
			newDatabase(t, "cat_ended", "CREATE VIEW u AS SELECT 1")
		}
		c.Invalidate("cat_ended")
		if r, ok := c.Relation(t.Context(), s, "", "u"); !ok || r.Schema != "public" {
			t.Errorf("after %q: %v %v", sql, r, ok)
		}
	}
}

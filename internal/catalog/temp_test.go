package catalog_test

import (
	"fmt"
	"testing"

	"github.com/das-local/das-local/internal/catalog"
)

func TestTemporaryTables(t *testing.T) {
	newDatabase(t, "cat_temp", "CREATE TABLE t (id int); CREATE TABLE plain (id int)")
	c := start(t, catalog.Config{})
	var clients []*client
	for range 4 {
		clients = append(clients, newClient(t, "cat_temp", "postgres"))
	}
	clients[1].Close(t.Context()) // a gap in the backend numbers
	clients = append(clients[:1], clients[2:]...)
	for i, cl := range clients[:2] {
		cl.exec("CREATE TEMP TABLE t (id int)")
		cl.exec(fmt.Sprintf("CREATE TEMP TABLE only%d (id int)", i))
	}
	c.Invalidate("cat_temp")
	schemaOf := func(cl *client, path []string, schema, name string) string {
		s := &catalog.Session{Database: "cat_temp", User: "postgres", PID: cl.pid(), SearchPath: path}
		r, ok := c.Relation(t.Context(), s, schema, name)
		if !ok {
			return ""
		}
		return r.Schema
	}
	for i, cl := range clients {
		own := cl.one("SELECT coalesce((SELECT nspname FROM pg_namespace WHERE oid = pg_my_temp_schema()), 'public')")
		cl.exec("BEGIN; SELECT 1") // shows its number in pg_locks
		pub := []string{"public"}
		if got := schemaOf(cl, pub, "", "t"); got != own {
			t.Errorf("client %d: t is in %q, want %q", i, got, own)
		}
		if got := schemaOf(cl, pub, "", "plain"); got != "public" {
			t.Errorf("client %d: plain is in %q", i, got)
		}
		if got := schemaOf(cl, pub, "public", "t"); got != "public" {
			t.Errorf("client %d: public.t is in %q", i, got)
		}
		if got := schemaOf(cl, []string{"public", "pg_temp"}, "", "t"); got != "public" {
			t.Errorf("client %d: t is in %q though pg_temp is last", i, got)
		}
		want := own
		if own == "public" {
			want = ""
		}
		if got := schemaOf(cl, pub, "pg_temp", "t"); got != want {
			t.Errorf("client %d: pg_temp.t is in %q, want %q", i, got, want)
		}
		if got := schemaOf(cl, pub, "pg_temp", "plain"); got != "" {
			t.Errorf("client %d: pg_temp.plain is in %q", i, got)
		}
		if i < 2 {
			if got := schemaOf(cl, pub, "", fmt.Sprintf("only%d", 1-i)); got != "" {
				t.Errorf("client %d sees the other's table in %q", i, got)
			}
		}
		cl.exec("COMMIT")
	}
}

// TestTemporaryTableOfIdleSession: without a lock the number follows from the order of processes.
func TestTemporaryTableOfIdleSession(t *testing.T) {
	newDatabase(t, "cat_idle", "CREATE TABLE t (id int)")
	c := start(t, catalog.Config{})
	if _, ok := c.Relation(t.Context(), &catalog.Session{Database: "cat_idle", User: "postgres"}, "", "t"); !ok {
		t.Fatal("no t") // the side connection is there, with a low number
	}
	gap1, gap2 := newClient(t, "cat_idle", "postgres"), newClient(t, "cat_idle", "postgres")
	other := newClient(t, "cat_idle", "postgres")
	other.exec("CREATE TEMP TABLE t (id int); CREATE TEMP TABLE u (id int)")
	cl := newClient(t, "cat_idle", "postgres")
	gap1.Close(t.Context())
	gap2.Close(t.Context())
	cl.exec("CREATE TEMP TABLE t (id int); CREATE TEMP TABLE u (id int)")
	own := cl.one("SELECT nspname FROM pg_namespace WHERE oid = pg_my_temp_schema()")
	c.Invalidate("cat_idle")
	s := &catalog.Session{Database: "cat_idle", User: "postgres", PID: cl.pid()}
	r, _ := c.Relation(t.Context(), s, "", "t")
	if r.Schema != own {
		t.Errorf("t is in %q, want %q", r.Schema, own)
	}
	if r, _ = c.Relation(t.Context(), s, "", "u"); r.Schema != own {
		t.Errorf("u is in %q, want %q", r.Schema, own)
	}
}

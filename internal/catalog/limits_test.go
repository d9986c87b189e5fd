package catalog_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/das-local/das-local/internal/await"
	"github.com/das-local/das-local/internal/catalog"
	"github.com/jackc/pgx/v5"
)

// log collects what the catalogue says.
type log struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *log) count(s string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.buf.String(), s)
}

func TestSideConnection(t *testing.T) {
	newDatabase(t, "cat_side", "CREATE TABLE t (id int)")
	c := start(t, catalog.Config{})
	s := &catalog.Session{Database: "cat_side", User: "postgres"}
	if _, ok := c.Relation(t.Context(), s, "", "t"); !ok {
		t.Fatal("no t")
	}
	admin := newClient(t, "postgres", "postgres")
	await.Equal(t, "the connections", catalog.ApplicationName+" idle", func() string {
		return admin.one("SELECT string_agg(application_name || ' ' || state, ',') FROM pg_stat_activity WHERE datname = 'cat_side'")
	})
}

func TestOneQueryForAllWhoAsk(t *testing.T) {
	newDatabase(t, "cat_once", "CREATE TABLE t (id int)")
	var connects atomic.Int32
	c := start(t, catalog.Config{Connect: func(ctx context.Context, database string) (*pgx.Conn, error) {
		connects.Add(1)
		return connect(ctx, database, "postgres")
	}})
	s := &catalog.Session{Database: "cat_once", User: "postgres"}
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			for n := range 50 {
				if _, ok := c.Relation(t.Context(), s, "", "t"); !ok {
					t.Error("no t")
				}
				if i == 0 && n%10 == 0 {
					c.Invalidate("cat_once")
				}
			}
		})
	}
	wg.Wait()
	if n := connects.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
}

func TestServerDown(t *testing.T) {
	newDatabase(t, "cat_down", "CREATE TABLE t (id int)")
	var down atomic.Bool
	down.Store(true)
	var l log
	c := start(t, catalog.Config{
		Logger: slog.New(slog.NewTextHandler(&l, nil)),
		Connect: func(ctx context.Context, database string) (*pgx.Conn, error) {
			if down.Load() {
				return nil, errors.New("refused")
			}
			return connect(ctx, database, "postgres")
		}})
	s := &catalog.Session{Database: "cat_down", User: "postgres"}
	ctx := await.Context(t)
	for range 1000 { // only those wait that find the server away
		if _, ok := c.Relation(ctx, s, "", "t"); ok {
			t.Fatal("found without a server")
		}
	}
	if ctx.Err() != nil {
		t.Error("look-ups without a server wait")
	}
	if n := l.count("look-ups are off"); n != 1 {
		t.Errorf("logged %d times", n)
	}
	down.Store(false)
	await.True(t, "t after the server came back", func() bool { _, ok := c.Relation(t.Context(), s, "", "t"); return ok })
	if n := l.count("is back"); n != 1 {
		t.Errorf("recovery logged %d times", n)
	}
	// A lost connection is replaced.
	newClient(t, "postgres", "postgres").exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'cat_down'")
	c.Invalidate("")
	await.True(t, "t after the connection was lost", func() bool { _, ok := c.Relation(t.Context(), s, "public", "t"); return ok })
}

func TestSlowServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := start(t, catalog.Config{MaxWait: 50 * time.Millisecond, Connect: func(ctx context.Context, _ string) (*pgx.Conn, error) {
			<-ctx.Done()
			return nil, errors.New("too late")
		}})
		s := &catalog.Session{Database: "cat_slow", User: "postgres"}
		begin := time.Now()
		for i := range 20 {
			c.Relation(t.Context(), s, "", fmt.Sprint("t", i))
		}
		// One look-up waits; the others know.
		if took := time.Since(begin); took != 50*time.Millisecond {
			t.Errorf("20 look-ups took %v", took)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, ok := c.Relation(ctx, s, "", "t"); ok {
			t.Error("found with a cancelled context")
		}
	})
}

// TestLockedTable: a definition behind an exclusive lock does not hold the session up.
func TestLockedTable(t *testing.T) {
	newDatabase(t, "cat_lock", "CREATE TABLE t (id int); CREATE VIEW v AS SELECT * FROM t")
	c := start(t, catalog.Config{})
	s := &catalog.Session{Database: "cat_lock", User: "postgres"}
	r, _ := c.Relation(t.Context(), s, "", "v")
	cl := newClient(t, "cat_lock", "postgres")
	cl.exec("BEGIN; LOCK TABLE t, v IN ACCESS EXCLUSIVE MODE")
	if _, ok := c.ViewDefinition(t.Context(), s, r.OID); ok {
		t.Error("a definition behind the lock")
	}
	if _, ok := c.Relation(t.Context(), s, "", "t"); !ok {
		t.Error("the name of a locked table is not found")
	}
	cl.exec("COMMIT")
	c.Invalidate("cat_lock")
	if _, ok := c.ViewDefinition(t.Context(), s, r.OID); !ok {
		t.Error("no definition after the lock")
	}
}

func TestIdleConnectionsGiveWay(t *testing.T) {
	var dbs []string
	for i := range 4 {
		dbs = append(dbs, fmt.Sprintf("cat_many%d", i))
		newDatabase(t, dbs[i], "CREATE TABLE t (id int)")
	}
	c := start(t, catalog.Config{MaxConns: 2})
	admin := newClient(t, "postgres", "postgres")
	for range 3 {
		for _, db := range dbs {
			c.Invalidate(db)
			if _, ok := c.Relation(t.Context(), &catalog.Session{Database: db, User: "postgres"}, "", "t"); !ok {
				t.Errorf("no t in %s", db)
			}
		}
		// A closed connection's process takes a moment to end.
		await.True(t, "two connections at most", func() bool {
			return admin.one("SELECT count(*) FROM pg_stat_activity WHERE datname LIKE 'cat_many%'") <= "2"
		})
	}
}

func TestIdleConnectionIsClosed(t *testing.T) {
	newDatabase(t, "cat_unused", "CREATE TABLE t (id int)")
	c := start(t, catalog.Config{IdleTimeout: 50 * time.Millisecond})
	s := &catalog.Session{Database: "cat_unused", User: "postgres"}
	admin := newClient(t, "postgres", "postgres")
	for range 2 { // and is opened again
		if _, ok := c.Relation(t.Context(), s, "", "t"); !ok {
			t.Fatal("no t")
		}
		await.Equal(t, "connections", "0", func() string {
			return admin.one("SELECT count(*) FROM pg_stat_activity WHERE datname = 'cat_unused'")
		})
	}
}

func TestHitDoesNotAllocate(t *testing.T) {
	newDatabase(t, "cat_alloc", functions())
	c := start(t, catalog.Config{CheckInterval: time.Hour})
	s := &catalog.Session{Database: "cat_alloc", User: "postgres", PID: 4711, SearchPath: []string{"$user", "a", "public"}}
	sql := "SELECT * FROM t WHERE id = $1"
	lookup := func() {
		r, ok := c.Relation(t.Context(), s, "", "v")
		if !ok || len(c.Functions(t.Context(), s, "", "f")) != 2 {
			t.Fatal("not found")
		}
		if _, ok := c.ViewDefinition(t.Context(), s, r.OID); !ok {
			t.Fatal("no definition")
		}
		if _, ok := c.ParameterTypes(t.Context(), s, sql); !ok {
			t.Fatal("no types")
		}
	}
	lookup()
	ctx := t.Context()
	if n := testing.AllocsPerRun(100, func() { c.Relation(ctx, s, "", "v") }); n != 0 {
		t.Errorf("Relation: %v allocations", n)
	}
	if n := testing.AllocsPerRun(100, func() { c.Functions(ctx, s, "", "f") }); n != 0 {
		t.Errorf("Functions: %v allocations", n)
	}
	if n := testing.AllocsPerRun(100, func() { c.ParameterTypes(ctx, s, sql) }); n != 0 {
		t.Errorf("ParameterTypes: %v allocations", n)
	}
}

func BenchmarkRelation(b *testing.B) {
	c, err := catalog.New(catalog.Config{CheckInterval: time.Hour, MaxWait: await.Patience,
		Connect: func(ctx context.Context, database string) (*pgx.Conn, error) {
			return connect(ctx, database, "postgres")
		}})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error)
	go func() { done <- c.Run(ctx) }()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		s := &catalog.Session{Database: "postgres", User: "postgres"}
		for pb.Next() {
			if _, ok := c.Relation(ctx, s, "", "pg_class"); !ok {
				b.Fatal("not found")
			}
		}
	})
	b.StopTimer()
	cancel()
	<-done
}

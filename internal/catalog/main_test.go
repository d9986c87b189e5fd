package catalog_test

import (
	"context"
	"net/url"
	"testing"

	"github.com/das-local/das-local/internal/await"
	"github.com/das-local/das-local/internal/catalog"
	"github.com/das-local/das-local/internal/pgserver"
	"github.com/das-local/das-local/internal/pgtest"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// server is the real PostgreSQL of all tests of this package.
var server *pgserver.Server

// Autovacuum would change statistics, and so plans, at a time of its own.
func TestMain(m *testing.M) { pgtest.Main(m, &server, map[string]string{"autovacuum": "off"}) }

// major is the server's major version.
func major() int { return server.Installation().Major }

// connect opens a session of user in database.
func connect(ctx context.Context, database, user string) (*pgx.Conn, error) {
	return connectNoting(ctx, database, user, nil)
}

// connectNoting is connect with a function that takes the server's notices.
func connectNoting(ctx context.Context, database, user string, f pgconn.NoticeHandler) (*pgx.Conn, error) {
	u, err := url.Parse(server.URL())
	if err != nil {
		return nil, err
	}
	u.User, u.Path = url.User(user), "/"+database
	cfg, err := pgx.ParseConfig(u.String())
	if err != nil {
		return nil, err
	}
	cfg.OnNotice = f
	return pgx.ConnectConfig(ctx, cfg)
}

// client is a session of a client that looks names up.
type client struct {
	*pgx.Conn
	t      *testing.T
	logged []*pgconn.Notice
}

func newClient(t *testing.T, database, user string) *client {
	t.Helper()
	c := &client{t: t}
	var err error
	if c.Conn, err = connectNoting(t.Context(), database, user, func(_ *pgconn.PgConn, n *pgconn.Notice) { c.logged = append(c.logged, n) }); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(context.Background()) })
	return c
}

func (c *client) exec(sql string) {
	c.t.Helper()
	if _, err := c.PgConn().Exec(c.t.Context(), sql).ReadAll(); err != nil {
		c.t.Fatalf("%s: %v", sql, err)
	}
}

func (c *client) one(sql string) string {
	c.t.Helper()
	res, err := c.PgConn().Exec(c.t.Context(), sql).ReadAll()
	if err != nil {
		c.t.Fatalf("%s: %v", sql, err)
	}
	return string(res[len(res)-1].Rows[0][0])
}

func (c *client) pid() int32 { return int32(c.PgConn().PID()) }

// newDatabase makes a database with the given contents and drops it at the end.
func newDatabase(t *testing.T, name, contents string) {
	t.Helper()
	admin := newClient(t, "postgres", "postgres")
	admin.exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + name + "'")
	admin.exec("DROP DATABASE IF EXISTS " + name)
	admin.exec("CREATE DATABASE " + name)
	if contents != "" {
		c := newClient(t, name, "postgres")
		c.exec(contents)
		c.Close(t.Context())
	}
}

// start runs a catalogue until the test ends.
func start(t *testing.T, cfg catalog.Config) *catalog.Catalog {
	t.Helper()
	if cfg.Connect == nil {
		cfg.Connect = func(ctx context.Context, database string) (*pgx.Conn, error) {
			return connect(ctx, database, "postgres")
		}
	}
	if cfg.MaxWait == 0 {
		cfg.MaxWait = await.Patience // the machine may be busy
	}
	c, err := catalog.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- c.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return c
}

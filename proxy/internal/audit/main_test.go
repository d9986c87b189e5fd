package audit_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"testing"

	"github.com/das-local/das-local/internal/pgserver"
	"github.com/jackc/pgx/v5/pgconn"
	"go.uber.org/goleak"
)

// server is the real PostgreSQL whose catalogue the tests ask.
var server *pgserver.Server

func TestMain(m *testing.M) {
	cfg := pgserver.Config{Settings: map[string]string{
		"timezone": "UTC", "wal_level": "logical", "max_prepared_transactions": "10", "autovacuum": "off",
	}}
	var err error
	// DAS_LOCAL_TEST_PG_BIN has the programs of the version to test against.
	if dir := os.Getenv("DAS_LOCAL_TEST_PG_BIN"); dir != "" {
		if cfg.Installation, err = pgserver.Inspect(context.Background(), dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	if server, err = pgserver.Start(context.Background(), cfg); err != nil {
		fmt.Fprintln(os.Stderr, "install PostgreSQL 15 with contrib (Debian: apt-get install postgresql-15):", err)
		os.Exit(1)
	}
	code := m.Run()
	if err := server.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// major is the server's major version.
func major() int { return server.Installation().Major }

// dial opens a session of user in database.
func dial(ctx context.Context, database, user string) (*pgconn.PgConn, error) {
	u, err := url.Parse(server.URL())
	if err != nil {
		return nil, err
	}
	u.User, u.Path = url.User(user), "/"+database
	return pgconn.Connect(ctx, u.String())
}

// exec runs statements and gives their command tags.
func exec(ctx context.Context, c *pgconn.PgConn, sql string) ([]string, error) {
	results, err := c.Exec(ctx, sql).ReadAll()
	var tags []string
	for _, r := range results {
		if r.Err == nil {
			tags = append(tags, r.CommandTag.String())
		}
	}
	return tags, err
}

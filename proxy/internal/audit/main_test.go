package audit_test

import (
	"context"
	"net/url"
	"testing"

	"github.com/das-local/das-local/internal/pgserver"
	"github.com/das-local/das-local/internal/pgtest"
	"github.com/jackc/pgx/v5/pgconn"
)

// server is the real PostgreSQL whose catalogue the tests ask.
var server *pgserver.Server

func TestMain(m *testing.M) {
	pgtest.Main(m, &server, map[string]string{
		"timezone": "UTC", "wal_level": "logical", "max_prepared_transactions": "10", "autovacuum": "off",
	})
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

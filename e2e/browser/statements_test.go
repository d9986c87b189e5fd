package browser

import (
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/das-local/das-local/internal/await"
)

// connect opens a session through das-local.
func connect(t *testing.T, application string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(await.Context(t), bed.proc.URL("postgres", "postgres", strings.ReplaceAll(url.QueryEscape(application), "+", "%20")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(t.Context()) })
	return conn
}

// try runs a statement, which may fail, by the simple protocol.
func try(t *testing.T, conn *pgx.Conn, sql string) error {
	t.Helper()
	_, err := conn.PgConn().Exec(await.Context(t), sql).ReadAll()
	return err
}

// mustExec runs a statement that must succeed.
func mustExec(t *testing.T, conn *pgx.Conn, statements ...string) {
	t.Helper()
	for _, sql := range statements {
		if err := try(t, conn, sql); err != nil {
			t.Fatalf("%.200s: %v", sql, err)
		}
	}
}

package replay

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// recorded is the major version that the cases were recorded on.
const recorded = 15

func (c *cluster) major() int { return c.pg.Installation().Major }

// drop lists the statements that drop a database with the sessions in it.
func (c *cluster) drop(database string) []string {
	if c.major() >= 13 {
		return []string{"DROP DATABASE IF EXISTS " + database + " WITH (FORCE)"}
	}
	return []string{
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE quote_ident(datname) = '" + strings.ReplaceAll(database, "'", "''") + "'",
		"DROP DATABASE IF EXISTS " + database, // it waits for them to go
	}
}

// prepareOlder makes the template on a server that is older than the records: what it does not know is left
// out, and with that the cases that need it fail.
func (c *cluster) prepareOlder(ctx context.Context, setup string) error {
	conn, err := pgx.Connect(ctx, c.pg.URL(template))
	if err != nil {
		return fmt.Errorf("connect to %s: %w", template, err)
	}
	defer conn.Close(ctx)
	for _, sql := range statements(setup) {
		_, err := conn.PgConn().Exec(ctx, sql).ReadAll()
		var refused *pgconn.PgError
		switch {
		case errors.As(err, &refused):
			fmt.Fprintf(os.Stderr, "oracle: PostgreSQL %d does without %.70q: %s\n", c.major(), strings.TrimSpace(sql), refused.Message)
		case err != nil:
			return fmt.Errorf("set the template up: %w", err)
		}
	}
	return nil
}

// statements takes a schema apart whose statements end with a line, and whose bodies of functions stand
// between dollar signs.
func statements(setup string) (list []string) {
	var one strings.Builder
	for line := range strings.Lines(setup) {
		if strings.HasPrefix(line, "--") {
			continue
		}
		one.WriteString(line)
		if strings.HasSuffix(strings.TrimSpace(line), ";") && strings.Count(one.String(), "$$")%2 == 0 {
			list = append(list, one.String())
			one.Reset()
		}
	}
	return append(list, one.String())
}

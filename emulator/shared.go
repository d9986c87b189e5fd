package emulator

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"

	"github.com/das-local/das-local/internal/pgserver"
)

// shared is the PostgreSQL of all of a process' ForTest emulators.
var shared struct {
	mu     sync.Mutex
	server *pgserver.Server
}

// CloseShared stops the PostgreSQL that ForTest's emulators share, and deletes its
// data. A TestMain that looks for leaks calls it after the tests; without it the
// server ends with the process, and its directory is deleted by the next start of
// das-local. The next ForTest starts a new one. Without a server it does nothing.
func CloseShared() error {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	server := shared.server
	shared.server = nil
	if server == nil {
		return nil
	}
	return server.Stop()
}

// sharedURL is the URL of the shared server, which is started if need be.
func sharedURL(ctx context.Context, o Options) (string, error) {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.server == nil {
		o.DataDir, o.Audit = "", auditAuto // it serves the emulators of all options
		server, err := startEmbedded(ctx, o)
		if err != nil {
			return "", err
		}
		shared.server = server
	}
	return shared.server.URL(), nil
}

// testDatabase makes a database on the server and returns its URL and what drops it.
func testDatabase(ctx context.Context, server string) (string, func(context.Context) error, error) {
	u, err := url.Parse(server)
	if err != nil {
		return "", nil, fmt.Errorf("read the upstream's URL: %w", redactURL(err))
	}
	name := "das_test_" + strings.ToLower(rand.Text())
	quoted := pgx.Identifier{name}.Sanitize()
	if err := execOn(ctx, server, "CREATE DATABASE "+quoted); err != nil {
		return "", nil, fmt.Errorf("make the test's database: %w", err)
	}
	u.Path = "/" + name
	q := u.Query()
	q.Del("dbname") // it would win over the path
	u.RawQuery = q.Encode()
	return u.String(), func(ctx context.Context) error {
		if err := execOn(ctx, server, "DROP DATABASE "+quoted+" WITH (FORCE)"); err != nil {
			return fmt.Errorf("drop the test's database: %w", err)
		}
		return nil
	}, nil
}

func execOn(ctx context.Context, server, sql string) error {
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return connectCause(err)
	}
	_, err = conn.Exec(ctx, sql)
	return errors.Join(err, conn.Close(ctx))
}

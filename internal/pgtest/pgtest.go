package pgtest

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/das-local/das-local/internal/leakcheck"
	"github.com/das-local/das-local/internal/pgserver"
)

// binEnv names the directory that has the programs of the version to test against;
// empty means the newest that is installed.
const binEnv = "DAS_LOCAL_TEST_PG_BIN"

// Main is TestMain: it starts the server with the settings, runs the tests, stops
// it and checks what is left behind.
func Main(m *testing.M, server **pgserver.Server, settings map[string]string) {
	leakcheck.Main(m, func() (func() error, error) {
		ctx, cfg := context.Background(), pgserver.Config{Dir: Dir(), Settings: settings}
		var err error
		if dir := os.Getenv(binEnv); dir != "" {
			if cfg.Installation, err = pgserver.Inspect(ctx, dir); err != nil {
				return nil, err
			}
		}
		if *server, err = pgserver.Start(ctx, cfg); err != nil {
			return nil, fmt.Errorf("install PostgreSQL 15 with contrib (Debian: apt-get install postgresql-15): %w", err)
		}
		return (*server).Stop, nil
	})
}

package testbed

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/das-local/das-local/internal/pgserver"
	"github.com/das-local/das-local/internal/pgtest"
)

// PostgresConfig says how a private server runs. The zero value is a plain one.
type PostgresConfig struct {
	Settings map[string]string // server settings, over the defaults
	HBA      []string          // pg_hba.conf lines before those that trust everybody
	BinDir   string            // has the programs of the version to run; empty: the newest installed
}

// Postgres is a private PostgreSQL server on the loopback address. Its
// superuser is postgres.
type Postgres struct {
	*pgserver.Server
	hba string // directory of a pg_hba.conf of its own, or empty
}

// StartPostgres makes a new server and waits until it answers.
func StartPostgres(ctx context.Context, c PostgresConfig) (*Postgres, error) {
	p := new(Postgres)
	settings := map[string]string{"max_connections": "200"}
	maps.Copy(settings, c.Settings)
	if len(c.HBA) > 0 {
		dir, err := TempDir("hba-")
		if err != nil {
			return nil, err
		}
		p.hba = dir
		path := filepath.Join(dir, "pg_hba.conf")
		lines := append(slices.Clone(c.HBA), "local all all trust", "host all all all trust",
			"local replication all trust", "host replication all all trust", "")
		if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o644); err != nil {
			return nil, fmt.Errorf("write pg_hba.conf: %w", err)
		}
		settings["hba_file"] = path
	}
	conf := pgserver.Config{Settings: settings}
	if settings["fsync"] != "on" { // a server that syncs is to wait for a disk
		conf.Dir = pgtest.Dir()
	}
	var err error
	if c.BinDir != "" {
		if conf.Installation, err = pgserver.Inspect(ctx, c.BinDir); err != nil {
			os.RemoveAll(p.hba)
			return nil, err
		}
	}
	if p.Server, err = pgserver.Start(ctx, conf); err != nil {
		os.RemoveAll(p.hba)
		return nil, err
	}
	return p, nil
}

// URL is the address of one of the server's databases, for its superuser.
func (p *Postgres) URL(database string) string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/%s?sslmode=disable", p.Port(), database)
}

// Exec runs statements, each by itself, as the superuser.
func (p *Postgres) Exec(ctx context.Context, database string, statements ...string) error {
	conn, err := pgx.Connect(ctx, p.URL(database))
	if err != nil {
		return fmt.Errorf("connect to %s: %w", database, err)
	}
	defer conn.Close(ctx)
	for _, sql := range statements {
		if _, err := conn.PgConn().Exec(ctx, sql).ReadAll(); err != nil {
			return fmt.Errorf("run %q: %w", sql, err)
		}
	}
	return nil
}

// Stop ends the server and removes what belongs to it.
func (p *Postgres) Stop() error {
	err := p.Server.Stop()
	if p.hba != "" {
		os.RemoveAll(p.hba)
	}
	return err
}

package pgsuite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/das-local/das-local/e2e/testbed"
	"github.com/das-local/das-local/internal/pgserver"
)

// Database is the name that the suite's statements expect of their database.
const Database = "regression"

// Suite is a copy of the suite in a directory that every user may read: the
// server opens data/ and the libraries itself.
type Suite struct {
	Dir    string     // has sql/, expected/, data/, parallel_schedule and the libraries
	Groups [][]string // the schedule: tests of a group run at the same time
	Driver string     // the pg_regress program
	BinDir string     // the programs of the PostgreSQL whose suite it is
}

// Open fetches the suite of the newest installed PostgreSQL, unless that was
// done before, and copies it. Close removes the copy.
func Open(ctx context.Context) (*Suite, error) {
	inst, err := pgserver.Find(ctx)
	if err != nil {
		return nil, err
	}
	pgConfig, err := configProgram(ctx, inst)
	if err != nil {
		return nil, err
	}
	kept, err := fetch(ctx, inst, pgConfig)
	if err != nil {
		return nil, err
	}
	pgxs, err := exec.CommandContext(ctx, pgConfig, "--pgxs").Output()
	if err != nil {
		return nil, fmt.Errorf("find pg_regress: %w", err)
	}
	s := &Suite{BinDir: inst.BinDir}
	s.Driver = filepath.Join(filepath.Dir(string(bytes.TrimSpace(pgxs))), "..", "test", "regress", "pg_regress")
	schedule, err := os.ReadFile(filepath.Join(kept, "parallel_schedule"))
	if err != nil {
		return nil, fmt.Errorf("read the schedule: %w", err)
	}
	s.Groups = parseSchedule(string(schedule))
	if s.Dir, err = testbed.TempDir("pgsuite-"); err != nil {
		return nil, err
	}
	if err := os.CopyFS(s.Dir, os.DirFS(kept)); err != nil {
		return nil, errors.Join(fmt.Errorf("copy the suite: %w", err), s.Close())
	}
	return s, nil
}

// Close removes the copy.
func (s *Suite) Close() error { return os.RemoveAll(s.Dir) }

// CreateDatabase makes the suite's database on a server as pg_regress itself
// makes it.
func CreateDatabase(ctx context.Context, pg *testbed.Postgres) error {
	statements := []string{"CREATE DATABASE " + Database + " TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'"}
	for _, setting := range []string{
		"lc_messages TO 'C'", "lc_monetary TO 'C'", "lc_numeric TO 'C'", "lc_time TO 'C'",
		"bytea_output TO 'hex'", "timezone_abbreviations TO 'Default'",
	} {
		statements = append(statements, "ALTER DATABASE "+Database+" SET "+setting)
	}
	return pg.Exec(ctx, "postgres", statements...)
}

// configProgram is the installation's own pg_config, which Debian keeps beside
// its programs, or the one on PATH if that speaks of the same programs.
func configProgram(ctx context.Context, inst pgserver.Installation) (string, error) {
	for _, program := range []string{filepath.Join(inst.BinDir, "pg_config"), "pg_config"} {
		out, err := exec.CommandContext(ctx, program, "--bindir").Output()
		if err != nil {
			continue
		}
		dir, err := filepath.EvalSymlinks(strings.TrimSpace(string(out)))
		if err == nil && dir == inst.BinDir {
			return program, nil
		}
	}
	return "", fmt.Errorf("no pg_config of PostgreSQL %s in %s: install its development package", inst.Version, inst.BinDir)
}

// fetch returns the directory that the suite is kept in.
func fetch(ctx context.Context, inst pgserver.Installation, pgConfig string) (string, error) {
	root, err := testbed.ModuleRoot()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(root, ".cache", "regress", "postgresql-"+inst.Version)
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	cmd := exec.CommandContext(ctx, filepath.Join(root, "scripts", "regress-source"), pgConfig, dir)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("fetch the regression suite of PostgreSQL %s: %w", inst.Version, err)
	}
	return dir, nil
}

// parseSchedule reads the lines "test: name name"; the tests of a line run at
// the same time.
func parseSchedule(text string) [][]string {
	var groups [][]string
	for line := range strings.Lines(text) {
		if names, ok := strings.CutPrefix(strings.TrimSpace(line), "test:"); ok {
			groups = append(groups, strings.Fields(names))
		}
	}
	return groups
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/das-local/das-local/e2e/testbed"
	"github.com/das-local/das-local/regress/pgsuite"
)

// postgreSQL is the server's own regression suite. The outcome of a test is all
// that psql printed.
type postgreSQL struct{ suite *pgsuite.Suite }

func (*postgreSQL) name() string { return "postgresql" }

func (p *postgreSQL) open(ctx context.Context) (err error) {
	p.suite, err = pgsuite.Open(ctx)
	return err
}

func (p *postgreSQL) close() error { return p.suite.Close() }

// server has the settings of a server that pg_regress makes itself.
func (*postgreSQL) server() testbed.PostgresConfig {
	return testbed.PostgresConfig{Settings: map[string]string{"max_prepared_transactions": "2"}}
}

func (*postgreSQL) setUp(ctx context.Context, pg *testbed.Postgres) ([]string, error) {
	return []string{"--upstream=" + pg.URL("postgres")}, pgsuite.CreateDatabase(ctx, pg)
}

func (*postgreSQL) modes() []string { return []string{"async", "sync"} }

func (*postgreSQL) whole() string { return pgsuite.Database }

// run lets pg_regress run the schedule. Its exit status is of no interest: the
// outputs are compared with each other, not with the expected ones, which may be
// of another minor version.
func (p *postgreSQL) run(ctx context.Context, at place, _ []string) (_ outcomes, err error) {
	// The same name each time: some tests print it.
	dir := filepath.Join(p.suite.Dir, "run")
	if err := makeFor(at.files, dir, filepath.Join(dir, "results")); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	cmd := exec.CommandContext(ctx, p.suite.Driver,
		"--use-existing", "--dbname="+pgsuite.Database, "--host=127.0.0.1", fmt.Sprintf("--port=%d", at.port), "--user=postgres",
		"--inputdir="+p.suite.Dir, "--outputdir="+dir, "--dlpath="+p.suite.Dir, "--bindir="+p.suite.BinDir,
		"--schedule="+filepath.Join(p.suite.Dir, "parallel_schedule"), "--max-concurrent-tests=20")
	cmd.Env = testbed.CleanEnv()
	printed, runErr := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	o := make(outcomes)
	for _, group := range p.suite.Groups {
		for _, test := range group {
			text, err := os.ReadFile(filepath.Join(dir, "results", test+".out"))
			if err != nil {
				return nil, fmt.Errorf("pg_regress left no result of %s: %w\n%s", test, errors.Join(runErr, err), printed)
			}
			o[test] = outcome{text: string(text)}
		}
	}
	return o, nil
}

// makeFor makes directories that belong to the owner of a file.
func makeFor(owned string, dirs ...string) error {
	info, err := os.Stat(owned)
	if err != nil {
		return fmt.Errorf("find the server's user: %w", err)
	}
	owner := info.Sys().(*syscall.Stat_t)
	for _, dir := range dirs {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return fmt.Errorf("make a directory for the server: %w", err)
		}
		if err := os.Chown(dir, int(owner.Uid), int(owner.Gid)); err != nil {
			return fmt.Errorf("make a directory for the server: %w", err)
		}
	}
	return nil
}

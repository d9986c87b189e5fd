package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/das-local/das-local/e2e/testbed"
	"github.com/das-local/das-local/oracle/replay"
	"github.com/das-local/das-local/regress/pgsuite"
)

// regression compares the modes on the statements of PostgreSQL's regression suite,
// which psql sends file by file in the schedule's order.
func regression(ctx context.Context, o options) (items []item, err error) {
	// What pg_regress gives the servers that it makes itself.
	b, err := startBoth(ctx, o, map[string]string{"max_prepared_transactions": "2"})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.stop()) }()
	dirs := map[string]string{}
	suites := map[string]*pgsuite.Suite{}
	for _, mode := range []string{"catalog", "server"} {
		s, err := pgsuite.Open(ctx) // one each: files write to it
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, s.Close()) }()
		suites[mode], dirs[mode] = s, s.Dir
	}
	err = b.each(func(mode string, s *replay.Stack) error { return runSuite(ctx, o, suites[mode], s) })
	if err != nil {
		return nil, err
	}
	catalog, server, err := b.sessions(ctx)
	if err != nil {
		return nil, err
	}
	return compareSessions(without(catalog, dirs["catalog"]), without(server, dirs["server"]), "")
}

const (
	// setUp is the file that the others rest on.
	setUp = "test_setup"
	// tooDeep is a file that is left out: a function calls itself until the stack
	// is full, which takes the server's audit a minute and is not decidable.
	tooDeep = "infinite_recurse"
)

// runSuite sends the whole suite through a das-local. What psql makes of it is of no
// interest.
func runSuite(ctx context.Context, o options, suite *pgsuite.Suite, s *replay.Stack) error {
	if err := pgsuite.CreateDatabase(ctx, s.PG); err != nil {
		return err
	}
	results := filepath.Join(suite.Dir, "results")
	if err := os.Mkdir(results, 0o755); err != nil {
		return fmt.Errorf("make a directory for the server: %w", err)
	}
	if err := os.Chmod(results, 0o777); err != nil { // the server's user writes there
		return fmt.Errorf("open a directory for the server: %w", err)
	}
	for _, group := range suite.Groups {
		for _, file := range group {
			if file == tooDeep || file != setUp && !o.wanted.MatchString(file) {
				continue
			}
			if err := runFile(ctx, suite, s, file); err != nil {
				return err
			}
		}
	}
	return nil
}

// runFile has psql run one file, with the environment that pg_regress gives it.
func runFile(ctx context.Context, suite *pgsuite.Suite, s *replay.Stack, file string) error {
	sql, err := os.Open(filepath.Join(suite.Dir, "sql", file+".sql"))
	if err != nil {
		return fmt.Errorf("open a file of the suite: %w", err)
	}
	defer sql.Close()
	cmd := exec.CommandContext(ctx, filepath.Join(suite.BinDir, "psql"), "-X", "-a", "-q", "-v", "HIDE_TABLEAM=on", "-v", "HIDE_TOAST_COMPRESSION=on")
	cmd.Stdin, cmd.Dir = sql, suite.Dir
	cmd.Env = append(clientEnv(s, file, pgsuite.Database), "PGTZ=PST8PDT", "PGDATESTYLE=Postgres, MDY",
		"PGOPTIONS=-c intervalstyle=postgres_verbose", "PG_LIBDIR="+suite.Dir, "PG_DLSUFFIX=.so",
		"PG_ABS_SRCDIR="+suite.Dir, "PG_ABS_BUILDDIR="+suite.Dir)
	out, err := cmd.CombinedOutput()
	var status *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &status) && status.ExitCode() == 2: // the connection went
		return fmt.Errorf("psql, %s: %w\n%s", file, err, out[max(0, len(out)-1000):])
	case err != nil && status == nil:
		return fmt.Errorf("psql, %s: %w", file, err)
	}
	return nil
}

// clientEnv is what libpq's programs need to go through a stack.
func clientEnv(s *replay.Stack, application, database string) []string {
	return append(testbed.CleanEnv(), "PGHOST=127.0.0.1", fmt.Sprintf("PGPORT=%d", s.Proc.PGPort), "PGUSER=postgres",
		"PGDATABASE="+database, "PGAPPNAME="+application)
}

// chance is what differs between two servers in what psql and the suite send: ids of
// objects and transactions, times. Texts are compared without any number.
var (
	chance     = regexp.MustCompile(`\d+`)
	toastTable = regexp.MustCompile(`\bpg_toast_\d+`)
)

// without takes the suite's own directory out of the events, and what is chance.
func without(sessions []replay.Session, dir string) []replay.Session {
	for _, s := range sessions {
		for i := range s.Events {
			e := &s.Events[i]
			for _, p := range []**string{&e.CommandText, &e.ErrorMessage} {
				if *p != nil {
					text := chance.ReplaceAllString(strings.ReplaceAll(**p, dir, "DIR"), "0")
					*p = &text
				}
			}
			if e.ObjectName != nil {
				name := toastTable.ReplaceAllString(*e.ObjectName, "pg_toast_N")
				e.ObjectName = &name
			}
		}
	}
	return sessions
}

package main

import (
	"context"

	"github.com/das-local/das-local/e2e/testbed"
)

// A suite is a test suite of somebody else.
type suite interface {
	name() string
	// open fetches what the suite needs; close removes what open made.
	open(ctx context.Context) error
	close() error
	// server says how the servers run, but for the settings of the command line.
	server() testbed.PostgresConfig
	// setUp prepares a new server and returns how das-local is to reach it.
	setUp(ctx context.Context, pg *testbed.Postgres) (upstream []string, err error)
	// run runs the suite once and returns each test's outcome. only, unless it
	// is empty, names the tests to run.
	run(ctx context.Context, at place, only []string) (outcomes, error)
	// modes are the activity stream's modes to go through das-local with.
	modes() []string
	// whole names the database of a suite whose tests cannot run by themselves;
	// empty: they can.
	whole() (database string)
}

func suites() []suite { return []suite{new(postgreSQL), new(pgxSuite), new(asyncpg)} }

// place is where a suite finds its database server.
type place struct {
	port      int    // on 127.0.0.1
	socketDir string // of the Unix socket with that port
	files     string // the server's own: what it writes to must belong to their owner
}

// outcomes has what came of each test.
type outcomes map[string]outcome

// outcome of a test: two are the same if their texts are.
type outcome struct {
	text string // "" if the test did not run
	log  string // what else there is to explain it
}

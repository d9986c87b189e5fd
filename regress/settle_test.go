package main

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/das-local/das-local/e2e/testbed"
)

// trick is a suite whose tests tell where they run: outcomes that only das-local
// changes, that any hop changes, and that changed once.
type trick struct {
	database string // not empty: the tests cannot run by themselves
	pg       *testbed.Postgres
	visits   int // through das-local
}

func (*trick) name() string                   { return "trick" }
func (*trick) open(context.Context) error     { return nil }
func (*trick) close() error                   { return nil }
func (*trick) server() testbed.PostgresConfig { return testbed.PostgresConfig{} }
func (*trick) modes() []string                { return []string{"async"} }
func (s *trick) whole() string                { return s.database }

func (s *trick) setUp(_ context.Context, pg *testbed.Postgres) ([]string, error) {
	s.pg = pg
	return []string{"--upstream=" + pg.URL("postgres")}, nil
}

func (s *trick) run(ctx context.Context, at place, only []string) (outcomes, error) {
	through := at.socketDir != s.pg.SocketDir()
	if through {
		s.visits++
	}
	beside, err := othersHere(ctx, s.pg.URL("postgres"))
	if err != nil {
		return nil, err
	}
	o := outcomes{"steady": {text: "passed"}}
	for test, changed := range map[string]bool{
		"das": through, "hop": through || at.port != s.pg.Port(), "once": through && s.visits == 1, "beside": through || beside,
	} {
		o[test] = outcome{text: "passed"}
		if changed {
			o[test] = outcome{text: "failed"}
		}
	}
	for test := range o {
		if len(only) > 0 && !slices.Contains(only, test) {
			delete(o, test)
		}
	}
	return o, nil
}

// othersHere says whether a session holds a snapshot of the database that
// readBeside reads, as its sessions do all the time.
func othersHere(ctx context.Context, url string) (bool, error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return false, err
	}
	defer conn.Close(ctx)
	var n int
	err = conn.QueryRow(ctx, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'BEGIN ISOLATION LEVEL%'").Scan(&n)
	return n > 0, err
}

// TestSettle: of the outcomes that differ, only what das-local alone changes
// counts.
func TestSettle(t *testing.T) {
	dir := t.TempDir()
	bin, err := testbed.Build(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	r := &runner{bin: bin}
	for _, c := range []struct{ database, different, unstable string }{
		{"", "beside,das", "hop,once"}, {"postgres", "das,hop,once", "beside"},
	} {
		s := &trick{database: c.database}
		alone, err := r.direct(t.Context(), s, around{})
		if err != nil {
			t.Fatal(err)
		}
		through, lost, err := r.through(t.Context(), s, "async", nil)
		if err != nil {
			t.Fatal(err)
		}
		if !lost.ok() || lost.sessions == 0 {
			t.Errorf("the stream: %s", lost)
		}
		v := judge([]outcomes{alone, alone}, through)
		if err := r.settle(t.Context(), s, "async", &v, through); err != nil {
			t.Fatal(err)
		}
		var unstable []string
		for _, test := range v.unstable {
			name, _, _ := strings.Cut(test, " ")
			unstable = append(unstable, name)
		}
		if got := strings.Join(v.different, ","); got != c.different {
			t.Errorf("%q: different: %s", c.database, got)
		}
		if got := strings.Join(unstable, ","); got != c.unstable {
			t.Errorf("%q: unstable: %s", c.database, got)
		}
	}
}

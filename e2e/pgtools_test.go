package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/das-local/das-local/e2e/testbed"
)

// newDatabase makes an empty database for one test.
func newDatabase(t *testing.T, name string) {
	t.Helper()
	if err := bed.pg.Exec(t.Context(), "postgres", "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
}

// through runs a client program through the proxy, as the superuser.
func through(t *testing.T, database, application, program string, args ...string) string {
	t.Helper()
	return mustRun(t, pgTool(t, bed.proc.PGPort, "postgres", database, application, program, args...))
}

// transaction lists how the statements of pgbench's built-in transaction begin.
var transaction = []string{"BEGIN;", "UPDATE pgbench_accounts ", "SELECT abalance ", "UPDATE pgbench_tellers ",
	"UPDATE pgbench_branches ", "INSERT INTO pgbench_history ", "END;"}

// TestPgbench counts: every statement of every transaction is in the stream
// exactly once, in each of pgbench's modes.
func TestPgbench(t *testing.T) {
	const clients, each = 3, 40
	newDatabase(t, "bench")
	through(t, "bench", "pgbench-init", "pgbench", "-q", "-i", "-s", "1")
	for _, mode := range []string{"simple", "extended", "prepared"} {
		t.Run(mode, func(t *testing.T) {
			ctx := within(t)
			app := "pgbench-" + mode
			out := through(t, "bench", app, "pgbench", "-n", "-M", mode, "-c", fmt.Sprint(clients), "-j", "2", "-t", fmt.Sprint(each))
			if !strings.Contains(out, fmt.Sprintf("number of transactions actually processed: %d/%d", clients*each, clients*each)) {
				t.Fatalf("pgbench:\n%s", out)
			}
			all, err := bed.tail.Await(ctx, func(all []testbed.Event) bool { return sessionsEnded(all, app) >= clients+1 })
			if err != nil {
				t.Fatal(err)
			}
			countTransactions(t, all, app, clients*each, mode != "simple")
		})
	}
}

// sessionsEnded counts the sessions of an application that have ended.
func sessionsEnded(all []testbed.Event, application string) int {
	n := 0
	for _, e := range all {
		if e.Command == "DISCONNECT" && e.Application() == application {
			n++
		}
	}
	return n
}

func countTransactions(t *testing.T, all []testbed.Event, application string, transactions int, params bool) {
	t.Helper()
	counts := make([]int, len(transaction))
	seen := map[string]bool{}
	for _, e := range all {
		if e.Application() != application {
			continue
		}
		if id := fmt.Sprintf("%s/%d/%d/%s", e.SessionID, e.StatementID, e.SubstatementID, e.Object()); seen[id] {
			t.Errorf("twice in the stream: %s", e)
		} else {
			seen[id] = true
		}
		for i, begin := range transaction {
			if !strings.HasPrefix(e.Text(), begin) {
				continue
			}
			counts[i]++
			if dml := i > 0 && i < 6; dml && (e.Rows() != 1 || e.ObjectKind() != "TABLE" || params != (len(e.ParamList) > 0)) {
				t.Errorf("event %s", e.Raw)
			}
		}
	}
	for i, n := range counts {
		if n != transactions {
			t.Errorf("%d events of %q, want %d", n, transaction[i], transactions)
		}
	}
}

// restricted is what pg_dump makes up anew on every run.
var restricted = regexp.MustCompile(`(?m)^\\(un)?restrict .*\n`)

// TestDump compares dumps taken through the proxy with dumps taken without it,
// and restores one through it.
func TestDump(t *testing.T) {
	newDatabase(t, "dump_from")
	newDatabase(t, "dump_to")
	through(t, "dump_from", "dump-make", "pgbench", "-q", "-i", "-s", "1")
	through(t, "dump_from", "dump-make", "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1",
		"-c", "create view busy as select * from pgbench_accounts where abalance <> 0",
		"-c", "create function twice(i int) returns int language sql as 'select 2 * $1'",
		"-c", "create table odd (\"Straße\" text, b bytea, j jsonb); insert into odd values (E'a\\tb\\\\\\n', '\\x00ff', '{\"a\":null}')")
	dump := func(port int, database string) string {
		return mustRun(t, pgTool(t, port, "postgres", database, "dump", "pg_dump"))
	}
	direct := restricted.ReplaceAllString(dump(bed.pg.Port(), "dump_from"), "")
	proxied := dump(bed.proc.PGPort, "dump_from")
	if restricted.ReplaceAllString(proxied, "") != direct {
		t.Errorf("pg_dump gives %d bytes through the proxy and %d without it, or others", len(proxied), len(direct))
	}
	file := filepath.Join(t.TempDir(), "dump.sql")
	if err := os.WriteFile(file, []byte(proxied), 0o600); err != nil {
		t.Fatal(err)
	}
	through(t, "dump_to", "dump-restore", "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", file)
	if again := restricted.ReplaceAllString(dump(bed.pg.Port(), "dump_to"), ""); again != direct {
		t.Errorf("the restored database dumps as %d bytes, the first as %d, or others", len(again), len(direct))
	}
}

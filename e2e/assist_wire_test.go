package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/das-local/das-local/e2e/testbed"
)

// A turn is what a client writes at once, and the types of the answers that it
// then waits for.
type turn struct {
	send  []pgproto3.FrontendMessage
	until string
}

func simple(sql string) turn {
	return turn{[]pgproto3.FrontendMessage{&pgproto3.Query{String: sql}}, "Z"}
}

func inOne(until string, parts ...any) turn {
	var all []pgproto3.FrontendMessage
	for _, p := range parts {
		switch p := p.(type) {
		case []pgproto3.FrontendMessage:
			all = append(all, p...)
		case pgproto3.FrontendMessage:
			all = append(all, p)
		}
	}
	return turn{all, until}
}

var (
	syncMsg  = &pgproto3.Sync{}
	flushMsg = &pgproto3.Flush{}
)

func data(s string) *pgproto3.CopyData { return &pgproto3.CopyData{Data: []byte(s)} }

func execute(portal string, most uint32) *pgproto3.Execute {
	return &pgproto3.Execute{Portal: portal, MaxRows: most}
}

// sayings are sessions whose every message must be the same through das-local
// with pgaudit as from a server without it.
var sayings = map[string][]turn{
	"simple": {simple("create temp table x (a int primary key, b text)"), simple("insert into x select g, repeat('y', g) from generate_series(1, 200) g"),
		simple("select * from x"), simple("select 1; select 2; insert into x values (1000, ''); select count(*) from x"), simple(""), simple(";"),
		simple("begin; update x set b = 'z' where a < 5; savepoint s; delete from x; rollback to s; commit"), simple("explain (costs off) select * from x"), simple("show search_path")},
	"notices": {simple("do $$ begin raise info 'AUDIT: SESSION,1,1,WRITE,DELETE,TABLE,public.x,delete from x,<none>,1'; end $$"),
		simple("do $$ begin raise info 'i'; raise notice 'n'; raise warning 'w'; raise log 'l'; raise debug 'd'; perform 1; end $$"),
		simple("set client_min_messages = debug1"), simple("create temp table if not exists n (a int)"), simple("create temp table if not exists n (a int)"), simple("drop table if exists nowhere"),
		simple("set client_min_messages = error"), simple("do $$ begin raise info 'AUDIT: %', repeat('x', 100000); raise warning 'w'; end $$"), simple("rollback")},
	"extended": {inOne("Z", extended("", "", "select $1::int + g from generate_series(1, 300) g", "1"), syncMsg), inOne("Z", extended("", "p", "select $1::text", "x"), syncMsg),
		simple("begin"), inOne("Z", &pgproto3.Bind{DestinationPortal: "c", PreparedStatement: "p", Parameters: [][]byte{[]byte("y")}}, execute("c", 0), syncMsg),
		inOne("Z", extended("d", "", "select generate_series(1, 10)"), syncMsg), inOne("Z", &pgproto3.Close{ObjectType: 'P', Name: "c"}, &pgproto3.Close{ObjectType: 'S', Name: "p"}, syncMsg), simple("commit")},
	"portions": {simple("begin"), inOne("sZ", &pgproto3.Parse{Query: "select generate_series(1, 5)"}, &pgproto3.Bind{DestinationPortal: "c"}, execute("c", 2), syncMsg),
		inOne("sZ", execute("c", 2), syncMsg), inOne("Z", execute("c", 2), syncMsg), inOne("Z", execute("c", 2), syncMsg), simple("end")},
	"pipeline": {inOne("ZZZ", extended("", "", "select 1"), extended("", "", "select 2"), syncMsg, extended("", "", "select 1/0"), extended("", "", "select 3"), syncMsg, extended("", "", "select 4"), syncMsg),
		inOne("ZZ", &pgproto3.Query{String: "select 5"}, extended("", "", "create temp table pt (a int)"), syncMsg)},
	"flush": {inOne("C", extended("", "", "select 1"), flushMsg), inOne("C", extended("", "", "select 2"), flushMsg), inOne("Z", syncMsg),
		simple("begin"), inOne("C", extended("", "", "select 3"), flushMsg), inOne("1", &pgproto3.Parse{Name: "later", Query: "select 4"}, flushMsg), inOne("Z", syncMsg), simple("end")},
	"copy": {simple("create temp table c (a int)"), inOne("Z", &pgproto3.Query{String: "copy c from stdin"}, data("1\n2\n"), &pgproto3.CopyDone{}),
		simple("copy c to stdout"), simple("copy (select * from generate_series(1, 1000)) to stdout"), inOne("Z", &pgproto3.Query{String: "copy c from stdin"}, data("x\n"), &pgproto3.CopyDone{}),
		inOne("Z", &pgproto3.Query{String: "copy c from stdin"}, &pgproto3.CopyFail{Message: "no"}), inOne("G", extended("", "", "copy c from stdin"), flushMsg), inOne("Z", data("3\n"), &pgproto3.CopyDone{}, syncMsg),
		inOne("GZ", extended("", "", "select count(*) from c"), extended("", "", "copy c from stdin"), data("4\n"), &pgproto3.CopyDone{}, syncMsg)},
	"errors": {simple("select nope"), simple("select 1; select 1/0; select 2"), simple("begin"), simple("selec"), simple("select 1"), simple("rollback"),
		inOne("Z", extended("", "", "select $1::int", "x"), syncMsg), inOne("Z", &pgproto3.Bind{PreparedStatement: "missing"}, execute("", 0), syncMsg),
		simple("do $$ begin perform 1; raise exception 'e'; end $$"), simple("begin"), inOne("Z", extended("", "", "select 1"), extended("", "", "select 1/0"), syncMsg), simple("commit")},
	"nested": {simple("create function pg_temp.f(int) returns int language plpgsql as 'begin perform 1; return $1; end'"), simple("select pg_temp.f(g) from generate_series(1, 50) g"),
		inOne("Z", extended("", "", "select pg_temp.f($1)", "7"), syncMsg), simple("do $$ begin for i in 1..300 loop execute 'select ' || i; end loop; end $$")},
	"cursors": {simple("begin"), simple("declare c cursor for select generate_series(1, 10)"), simple("fetch 3 from c"), inOne("Z", extended("", "", "fetch 2 from c"), syncMsg), simple("move 1 in c"), simple("close c"), simple("end")},
}

// TestAssistUnseen compares each message, in both modes, with those of a server
// that has no pgaudit.
func TestAssistUnseen(t *testing.T) {
	inBoth(t, func(t *testing.T, a *aud, mode string) {
		for name, turns := range sayings {
			t.Run(name, func(t *testing.T) {
				var said [2][]string
				direct := strings.Replace(bed.pg.URL("postgres"), "?", "?application_name=direct&", 1)
				for i, w := range []*talk{dialTalk(t, direct, "direct"), connect(t, a.procs[mode], "postgres")} {
					for _, turn := range turns {
						w.send(turn.send...)
						said[i] = append(said[i], fmt.Sprintf("%q", w.until(turn.until)))
					}
					if i == 1 {
						for _, e := range w.bye(a.tails[mode]) {
							if strings.HasPrefix(e.Text(), "delete from x") && e.Command == "DELETE" && e.Object() == "public.x" {
								t.Errorf("a forged record made the event %s", e)
							}
						}
					}
				}
				for i := range turns {
					at := 0
					for at < min(len(said[0][i]), len(said[1][i])) && said[0][i][at] == said[1][i][at] {
						at++
					}
					if said[0][i] != said[1][i] {
						at = max(0, at-100)
						t.Errorf("turn %d:\ndirect  %.1000s\nthrough %.1000s", i, said[0][i][at:], said[1][i][at:])
					}
				}
			})
		}
	})
}

// TestAssistClients looks at what psql and pgx show.
func TestAssistClients(t *testing.T) {
	inBoth(t, func(t *testing.T, a *aud, mode string) {
		p := a.procs[mode]
		for _, level := range []string{"debug5", "log", "notice", "warning", "error"} {
			r := psql(t, p.PGPort, "app", "postgres", "psql-level-"+level, "set client_min_messages = "+level+";\nselect count(*) from t;\ndo $$ begin perform * from t; end $$;\n")
			if out := r.stdout + r.stderr; strings.Contains(out, "AUDIT") || strings.Contains(out, "INFO") {
				t.Errorf("psql with %s prints %q", level, out)
			}
			if r.code != 0 || !strings.HasPrefix(r.stdout, "100\n") {
				t.Errorf("psql with %s: %d %q %q", level, r.code, r.stdout, r.stderr)
			}
		}
		config, err := pgx.ParseConfig(p.URL("app", "postgres", "pgx-notices-"+mode))
		if err != nil {
			t.Fatal(err)
		}
		var notices []string
		config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { notices = append(notices, n.Message) }
		ctx := within(t)
		conn, err := pgx.ConnectConfig(ctx, config)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(ctx)
		for range 3 {
			var n int
			if err := conn.QueryRow(ctx, "select count(*) from t where id > $1", 50).Scan(&n); err != nil || n != 50 {
				t.Fatal(n, err)
			}
		}
		if _, err := conn.Exec(ctx, "do $$ begin raise info 'mine'; end $$"); err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(notices) != "[mine]" {
			t.Errorf("pgx got the notices %q", notices)
		}
	})
}

// TestAssistNotOff: who is no superuser cannot switch the audit off.
func TestAssistNotOff(t *testing.T) {
	a, err := audited()
	if err != nil {
		t.Fatal(err)
	}
	p, tail := a.procs["async"], a.tails["async"]
	w := connect(t, p, "app")
	for _, sql := range []string{"set pgaudit.log = none", "select set_config('pgaudit.log', 'none', false)", "reset all", "discard all", "alter role app set pgaudit.log = none",
		"alter role app reset all", "set pgaudit.log_client = off", "set local pgaudit.log_level = debug5", "do $$ begin perform set_config('pgaudit.log', 'none', false); end $$",
		"set client_min_messages = error", "set session authorization default", "reset pgaudit.log", "load 'pgaudit'"} {
		w.query(sql)
		mark := fmt.Sprintf("do $$ begin perform 'after %d'; end $$", time.Now().UnixNano())
		w.query(mark)
		w.query("select 'x' from t limit 1")
		events := waitFor(t, tail, func(e testbed.Event) bool {
			return e.Text() == mark || strings.HasPrefix(e.Text(), "SELECT 'after") && strings.Contains(mark, e.Text()[7:])
		}, 2)
		if len(events) != 2 {
			t.Errorf("after %q: %s", sql, list(events))
		}
	}
	w.bye(tail)
	url := p.URL("app", "postgres", "options") + "&options=-c%20pgaudit.log%3Dnone"
	if conn, err := pgx.Connect(within(t), url); err == nil {
		conn.Close(t.Context())
		t.Error("start-up options switch the audit off")
	}
}

// waitFor waits until n events are as f says, and returns those.
func waitFor(t *testing.T, tail *testbed.Tail, f func(testbed.Event) bool, n int) (found []testbed.Event) {
	t.Helper()
	_, err := tail.Await(within(t), func(all []testbed.Event) bool {
		found = nil
		for _, e := range all {
			if f(e) {
				found = append(found, e)
			}
		}
		return len(found) >= n
	})
	if err != nil {
		t.Errorf("%v: %d of %d", err, len(found), n)
	}
	return found
}

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/das-local/das-local/e2e/testbed"
	"github.com/das-local/das-local/internal/await"
)

// TestAssistNested: what runs inside functions, DO blocks, triggers, procedures and
// foreign keys are substatements.
func TestAssistNested(t *testing.T) {
	inBoth(t, func(t *testing.T, a *aud, mode string) {
		w := connect(t, a.procs[mode], "postgres")
		for _, sql := range []string{
			"create temp table par (id int primary key)", "create temp table child (id int references par on delete cascade)",
			"create function pg_temp.f() returns bigint language plpgsql as 'begin return (select count(*) from par); end'",
			"create function pg_temp.trg() returns trigger language plpgsql as 'begin perform 1 from child; return new; end'",
			"create trigger trg after insert on par for each row execute function pg_temp.trg()",
			"create procedure pg_temp.p() language plpgsql as 'begin insert into par values (7); end'",
		} {
			w.query(sql)
		}
		skip := 6
		w.query("insert into par values (1)")
		w.query("insert into child values (1)")
		w.query("select pg_temp.f()")
		w.run("select pg_temp.f()")
		w.query("do $$ begin perform pg_temp.f(); end $$")
		w.query("call pg_temp.p()")
		w.query("delete from par")
		w.query("do $$ begin execute 'create role nested1 password ''" + secret + "'''; execute 'alter role nested1 password ''" + secret + "'''; end $$")
		w.query("drop role nested1")
		var got []string
		temp := ""
		for _, e := range w.bye(a.tails[mode])[skip:] {
			noSecret(t, "an event", string(e.Raw))
			if i := strings.Index(e.Object(), "."); temp == "" && i > 0 {
				temp = e.Object()[:i]
			}
			got = append(got, fmt.Sprintf("%d.%d %s", e.StatementID-int64(skip)-1, e.SubstatementID, strings.ReplaceAll(inWords(e), temp, "pg_temp")))
		}
		want := []string{
			"1.1 SELECT pg_temp.child | SELECT 1 from child", "1.2 INSERT pg_temp.par | insert into par values (1)",
			`2.1 SELECT pg_temp.par | SELECT 1 FROM ONLY "pg_temp"."par" x WHERE "id" OPERATOR(pg_catalog.=) $1 FOR KEY SHARE OF x`, "2.2 INSERT pg_temp.child | insert into child values (1)",
			"3.1 EXECUTE pg_temp.f | select pg_temp.f()", "3.2 SELECT pg_temp.par | (select count(*) from par)", "3.3 SELECT | select pg_temp.f()",
			"4.1 EXECUTE pg_temp.f | select pg_temp.f()", "4.2 SELECT pg_temp.par | (select count(*) from par)", "4.3 SELECT | select pg_temp.f()",
			"5.1 DO | do $$ begin perform pg_temp.f(); end $$", "5.2 EXECUTE pg_temp.f | SELECT pg_temp.f()", "5.3 SELECT pg_temp.par | (select count(*) from par)", "5.4 SELECT | SELECT pg_temp.f()",
			"6.1 EXECUTE pg_temp.p | call pg_temp.p()", "6.2 SELECT pg_temp.child | SELECT 1 from child", "6.3 INSERT pg_temp.par | insert into par values (7)", "6.4 CALL | call pg_temp.p()",
		}
		for i := range min(len(want), len(got)) {
			if got[i] != want[i] {
				t.Errorf("event %d: %s\nwant %s", i, got[i], want[i])
			}
		}
		all := strings.Join(got, "\n")
		for _, s := range []string{`DELETE pg_temp.child | DELETE FROM ONLY "pg_temp"."child"`, "CREATE ROLE | create role nested1 password <REDACTED>", "ALTER ROLE | alter role nested1 password <REDACTED>"} {
			if !strings.Contains(all, s) {
				t.Errorf("no %q in\n%s", s, all)
			}
		}
	})
}

// failures are sessions in which something fails, and their events.
var failures = map[string]struct {
	run  func(w *talk)
	want []string
}{
	"do": {func(w *talk) { w.query("do $$ begin perform 'a'; perform 1/0; end $$") },
		[]string{"DO !22012 | do $$ begin perform 'a'; perform 1/0; end $$", "SELECT | SELECT 'a'"}},
	"select": {func(w *talk) { w.query("select 1/id from t where id < 1 or 1/0 = 1") },
		[]string{"SELECT public.t !22012 | select 1/id from t where id < 1 or 1/0 = 1"}},
	"extended in a transaction": {func(w *talk) { w.query("begin"); w.run("select 1"); w.run("select 1/0"); w.query("rollback") },
		[]string{"BEGIN | begin", "SELECT | select 1", "SELECT !22012 | select 1/0"}},
	"parse fails in a transaction": {func(w *talk) { w.query("begin"); w.run("select 1 from t"); w.run("selec"); w.query("rollback") },
		[]string{"BEGIN | begin", "SELECT public.t | select 1 from t", "UNKNOWN !42601 | selec"}},
	"query fails in a transaction": {func(w *talk) { w.query("begin"); w.run("select 1 from t"); w.query("selec"); w.query("rollback") },
		[]string{"BEGIN | begin", "SELECT public.t | select 1 from t", "UNKNOWN !42601 | selec"}},
	"in one pipeline": {func(w *talk) {
		w.send(inOne("", extended("", "", "begin"), extended("", "", "select 1 from t"), extended("", "", "selec"), syncMsg).send...)
		w.until("Z")
		w.query("rollback")
	}, []string{"BEGIN | begin", "SELECT public.t | select 1 from t", "UNKNOWN !42601 | selec"}},
	"rolled back": {func(w *talk) { w.query("begin"); w.run("select 1 from t"); w.query("rollback") },
		[]string{"BEGIN | begin", "SELECT public.t | select 1 from t", "ROLLBACK | rollback"}},
	"retry after a savepoint": {func(w *talk) {
		w.query("begin")
		w.query("savepoint s")
		w.run("select 1 from t")
		w.run("selec")
		w.query("rollback to s")
		w.run("select 1 from t")
		w.query("commit")
	}, []string{"BEGIN | begin", "SAVEPOINT | savepoint s", "SELECT public.t | select 1 from t", "UNKNOWN !42601 | selec", "SELECT public.t | select 1 from t", "COMMIT | commit"}},
	"a portal from before the savepoint": {func(w *talk) {
		w.query("begin")
		w.send(inOne("", extended("c", "", "select 1 from t"), syncMsg).send...)
		w.until("Z")
		w.query("savepoint s")
		w.query("selec")
		w.query("rollback to s")
		w.query("commit")
		w.query("select 1 from t")
	}, []string{"BEGIN | begin", "SAVEPOINT | savepoint s", "SELECT public.t | select 1 from t", "UNKNOWN !42601 | selec", "COMMIT | commit", "SELECT public.t | select 1 from t"}},
	"nested text again": {func(w *talk) {
		w.query("begin")
		w.query("do $$ begin perform 1 from t; end $$")
		w.run("SELECT 1 from t")
		w.query("selec")
		w.query("rollback")
	}, []string{"BEGIN | begin", "DO | do $$ begin perform 1 from t; end $$", "SELECT public.t | SELECT 1 from t", "SELECT public.t | SELECT 1 from t", "UNKNOWN !42601 | selec"}},
	"nested text again, committed": {func(w *talk) {
		w.query("begin")
		w.query("do $$ begin perform 1 from t; end $$")
		w.run("SELECT 1 from t")
		w.run("SELECT 1 from t")
		w.query("commit")
	}, []string{"BEGIN | begin", "DO | do $$ begin perform 1 from t; end $$", "SELECT public.t | SELECT 1 from t", "SELECT public.t | SELECT 1 from t", "SELECT public.t | SELECT 1 from t", "COMMIT | commit"}},
	"deferred": {func(w *talk) {
		w.query("create temp table d (a int unique deferrable initially deferred)")
		w.run("insert into d values (1), (1)")
	}, []string{"CREATE TABLE | create temp table d (a int unique deferrable initially deferred)", "INSERT TEMP.d | insert into d values (1), (1)", "INSERT TEMP.d !23505 | insert into d values (1), (1)"}},
	"deferred to the commit": {func(w *talk) {
		w.query("create temp table d (a int unique deferrable initially deferred)")
		w.query("begin")
		w.query("insert into d values (1), (1)")
		w.query("commit")
	}, []string{"CREATE TABLE | create temp table d (a int unique deferrable initially deferred)", "BEGIN | begin", "INSERT TEMP.d | insert into d values (1), (1)", "COMMIT !23505 | commit"}},
	"filled and not made": {func(w *talk) {
		w.query("create temp table d as select id from t; create temp table d as select id from t")
	},
		[]string{"SELECT public.t | create temp table d as select id from t; create temp table d as select id from t",
			"CREATE TABLE AS | create temp table d as select id from t; create temp table d as select id from t",
			"CREATE TABLE AS !42P07 | create temp table d as select id from t; create temp table d as select id from t"}},
	"function fails": {func(w *talk) {
		w.query("create function pg_temp.bad() returns int language plpgsql as 'begin perform 1 from t; return 1/0; end'")
		w.run("select pg_temp.bad()")
	}, []string{"CREATE FUNCTION | create function pg_temp.bad() returns int language plpgsql as 'begin perform 1 from t; return 1/0; end'",
		"EXECUTE TEMP.bad | select pg_temp.bad()", "SELECT public.t | SELECT 1 from t", "SELECT !22012 | select pg_temp.bad()"}},
	"caught": {func(w *talk) {
		w.query("do $$ begin begin perform 1 from t; perform 1/0; exception when others then perform 2; end; end $$")
	}, []string{"DO | do $$ begin begin perform 1 from t; perform 1/0; exception when others then perform 2; end; end $$", "SELECT public.t | SELECT 1 from t", "SELECT | SELECT 2"}},
}

// TestAssistFailures: what ran before a failure has its events, and the statement
// that failed has one.
func TestAssistFailures(t *testing.T) {
	for name, c := range failures {
		t.Run(name, func(t *testing.T) {
			inBoth(t, func(t *testing.T, a *aud, mode string) {
				w := connect(t, a.procs[mode], "postgres")
				c.run(w)
				events := w.bye(a.tails[mode])
				for i, e := range events {
					if j := strings.Index(e.Object(), "."); strings.HasPrefix(e.Object(), "pg_temp") {
						name := "TEMP" + e.Object()[j:]
						events[i].ObjectName = &name
					}
				}
				want := slices.Clone(c.want)
				if name == "a portal from before the savepoint" && mode == "sync" { // its event is due before its completion is seen
					want[1], want[2] = want[2], want[1]
				}
				expect(t, events, want...)
			})
		})
	}
}

// TestAssistPause: a SELECT in a transaction has its event although the session
// idles, and only that one when the server records it later.
func TestAssistPause(t *testing.T) {
	inBoth(t, func(t *testing.T, a *aud, mode string) {
		w := connect(t, a.procs[mode], "app")
		w.query("begin")
		mark := fmt.Sprintf("select v from t where id = $1 /* %s */", w.app)
		w.run(mark, "7")
		mine := func(e testbed.Event) bool { return e.Text() == mark }
		found := waitFor(t, a.tails[mode], mine, 1)
		if len(found) == 1 && (found[0].Object() != "public.t" || found[0].Rows() != 1 || fmt.Sprint(found[0].ParamList) != "[7]") {
			t.Errorf("the event is %s", list(found))
		}
		w.run(mark, "8")
		waitFor(t, a.tails[mode], mine, 2)
		w.run("select count(*) from t")
		w.query("commit")
		expect(t, w.bye(a.tails[mode]), "BEGIN | begin", "SELECT public.t | "+mark, "SELECT public.t | "+mark, "SELECT public.t | select count(*) from t", "COMMIT | commit")
	})
}

// TestAssistLoop: a DO block of many statements has all its events, and das-local
// does not grow with it.
func TestAssistLoop(t *testing.T) {
	inBoth(t, func(t *testing.T, a *aud, mode string) {
		const n = 100_000
		w := connect(t, a.procs[mode], "app")
		w.query("do $$ begin for i in 1..10000 loop perform i; end loop; end $$")
		before := rss(t, a.procs[mode])
		w.send(&pgproto3.Query{String: fmt.Sprintf("do $$ begin for i in 1..%d loop perform i from t where id = i; end loop; end $$", n)})
		w.conn.Conn.SetReadDeadline(await.Deadline())
		for {
			m, err := w.conn.Frontend.Receive()
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := m.(*pgproto3.ReadyForQuery); ok {
				break
			}
		}
		grown := rss(t, a.procs[mode]) - before
		t.Logf("grown by %d MiB", grown>>20)
		w.send(&pgproto3.Terminate{})
		events, err := a.tails[mode].AwaitSession(within(t), w.app)
		if err != nil {
			t.Fatal(err)
		}
		checkNumbers(t, events)
		if len(events) != 2+10001+n+1 {
			t.Errorf("%d events", len(events))
		}
		if grown > 300<<20 {
			t.Errorf("das-local grew by %d MiB", grown>>20)
		}
	})
}

// TestAssistLoops: two loops in one transaction, each with more records than are
// kept.
func TestAssistLoops(t *testing.T) {
	inBoth(t, func(t *testing.T, a *aud, mode string) {
		w := connect(t, a.procs[mode], "app")
		w.query("begin")
		for i := range 3 {
			w.query(fmt.Sprintf("do $$ begin for i in 1..1000 loop execute 'select ' || i * %d; end loop; end $$", i+1))
		}
		w.query("commit")
		events := w.bye(a.tails[mode])
		if len(events) != 2+3*1001 {
			t.Errorf("%d events", len(events))
		}
		n := 0
		for _, e := range events {
			if e.Command == "DO" {
				n++
			}
		}
		if n != 3 {
			t.Errorf("%d events of 3 DO", n)
		}
	})
}

package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// TestAssistSwitchedOff: what a superuser hides from the server's audit has the
// events that it has without it.
func TestAssistSwitchedOff(t *testing.T) {
	a, err := audited()
	if err != nil {
		t.Fatal(err)
	}
	err = a.pg.Exec(t.Context(), "postgres", "create role r_none login", "alter role r_none set pgaudit.log = 'none'", "create role r_read login",
		"alter role r_read set pgaudit.log = 'read'", "create role r_quiet login", "alter role r_quiet set pgaudit.log_client = off",
		"create role r_write login", "alter role r_write set pgaudit.log = 'write'", "create role r_object login", "create role auditor", "alter role r_object set pgaudit.role = 'auditor'",
		"grant all on t, big to r_none, r_read, r_quiet, r_write, r_object, auditor", "create table w (a int)", "grant all on w to public, auditor")
	if err != nil {
		t.Fatal(err)
	}
	off := map[string][]string{
		"set":               {"postgres", "set pgaudit.log = none"},
		"set local":         {"postgres", "begin", "set local pgaudit.log = none"},
		"do":                {"postgres", "do $$ begin set pgaudit.log = 'none'; end $$"},
		"do, after a write": {"postgres", "insert into w values (9)", "do $$ begin set pgaudit.log = 'none'; end $$"},
		"set_config":        {"postgres", "select set_config('pgaudit.log', 'none', false)"},
		"log_client":        {"postgres", "set pgaudit.log_client = off"},
		"level":             {"postgres", "set pgaudit.log_level = debug1"},
		"role none":         {"r_none"},
		"role read":         {"r_read"},
		"role write":        {"r_write"},
		"role object":       {"r_object"},
		"role client":       {"r_quiet"},
	}
	for name, setup := range off {
		for _, protocol := range []string{"simple", "extended"} {
			t.Run(name+" "+protocol, func(t *testing.T) {
				inBoth(t, func(t *testing.T, a *aud, mode string) {
					w := connect(t, a.procs[mode], setup[0])
					run := func(sql string) {
						if protocol == "simple" {
							w.query(sql)
						} else {
							w.run(sql)
						}
					}
					for _, sql := range setup[1:] {
						run(sql)
					}
					rest := []string{"INSERT public.w | insert into w values (1), (2)", "UPDATE public.w | update w set a = 3 where a = 77", "SELECT public.t | select * from t where id < 4",
						"DELETE public.w | delete from w", "SELECT public.t | select * from t where id < 4", "SHOW | show search_path", "INSERT public.w | insert into w values (5)", "TRUNCATE TABLE | truncate w"}
					for _, s := range rest {
						_, sql, _ := strings.Cut(s, " | ")
						run(sql)
					}
					events := w.bye(a.tails[mode])
					if len(events) > len(rest) {
						events = events[len(events)-len(rest):]
					}
					if setup[0] != "postgres" { // may not
						rest = rest[:len(rest)-1]
						if len(events) > 0 {
							events = events[:len(events)-1]
						}
					}
					expect(t, events, rest...)
				})
			})
		}
	}
}

// TestAssistParallel: the copies of parallel workers make no second event, and a
// context that only names them hides nothing.
func TestAssistParallel(t *testing.T) {
	inBoth(t, func(t *testing.T, a *aud, mode string) {
		w := connect(t, a.procs[mode], "postgres")
		count := "select count(*) from big where v <> ''"
		nested := "do $$ declare n int; begin select count(*) into n from big where v <> ''; end $$"
		forged := "do $$ begin execute E'select 1 from t where ''\\nparallel worker\\n'' <> ''''\\n--parallel worker'; end $$"
		w.query(forged)
		w.query("set parallel_setup_cost = 0; set parallel_tuple_cost = 0; set min_parallel_table_scan_size = 0; set max_parallel_workers_per_gather = 4")
		w.query(count)
		w.run(count)
		w.query(nested)
		w.query("explain (analyze, costs off, timing off, summary off) " + count)
		w.query(forged)
		w.query("set force_parallel_mode = on")
		w.query("select v from t where id = 5")
		w.run("select v from t where id = 5")
		w.query("begin")
		w.run("select v from t where id = 6")
		w.query("commit")
		events := w.bye(a.tails[mode])
		var got []string
		for _, e := range events {
			if e.Command != "SET" {
				got = append(got, fmt.Sprintf("%s %s %d", e.Command, e.Object(), e.Rows()))
			}
		}
		want := []string{"DO  0", "SELECT public.t 100", "SELECT public.big 1", "SELECT public.big 1", "DO  0", "SELECT public.big 1", "SELECT public.big 1", "EXPLAIN  0", "DO  0", "SELECT public.t 100",
			"SELECT public.t 1", "SELECT public.t 1", "BEGIN  0", "SELECT public.t 1", "COMMIT  0"}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%q\nwant %q\n%s", got, want, list(events))
		}
	})
}

// TestAssistFirstParallel: so does a session whose first statement is parallel.
func TestAssistFirstParallel(t *testing.T) {
	inBoth(t, func(t *testing.T, a *aud, mode string) {
		for i, sql := range []string{"select count(*) from big where v <> ''", "do $$ declare n int; begin select count(*) into n from big; end $$"} {
			w := connect(t, a.procs[mode], "postgres", "parallel_setup_cost", "0", "parallel_tuple_cost", "0", "min_parallel_table_scan_size", "0", "force_parallel_mode", "on")
			w.query(sql)
			if events := w.bye(a.tails[mode]); len(events) != 1+i {
				t.Errorf("%s", list(events))
			}
		}
	})
}

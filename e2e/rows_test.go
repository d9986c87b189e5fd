package e2e

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"
)

// counted is a statement and what the stream must say of it, rowCount last.
type counted struct {
	sql  string
	want []string
	data string // for COPY FROM STDIN
}

// counting lists statements in the order in which they are run. Where the tag has no number, or the
// statement is neither SELECT, DML nor COPY, rowCount is null.
var counting = []counted{
	{sql: "create table rc (i int primary key, s text)", want: []string{"DDL CREATE TABLE null"}},
	{sql: "insert into rc select g, 'x' from generate_series(1, 5) g", want: []string{"WRITE INSERT rc 5"}},
	{sql: "select * from rc", want: []string{"READ SELECT rc 5"}},
	{sql: "select 1 where false", want: []string{"READ SELECT 0"}},
	{sql: "values (1), (2)", want: []string{"READ SELECT 2"}},
	{sql: "table rc", want: []string{"READ SELECT rc 5"}},
	{sql: "select * from rc limit 2", want: []string{"READ SELECT rc 2"}},
	{sql: "select i from rc union all select i from rc", want: []string{"READ SELECT rc 10", "READ SELECT rc 10"}},
	{sql: "select * from rc where i < 3 for update", want: []string{"READ SELECT rc 2"}},
	{sql: "insert into rc values (6, 'a'), (7, 'b') returning i", want: []string{"WRITE INSERT rc 2"}},
	{sql: "insert into rc values (7, 'c') on conflict do nothing", want: []string{"WRITE INSERT rc 0"}},
	{sql: "update rc set s = 'y' where i <= 4", want: []string{"WRITE UPDATE rc 4"}},
	{sql: "update rc set s = 'z' where i = 1 returning *", want: []string{"WRITE UPDATE rc 1"}},
	{sql: "update rc set s = 'y' where false", want: []string{"WRITE UPDATE rc 0"}},
	{sql: "delete from rc where i > 5", want: []string{"WRITE DELETE rc 2"}},
	{sql: "delete from rc where i = 5 returning i", want: []string{"WRITE DELETE rc 1"}},
	{sql: "merge into rc using (values (1), (9)) v(i) on rc.i = v.i when matched then update set s = 'm' when not matched then insert values (v.i, 'n')",
		want: []string{"WRITE INSERT rc 2"}},
	{sql: "with d as (delete from rc where i = 9 returning i) select * from d, generate_series(1, 3)", want: []string{"WRITE DELETE rc 3"}},
	{sql: "with n as (insert into rc values (9, 'c') returning i) update rc set s = 'w' where i < 4", want: []string{"WRITE UPDATE rc 3", "WRITE INSERT rc 3"}},
	{sql: "copy rc to stdout", want: []string{"READ COPY rc 5"}},
	{sql: "copy rc (i) from stdin", data: "20\n21\n22\n", want: []string{"WRITE COPY rc 3"}},
	{sql: "copy (select i from rc where i >= 20) to stdout", want: []string{"READ SELECT rc 3", "READ COPY 3"}},
	{sql: "copy (delete from rc where i >= 20 returning i) to stdout", want: []string{"WRITE DELETE rc 3", "READ COPY 3"}},
	{sql: "copy (values (1), (2)) to stdout", want: []string{"READ SELECT 2", "READ COPY 2"}},
	{sql: "create table rc2 as select * from rc", want: []string{"READ SELECT rc 5", "DDL CREATE TABLE AS null"}},
	{sql: "create table rc3 as select * from rc with no data", want: []string{"DDL CREATE TABLE AS null"}},
	{sql: "select * into rc4 from rc where i < 3", want: []string{"READ SELECT rc 2", "DDL SELECT INTO null"}},
	{sql: "create materialized view rcm as select * from rc", want: []string{"READ SELECT rc 5", "DDL CREATE MATERIALIZED VIEW null"}},
	{sql: "refresh materialized view rcm", want: []string{"READ SELECT rc 5", "DDL REFRESH MATERIALIZED VIEW null"}},
	{sql: "prepare rcp(int) as select * from rc where i <= $1", want: []string{"READ PREPARE null"}},
	{sql: "execute rcp(3)", want: []string{"READ SELECT rc 3", "MISC EXECUTE null"}},
	{sql: "prepare rcu as update rc set s = 'e' where i <= 2", want: []string{"WRITE PREPARE null"}},
	{sql: "execute rcu", want: []string{"WRITE UPDATE rc 2", "MISC EXECUTE null"}},
	{sql: "create table rc5 as execute rcp(2)", want: []string{"READ SELECT rc 2", "DDL CREATE TABLE AS null"}},
	{sql: "explain select * from rc", want: []string{"READ SELECT rc 0", "MISC EXPLAIN null"}},
	{sql: "explain analyze select * from rc", want: []string{"READ SELECT rc 5", "MISC EXPLAIN null"}},
	{sql: "begin", want: []string{"MISC BEGIN null"}},
	{sql: "declare rcc scroll cursor for select * from rc", want: []string{"READ DECLARE CURSOR rc null"}},
	{sql: "fetch 3 from rcc", want: []string{"MISC FETCH null"}},
	{sql: "move backward 2 in rcc", want: []string{"MISC MOVE null"}},
	{sql: "fetch all from rcc", want: []string{"MISC FETCH null"}},
	{sql: "update rc set s = 'cur' where current of rcc", want: []string{"WRITE UPDATE rc !24000"}},
	{sql: "rollback", want: nil},
	{sql: "do $$ begin delete from rc where i = 1; end $$", want: []string{"FUNCTION DO null"}},
	{sql: "show work_mem", want: []string{"MISC SHOW null"}},
	{sql: "set work_mem = '5MB'", want: []string{"MISC SET null"}},
	{sql: "truncate rc2", want: []string{"WRITE TRUNCATE TABLE null"}},
	{sql: "analyze rc", want: []string{"MISC ANALYZE null"}},
	{sql: "create procedure rcproc(inout n int) language sql as 'select $1 + 1'", want: []string{"DDL CREATE PROCEDURE null"}},
	{sql: "call rcproc(1)", want: []string{"FUNCTION EXECUTE rcproc null", "MISC CALL null"}},
	{sql: "create table rclog (i int)", want: []string{"DDL CREATE TABLE null"}},
	{sql: "create rule rcr as on insert to rc2 do also insert into rclog values (new.i)", want: []string{"DDL CREATE RULE null"}},
	{sql: "insert into rc2 values (1), (2)", // the rule's query is a statement of its own, and names the ruled table too
		want: []string{"WRITE INSERT rc2 2", "READ SELECT rc2 null", "WRITE INSERT rc2 null", "WRITE INSERT rclog null"}},
	{sql: "create rule rci as on delete to rc2 do instead nothing", want: []string{"DDL CREATE RULE null"}},
	{sql: "delete from rc2", want: nil}, // nothing is run for it
	{sql: "create view rcv as select * from rc", want: []string{"DDL CREATE VIEW null"}},
	{sql: "update rcv set s = 'v' where i in (2, 3)", want: []string{"WRITE UPDATE rcv 2", "WRITE UPDATE rc 2"}},
	{sql: "drop table rc3", want: []string{"DDL DROP TABLE null"}},
}

// TestRowCounts runs them by both protocols, by psql and by pgx.
func TestRowCounts(t *testing.T) {
	var want []string
	for _, c := range counting {
		want = append(want, c.want...)
	}
	for _, protocol := range []string{"simple", "extended"} {
		t.Run(protocol, func(t *testing.T) {
			database := "rows_" + protocol
			newDatabase(t, database)
			r := speak(t, bed.proc, database, database)
			for _, c := range counting {
				r.run(protocol, c.sql, c.data)
			}
			sameBriefs(t, r.events(bed.tail), want)
		})
	}
	t.Run("psql", func(t *testing.T) {
		newDatabase(t, "rows_psql")
		var script strings.Builder
		for _, c := range counting {
			fmt.Fprintf(&script, "%s;\n", c.sql)
			if c.data != "" {
				script.WriteString(c.data + "\\.\n")
			}
		}
		psql(t, bed.proc.PGPort, "postgres", "rows_psql", "rows-psql", script.String())
		sameBriefs(t, session(t, bed.tail, "rows-psql"), want)
	})
	t.Run("pgx", func(t *testing.T) {
		newDatabase(t, "rows_pgx")
		ctx := within(t)
		conn, err := pgx.Connect(ctx, bed.proc.URL("postgres", "rows_pgx", "rows-pgx"))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range counting {
			switch {
			case c.data != "":
				_, _ = conn.PgConn().CopyFrom(ctx, strings.NewReader(c.data), c.sql)
			case strings.HasPrefix(c.sql, "copy"):
				_, _ = conn.PgConn().CopyTo(ctx, io.Discard, c.sql)
			default: // one of them is to fail
				if rows, err := conn.Query(ctx, c.sql); err == nil {
					rows.Close()
				}
			}
		}
		if err := conn.Close(ctx); err != nil {
			t.Fatal(err)
		}
		sameBriefs(t, session(t, bed.tail, "rows-pgx"), want)
	})
}

// TestRowCountsOfStrings: each statement of a string has its own number.
func TestRowCountsOfStrings(t *testing.T) {
	r := speak(t, bed.proc, "postgres", "rows-string")
	r.run("simple", "select 1; select 2 union all select 3; create temp table rs (i int); insert into rs values (1), (2), (3); "+
		"copy rs from stdin; update rs set i = 0; copy rs to stdout; begin; delete from rs; commit", "4\n")
	sameBriefs(t, r.events(bed.tail), []string{"READ SELECT 1", "READ SELECT 2", "DDL CREATE TABLE null", "WRITE INSERT rs 3", "WRITE COPY rs 1",
		"WRITE UPDATE rs 4", "READ COPY rs 4", "MISC BEGIN null", "WRITE DELETE rs 4", "MISC COMMIT null"})
}

// TestRowCountsOfPortals: a portal run in parts has one event, with the rows of all its parts,
// whether or not it came to its end.
func TestRowCountsOfPortals(t *testing.T) {
	const series = "select * from generate_series(1, 10)"
	bind := func(portal string) []pgproto3.FrontendMessage {
		return []pgproto3.FrontendMessage{&pgproto3.Parse{Query: series}, &pgproto3.Bind{DestinationPortal: portal}}
	}
	run := func(portal string, most uint32) pgproto3.FrontendMessage {
		return &pgproto3.Execute{Portal: portal, MaxRows: most}
	}
	for name, c := range map[string]struct {
		steps [][]pgproto3.FrontendMessage
		want  []string
	}{
		"to the end":         {[][]pgproto3.FrontendMessage{append(bind(""), run("", 4), run("", 4), run("", 4))}, []string{"READ SELECT 10"}},
		"cut by Sync":        {[][]pgproto3.FrontendMessage{append(bind(""), run("", 4), run("", 3))}, []string{"READ SELECT 7"}},
		"exactly":            {[][]pgproto3.FrontendMessage{append(bind(""), run("", 10))}, []string{"READ SELECT 10"}},
		"exactly, and again": {[][]pgproto3.FrontendMessage{append(bind(""), run("", 10), run("", 10))}, []string{"READ SELECT 10"}},
		"closed": {[][]pgproto3.FrontendMessage{append(bind("p"), run("p", 4), &pgproto3.Close{ObjectType: 'P', Name: "p"})},
			[]string{"READ SELECT 4"}},
		"in a transaction": {[][]pgproto3.FrontendMessage{{&pgproto3.Query{String: "begin"}}, append(bind("p"), run("p", 4)), {run("p", 5)}, {&pgproto3.Query{String: "commit"}}},
			[]string{"MISC BEGIN null", "MISC COMMIT null", "READ SELECT 9"}},
		"two at once": {[][]pgproto3.FrontendMessage{{&pgproto3.Query{String: "begin"}}, append(append(bind("p"), bind("q")...), run("p", 4), run("q", 2), run("p", 0), run("q", 0)), {&pgproto3.Query{String: "rollback"}}},
			[]string{"MISC BEGIN null", "READ SELECT 10", "READ SELECT 10", "MISC ROLLBACK null"}},
		"rebound": {[][]pgproto3.FrontendMessage{append(append(append(bind(""), run("", 4)), bind("")...), run("", 2))},
			[]string{"READ SELECT 4", "READ SELECT 2"}},
		"returning in parts": {[][]pgproto3.FrontendMessage{{&pgproto3.Query{String: "create temp table rp (i int)"}},
			{&pgproto3.Parse{Query: "insert into rp " + series + " returning i"}, &pgproto3.Bind{}, run("", 3), run("", 3)}},
			[]string{"DDL CREATE TABLE null", "WRITE INSERT rp null"}}, // the server does not say how many
		"returning to the end": {[][]pgproto3.FrontendMessage{{&pgproto3.Query{String: "create temp table rp (i int)"}},
			{&pgproto3.Parse{Query: "insert into rp " + series + " returning i"}, &pgproto3.Bind{}, run("", 3), run("", 3), run("", 0)}},
			[]string{"DDL CREATE TABLE null", "WRITE INSERT rp 10"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := speak(t, bed.proc, "postgres", "portal-"+strings.NewReplacer(" ", "-", ",", "").Replace(name))
			for _, step := range c.steps {
				if _, query := step[0].(*pgproto3.Query); !query {
					step = append(step, &pgproto3.Sync{})
				}
				r.send(step...)
				r.answer(1, "")
			}
			sameBriefs(t, r.events(bed.tail), c.want)
		})
	}
}

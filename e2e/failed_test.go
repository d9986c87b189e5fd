package e2e

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/das-local/das-local/e2e/testbed"
	"github.com/das-local/das-local/internal/await"
)

// failing lists texts that fail, whatever the protocol.
var failing = []counted{
	{sql: "selec 1", want: []string{"MISC UNKNOWN !42601"}},
	{sql: "select from where", want: []string{"READ SELECT !42601"}},
	{sql: "insert into fa values (1", want: []string{"WRITE INSERT fa !42601"}},
	{sql: "select 'open", want: []string{"READ SELECT !42601"}},
	{sql: "select * from fa_missing", want: []string{"READ SELECT !42P01"}},
	{sql: "select nocol from fa", want: []string{"READ SELECT fa !42703"}},
	{sql: "select nofunc(1)", want: []string{"READ SELECT !42883"}},
	{sql: "drop table fa_missing", want: []string{"DDL DROP TABLE !42P01"}},
	{sql: "create table fa (i int)", want: []string{"DDL CREATE TABLE !42P07"}},
	{sql: "grant select on fa to nobody_such", want: []string{"ROLE GRANT !42704"}},
	{sql: "alter role nobody_such nologin", want: []string{"ROLE ALTER ROLE !42704"}},
	{sql: "insert into fa values (1)", want: []string{"WRITE INSERT fa !23505"}},
	{sql: "insert into fa values (null)", want: []string{"WRITE INSERT fa !23502"}},
	{sql: "insert into fa values (-1)", want: []string{"WRITE INSERT fa !23514"}},
	{sql: "insert into fb values (99)", want: []string{"WRITE INSERT fb !23503"}},
	{sql: "update fa set i = 2 where i = 1", want: []string{"WRITE UPDATE fa !23505"}},
	{sql: "delete from fa where i = 1", want: []string{"WRITE DELETE fa !23503"}},
	{sql: "select 1/(i-1) from fa", want: []string{"READ SELECT fa !22012"}},
	{sql: "select 1/0", want: []string{"READ SELECT !22012"}},
	{sql: "select 'x'::int", want: []string{"READ SELECT !22P02"}},
	{sql: "execute no_such", want: []string{"MISC EXECUTE !26000"}},
	{sql: "deallocate no_such", want: []string{"MISC DEALLOCATE !26000"}},
	{sql: "fetch from no_such", want: []string{"MISC FETCH !34000"}},
	{sql: "savepoint s", want: []string{"MISC SAVEPOINT !25P01"}},
	{sql: "set work_mem = 'much'", want: []string{"MISC SET !22023"}},
	{sql: "call no_such()", want: []string{"MISC CALL !42883"}},
	{sql: "do $$ begin raise exception 'no' using errcode = 'P0042'; end $$", want: []string{"FUNCTION DO !P0042"}},
	{sql: "set role fa_role", want: []string{"MISC SET null"}},
	{sql: "select * from fa", want: []string{"READ SELECT fa !42501"}},
	{sql: "create table public.fa_new (i int)", want: []string{"DDL CREATE TABLE !42501"}},
	{sql: "copy fa to stdout", want: []string{"READ COPY fa !42501"}},
	{sql: "reset role", want: []string{"MISC RESET null"}},
	{sql: "copy fa from stdin", data: "7\nno number\n", want: []string{"WRITE COPY fa !22P02"}},
	{sql: "copy fa from stdin", data: "7\t8\n", want: []string{"WRITE COPY fa !22P04"}},
	{sql: "copy (select 1/0) to stdout", want: []string{"READ COPY !22012"}},
	{sql: "set statement_timeout = '2s'", want: []string{"MISC SET null"}},
	{sql: "select pg_sleep(600)", want: []string{"READ SELECT !57014"}},
	{sql: "reset statement_timeout", want: []string{"MISC RESET null"}},
	{sql: "begin", want: []string{"MISC BEGIN null"}},
	{sql: "select 1/0", want: []string{"READ SELECT !22012"}},
	{sql: "select 1", want: []string{"READ SELECT !25P02"}},
	{sql: "insert into fa values (3)", want: []string{"WRITE INSERT fa !25P02"}},
	{sql: "selec 1", want: []string{"MISC UNKNOWN !42601"}},
	{sql: "commit"}, // a rollback of what failed: no event
	{sql: "begin", want: []string{"MISC BEGIN null"}},
	{sql: "insert into fd values (1)", want: []string{"WRITE INSERT fd 1"}},
	{sql: "commit", want: []string{"MISC COMMIT !23503"}},
	{sql: "select 1", want: []string{"READ SELECT 1"}},
}

const failedSetup = `create role fa_role; create table fa (i int primary key check (i > 0)); insert into fa values (1), (2);
	create table fb (i int references fa); insert into fb values (1); create table fd (i int references fa_parent deferrable initially deferred)`

// TestFailed runs them by both protocols; each failed statement has one event, with its SQLSTATE and
// message.
func TestFailed(t *testing.T) {
	for _, protocol := range []string{"simple", "extended"} {
		t.Run(protocol, func(t *testing.T) {
			database := failedDatabase(t, "failed_"+protocol)
			r := speak(t, bed.proc, database, database)
			var want []string
			for _, c := range failing {
				said := r.run(protocol, c.sql, c.data)
				want = append(want, c.want...)
				for _, w := range c.want {
					if _, state, ok := strings.Cut(w, "!"); ok && (len(said) != 1 || said[0] != state) {
						t.Errorf("%q: the server says %q", c.sql, said)
					}
				}
			}
			// An implicit transaction fails at its end: by Query instead of the statement's completion,
			// by Sync after that.
			r.run(protocol, "insert into fd values (2)", "")
			if protocol == "extended" {
				want = append(want, "WRITE INSERT fd 1")
			}
			want = append(want, "WRITE INSERT fd !23503")
			events := r.events(bed.tail)
			sameBriefs(t, events, want)
			for _, e := range events {
				if (e.ErrorMessage == nil) != (e.ExitCode == nil) || e.ErrorMessage != nil && *e.ErrorMessage == "" {
					t.Errorf("%s: errorMessage %v", brief(e), e.ErrorMessage)
				}
			}
		})
	}
}

func failedDatabase(t *testing.T, name string) string {
	t.Helper()
	newDatabase(t, name)
	setup := "create table fa_parent (i int primary key); drop role if exists fa_role; " + failedSetup
	if err := bed.pg.Exec(t.Context(), name, setup); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := bed.pg.Exec(t.Context(), name, "drop owned by fa_role; drop role fa_role"); err != nil {
			t.Log(err) // the context may be over
		}
	})
	return name
}

// TestFailedMessages has errors of each message of the extended protocol, and what is skipped after
// them.
func TestFailedMessages(t *testing.T) {
	parse := func(name, sql string) *pgproto3.Parse { return &pgproto3.Parse{Name: name, Query: sql} }
	text := func(v ...string) *pgproto3.Bind {
		b := &pgproto3.Bind{}
		for _, s := range v {
			b.Parameters = append(b.Parameters, []byte(s))
		}
		return b
	}
	execute, describe, sync := &pgproto3.Execute{}, &pgproto3.Describe{ObjectType: 'P'}, &pgproto3.Sync{}
	query := func(sql string) *pgproto3.Query { return &pgproto3.Query{String: sql} }
	for name, c := range map[string]struct {
		send   []pgproto3.FrontendMessage
		readys int
		want   []string
	}{
		"parse":                 {[]pgproto3.FrontendMessage{parse("", "select * from fm_none"), text(), describe, execute, sync}, 1, []string{"READ SELECT !42P01"}},
		"bind count":            {[]pgproto3.FrontendMessage{parse("", "select $1::int"), text(), execute, sync}, 1, []string{"READ SELECT !08P01"}},
		"bind value":            {[]pgproto3.FrontendMessage{parse("", "select $1::int"), text("x"), execute, sync}, 1, []string{"READ SELECT !22P02"}},
		"bind to nothing":       {[]pgproto3.FrontendMessage{&pgproto3.Bind{PreparedStatement: "none"}, execute, sync}, 1, []string{"MISC UNKNOWN !26000"}},
		"describe of nothing":   {[]pgproto3.FrontendMessage{&pgproto3.Describe{ObjectType: 'S', Name: "none"}, sync}, 1, []string{"MISC UNKNOWN !26000"}},
		"describe no portal":    {[]pgproto3.FrontendMessage{&pgproto3.Describe{ObjectType: 'P', Name: "none"}, sync}, 1, []string{"MISC UNKNOWN !34000"}},
		"execute of nothing":    {[]pgproto3.FrontendMessage{&pgproto3.Execute{Portal: "none"}, sync}, 1, []string{"MISC UNKNOWN !34000"}},
		"execute":               {[]pgproto3.FrontendMessage{parse("", "select 1/$1::int"), text("0"), execute, sync}, 1, []string{"READ SELECT !22012"}},
		"execute, later run":    {[]pgproto3.FrontendMessage{parse("", "select 1/(3-g) from generate_series(1,5) g"), text(), &pgproto3.Execute{MaxRows: 2}, execute, sync}, 1, []string{"READ SELECT !22012"}},
		"pipeline":              {[]pgproto3.FrontendMessage{parse("", "select 1"), text(), execute, parse("", "select 1/0"), text(), execute, parse("", "select 2"), text(), execute, sync}, 1, []string{"READ SELECT 1", "READ SELECT !22012"}},
		"pipeline, two Syncs":   {[]pgproto3.FrontendMessage{parse("", "selec"), text(), execute, sync, parse("", "select 2"), text(), execute, sync}, 2, []string{"MISC UNKNOWN !42601", "READ SELECT 1"}},
		"pipeline, then Query":  {[]pgproto3.FrontendMessage{parse("", "select 1/0"), text(), execute, parse("", "select 1"), sync, query("select 3")}, 2, []string{"READ SELECT !22012", "READ SELECT 1"}},
		"pipeline, transaction": {[]pgproto3.FrontendMessage{parse("", "begin"), text(), execute, parse("", "select 1/0"), text(), execute, sync, parse("", "select 2"), text(), execute, sync, query("rollback")}, 3, []string{"MISC BEGIN null", "READ SELECT !22012", "READ SELECT !25P02"}},
		"string":                {[]pgproto3.FrontendMessage{query("select 1; select 1/0; select 2")}, 1, []string{"READ SELECT 1", "READ SELECT !22012"}},
		"string, syntax":        {[]pgproto3.FrontendMessage{query("select 1; selec 2; select 3")}, 1, []string{"READ SELECT !42601"}},
		"string, transaction":   {[]pgproto3.FrontendMessage{query("begin; select 1/0; commit"), query("select 1; select 2"), query("rollback; select 4")}, 3, []string{"MISC BEGIN null", "READ SELECT !22012", "READ SELECT !25P02", "READ SELECT 1"}},
		"Query while skipping":  {[]pgproto3.FrontendMessage{parse("", "selec"), query("select 'skipped'"), sync}, 1, []string{"MISC UNKNOWN !42601"}},
		"CopyFail":              {[]pgproto3.FrontendMessage{query("create temp table fc (i int)"), query("copy fc from stdin"), &pgproto3.CopyData{Data: []byte("1\n")}, &pgproto3.CopyFail{Message: "no more"}}, 2, []string{"DDL CREATE TABLE null", "WRITE COPY fc !57014"}},
		"CopyFail, extended":    {[]pgproto3.FrontendMessage{query("create temp table fc (i int)"), parse("", "copy fc from stdin"), text(), execute, &pgproto3.CopyData{Data: []byte("1\n")}, &pgproto3.CopyFail{Message: "no more"}, sync}, 2, []string{"DDL CREATE TABLE null", "WRITE COPY fc !57014"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := speak(t, bed.proc, "postgres", "fm-"+strings.NewReplacer(" ", "-", ",", "").Replace(name))
			r.send(c.send...)
			r.silent(c.readys)
			sameBriefs(t, r.events(bed.tail), c.want)
		})
	}
}

// silent reads up to the nth ReadyForQuery.
func (r *raw) silent(n int) {
	r.t.Helper()
	for n > 0 {
		m, err := r.Frontend.Receive()
		if err != nil {
			r.t.Fatal(err)
		}
		if _, ready := m.(*pgproto3.ReadyForQuery); ready {
			n--
		}
	}
}

// TestInterrupted ends statements from outside.
func TestInterrupted(t *testing.T) {
	server, err := testbed.StartPostgres(t.Context(), testbed.PostgresConfig{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	p := startDAS(t, "--upstream="+server.URL("postgres"))
	tail, err := p.Tail()
	if err != nil {
		t.Fatal(err)
	}
	defer tail.Stop()
	admin := func(sql string) func(*pgx.Conn) {
		return func(conn *pgx.Conn) {
			if err := server.Exec(t.Context(), "postgres", fmt.Sprintf(sql, conn.PgConn().PID())); err != nil {
				t.Error(err)
			}
		}
	}
	for _, c := range []struct {
		name  string
		end   func(*pgx.Conn)
		state string
	}{
		{"cancelled", admin("select pg_cancel_backend(%d)"), "57014"},
		{"cancel-request", func(conn *pgx.Conn) {
			if err := conn.PgConn().CancelRequest(t.Context()); err != nil {
				t.Error(err)
			}
		}, "57014"},
		{"terminated", admin("select pg_terminate_backend(%d)"), "57P01"},
		// The last, for the server ends every session then.
		{"killed", func(conn *pgx.Conn) { _ = syscall.Kill(int(conn.PgConn().PID()), syscall.SIGKILL) }, "08006"},
	} {
		for _, protocol := range []string{"simple", "extended"} {
			t.Run(c.name+"/"+protocol, func(t *testing.T) {
				app := c.name + "-" + protocol
				ctx := within(t)
				conn := connectTo(t, p, app)
				done := make(chan error, 1)
				go func() { done <- send(ctx, conn, protocol, "select pg_sleep(600)") }()
				awaitActive(t, server, app)
				c.end(conn)
				if err := <-done; err == nil {
					t.Error("the statement did not fail")
				}
				_ = conn.Close(ctx)
				events := session(t, tail, app)
				sameBriefs(t, events, []string{"READ SELECT !" + c.state})
				if len(events) > 0 && (events[0].ErrorMessage == nil || *events[0].ErrorMessage == "" || events[0].Text() != "select pg_sleep(600)") {
					t.Errorf("the event is %s", events[0].Raw)
				}
			})
		}
	}
}

func connectTo(t *testing.T, p *testbed.Process, app string) *pgx.Conn {
	t.Helper()
	var conn *pgx.Conn
	// After a kill the server is not ready at once.
	await.Seen(t, "a session", func() (any, bool) {
		var err error
		conn, err = pgx.Connect(within(t), p.URL("postgres", "postgres", app))
		var refused *pgconn.PgError
		if err != nil && (!errors.As(err, &refused) || refused.Code != "57P03") {
			t.Fatal(err)
		}
		return err, err == nil
	})
	return conn
}

// awaitActive waits until the session runs its statement.
func awaitActive(t *testing.T, server *testbed.Postgres, app string) {
	t.Helper()
	conn, err := pgx.Connect(within(t), server.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	await.True(t, app+" to sleep", func() bool {
		var asleep bool
		err := conn.QueryRow(t.Context(), "select exists (select from pg_stat_activity where application_name = $1 and wait_event = 'PgSleep')", app).Scan(&asleep)
		if err != nil {
			t.Fatal(err)
		}
		return asleep
	})
}

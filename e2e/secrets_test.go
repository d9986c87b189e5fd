package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/das-local/das-local/e2e/testbed"
)

// secret is the password that must be nowhere. Its first part is all that is
// looked for: a half is too much as well.
const secret = "s3cr3t-0f-the-d4y"

// telling lists statements that give a password away. SECRET stands for it.
var telling = []string{
	"create role pw1 login password 'SECRET'",
	"create user pw2 password 'SECRET'",
	"create user pw3 with encrypted password 'SECRET' createdb",
	"CREATE ROLE pw4 PASSWORD E'SECRET' NOLOGIN",
	"create role pw5 password $$SECRET$$",
	"create role pw6 password $tag$SECRET$tag$",
	"create role pw7 password U&'SECRET'",
	"create role \"Pw Eight\" valid until 'infinity' password 'SECRET' connection limit 3",
	"create group pw9 password 'SECRET'",
	"alter role pw1 password 'SECRET'",
	"alter user pw2 with\n\tpassword\n'SECRET'",
	"alter user pw2 /* new */ PassWord/**/'SECRET'",
	"alter role pw1 in database postgres set app.password = 'SECRET'",
	"alter role current_user password 'SECRET' bogus",
	"alter role nobody_such password 'SECRET'",
	"alter role pw1 password 'SECRET",
	"select 'before'; alter role pw1 password 'SECRET'; select 'after'",
	"select 'before'; alter role nobody_such password 'SECRET'; select 'after'",
	"create extension if not exists postgres_fdw; create extension if not exists dblink",
	"create server far foreign data wrapper postgres_fdw options (host 'h')",
	"create user mapping for public server far options (user 'u', password 'SECRET')",
	"alter user mapping for public server far options (set password 'SECRET')",
	"create subscription sub connection 'host=h user=u password=SECRET' publication p with (connect = false, slot_name = none, enabled = false, create_slot = false)",
	"alter subscription sub connection 'host=h user=u password = ''SECRET'''",
	"create subscription sub2 connection 'postgres://u:SECRET@127.0.0.1:1/d' publication p",
	"select dblink_connect('c', 'host=127.0.0.1 port=1 user=u password=SECRET')",
	"select * from dblink('postgresql://u:SECRET@127.0.0.1:1/d', 'select 1') as t(i int)",
	"set app.password = 'SECRET'",
	"set local app.password to 'SECRET'",
	"select set_config('app.password', 'SECRET', false)",
	"explain (costs off) select 1; alter user pw1 password 'SECRET'",
	"do $do$ begin execute 'alter role pw1 password ''SECRET'''; end $do$",
	"prepare p as select dblink_connect('host=127.0.0.1 port=1 password=SECRET')",
	"drop subscription sub",
	"drop server far cascade",
}

// TestSecrets looks for the password in every event and in the log.
func TestSecrets(t *testing.T) {
	ctx := within(t)
	newDatabase(t, "secrets")
	p := startDAS(t)
	tail, err := p.Tail()
	if err != nil {
		t.Fatal(err)
	}
	defer tail.Stop()
	for i, text := range telling {
		sql := strings.ReplaceAll(text, "SECRET", secret)
		for _, protocol := range []string{"simple", "extended"} {
			app := fmt.Sprintf("secret-%d-%s", i, protocol)
			tell(t, p, app, protocol, sql)
			events, err := tail.AwaitSession(ctx, app)
			if err != nil {
				t.Fatal(err)
			}
			found := false
			for _, e := range events {
				found = found || e.CommandText != nil
				noSecret(t, text, string(e.Raw))
			}
			if !found {
				t.Errorf("no event for %q", text)
			}
		}
	}
	tell(t, p, "secret-param", "extended", "select dblink_connect('c2', $1)", "host=127.0.0.1 port=1 password="+secret)
	tell(t, p, "secret-param-last", "extended", "select set_config('app.password', $1, false)", secret)
	for _, app := range []string{"secret-param", "secret-param-last"} {
		events, err := tail.AwaitSession(ctx, app)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			noSecret(t, app, string(e.Raw))
		}
	}
	noSecret(t, "the log", p.Stderr.String())
	noSecret(t, "standard output", p.Stdout.String())
	if err := bed.pg.Exec(ctx, "secrets", "drop role if exists pw1, pw2, pw3, pw4, pw5, pw6, pw7, \"Pw Eight\", pw9"); err != nil {
		t.Error(err)
	}
}

// tell runs one statement in a session of its own; it may fail.
func tell(t *testing.T, p *testbed.Process, application, protocol, sql string, args ...string) {
	t.Helper()
	ctx := within(t)
	conn, err := pgx.Connect(ctx, p.URL("postgres", "secrets", application))
	if err != nil {
		t.Fatal(err)
	}
	_ = send(ctx, conn, protocol, sql, args...) // some are wrong on purpose
	if err := conn.Close(ctx); err != nil {
		t.Fatal(err)
	}
}

func noSecret(t *testing.T, where, text string) {
	t.Helper()
	if i := strings.Index(text, secret[:6]); i >= 0 {
		t.Errorf("%s: the password is in %q", where, text[max(0, i-60):min(len(text), i+40)])
	}
}

// TestLogins logs in with a password, with the right and the wrong one, by both
// methods that send something over the wire.
func TestLogins(t *testing.T) {
	ctx := within(t)
	for _, c := range []struct{ user, password string }{{"scram_user", "scr4m-secret"}, {"clear_user", "cl3ar-secret"}} {
		url := func(password, app string) string {
			return fmt.Sprintf("postgres://%s:%s@127.0.0.1:%d/postgres?application_name=%s", c.user, password, bed.proc.PGPort, app)
		}
		conn, err := pgx.Connect(ctx, url(c.password, "right-"+c.user))
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.Close(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := pgx.Connect(ctx, url("wr0ng-"+c.password, "wrong-"+c.user)); err == nil || !strings.Contains(err.Error(), "28P01") {
			t.Errorf("%s with a wrong password: %v", c.user, err)
		}
		events, err := bed.tail.Await(ctx, func(all []testbed.Event) bool {
			right, wrong := 0, 0
			for _, e := range all {
				switch {
				case e.Application() == "right-"+c.user && e.Command == "DISCONNECT":
					right++
				case e.Command == "AUTH FAILURE" && e.DBUserName != nil && *e.DBUserName == c.user:
					wrong++
				}
			}
			return right > 0 && wrong > 0
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			for _, where := range []string{string(e.Raw), bed.proc.Stderr.String()} {
				if strings.Contains(where, c.password) {
					t.Errorf("the password of %s is in %.300s", c.user, where)
				}
			}
		}
	}
}

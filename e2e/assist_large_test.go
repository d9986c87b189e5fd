package e2e

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	rdstypes "github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/das-local/das-local/e2e/testbed"
)

// TestAssistLarge: texts and parameters of megabytes, which the server sends back
// in its records. The client's stream is whole, the text is cut, and the memory is
// bounded.
func TestAssistLarge(t *testing.T) {
	inBoth(t, func(t *testing.T, a *aud, mode string) {
		p := a.procs[mode]
		w := connect(t, p, "app")
		w.query("select 1")
		before := rss(t, p)
		long := func(n int) string { return "select length('" + strings.Repeat("ä\"", n/3) + "')" }
		for range 2 {
			for _, n := range []int{1 << 20, 5 << 20} {
				for _, got := range [][]string{w.query(long(n)), w.run(long(n))} {
					if all := strings.Join(got, ""); !strings.Contains(all, fmt.Sprint(n/3*2)) || !strings.Contains(all, "SELECT 1") || strings.Contains(all, "AUDIT") {
						t.Errorf("%d bytes: the client gets %.300q", n, all)
					}
				}
			}
			for _, got := range [][]string{w.run("select length($1) from t where id = $2", strings.Repeat("y", 50<<20), "1"),
				w.run("select length($1) from t where id = $2", strings.Repeat("\"", 20<<20), "1")} {
				if all := strings.Join(got, ""); !strings.Contains(all, "SELECT 1") || strings.Contains(all, "AUDIT") {
					t.Errorf("the client gets %.300q", all)
				}
			}
			w.query("do $$ begin execute 'select length(''" + strings.Repeat("z", 3<<20) + "'')'; end $$")
		}
		grown := rss(t, p) - before
		t.Logf("grown by %d MiB", grown>>20)
		if grown > 400<<20 {
			t.Errorf("das-local grew by %d MiB", grown>>20)
		}
		events := w.bye(a.tails[mode])[1:]
		var kinds []string
		for _, e := range events {
			text := e.Text()
			if len(text) > 100 {
				if !strings.Contains(text, "[cut") && len(text) > 1<<20+1000 {
					t.Errorf("a text of %d bytes is not cut", len(text))
				}
				text = text[:14]
			}
			kinds = append(kinds, fmt.Sprintf("%s %s %d %s", e.Command, e.Object(), e.Rows(), text))
		}
		param := "SELECT public.t 1 select length($1) from t where id = $2"
		one := []string{"SELECT  1 select length(", "SELECT  1 select length(", "SELECT  1 select length(", "SELECT  1 select length(", param, param, "DO  0 do $$ begin ex", "SELECT  0 select length("}
		want := append(slices.Clone(one), one...)
		for i := range kinds {
			kinds[i] = strings.TrimSpace(kinds[i])
		}
		if strings.Join(kinds, "\n") != strings.Join(want, "\n") {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(kinds, "\n"), strings.Join(want, "\n"))
		}
	})
}

// TestAssistWays: TLS, Unix sockets, and results that a session on the event loop
// hands over to its own goroutines for.
func TestAssistWays(t *testing.T) {
	a, err := audited()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, mode := range []string{"async", "sync"} {
		p := upDAS(t, "--upstream="+a.pg.URL("postgres"), "--audit=server", "--start-stream="+mode, "--socket-dir="+dir)
		tail, err := p.Tail()
		if err != nil {
			t.Fatal(err)
		}
		defer tail.Stop()
		for name, url := range map[string]string{
			"tls":    fmt.Sprintf("postgres://app@127.0.0.1:%d/postgres?sslmode=require", p.PGPort),
			"socket": fmt.Sprintf("postgres:///postgres?user=app&host=%s&port=%d", filepath.Clean(dir), p.PGPort),
			"plain":  fmt.Sprintf("postgres://app@127.0.0.1:%d/postgres?sslmode=disable", p.PGPort),
		} {
			t.Run(name+" "+mode, func(t *testing.T) {
				app := "ways-" + name + "-" + mode
				for i := range 3 { // a session begins on the loop
					app := fmt.Sprint(app, "-", i)
					w := dialTalk(t, url+"&application_name="+app, app)
					w.query("select 1 from t where id = 1")
					w.send(&pgproto3.Query{String: "select repeat('x', 1000) from big; do $$ begin for i in 1..50 loop perform i; end loop; end $$; select v from big"})
					a.waitIn(t, w.conn.PID, "ClientWrite") // the sockets are full
					if n := len(w.until("CCCZ")); n != 40000+6 {
						t.Errorf("%d messages", n)
					}
					w.query("select 1 from t where id = 1")
					if events := w.bye(tail); len(events) != 1+1+51+1+1 {
						t.Errorf("%d events", len(events))
					}
				}
			})
		}
		stop(t, p)
	}
}

// TestAssistStreamStops: the client sees no records while the stream is stopped.
func TestAssistStreamStops(t *testing.T) {
	a, err := audited()
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range []rdstypes.ActivityStreamMode{rdstypes.ActivityStreamModeAsync, rdstypes.ActivityStreamModeSync} {
		t.Run(string(mode), func(t *testing.T) {
			ctx := within(t)
			p := upDAS(t, "--upstream="+a.pg.URL("postgres"), "--audit=server", "--start-stream=off")
			sdk := newCloud(p)
			quiet := func(w *talk) {
				t.Helper()
				for _, got := range [][]string{w.query("select 'off' from t limit 1"), w.run("select 'off' from t limit 1"), w.query("do $$ begin perform 'off'; end $$")} {
					if all := strings.Join(got, ""); strings.Contains(all, "AUDIT") || !strings.Contains(all, "Z") {
						t.Errorf("with the stream stopped: %q", all)
					}
				}
			}
			quiet(connect(t, p, "app"))
			sdk.startStream(ctx, t, mode) // which ends the sessions
			tail, err := p.Tail()
			if err != nil {
				t.Fatal(err)
			}
			defer func() { tail.Stop() }()
			w := connect(t, p, "app")
			w.query("begin")
			w.run("select 'in' from t limit 1")
			w.query("commit")
			w.query("do $$ begin perform 'on'; end $$")
			w.run("select 'on' from t limit 1")
			has := func(text string) int {
				n := 0
				for _, e := range tail.Events() {
					if strings.Contains(e.Text(), text) {
						n++
					}
				}
				return n
			}
			waitFor(t, tail, func(e testbed.Event) bool { return strings.Contains(e.Text(), "'on'") }, 3)
			waitFor(t, tail, func(e testbed.Event) bool { return e.Text() == "commit" }, 1)
			if has("'in'") != 1 || has("'on'") != 3 || has("'off'") != 0 {
				t.Errorf("%s", list(tail.Events()))
			}
			w.query("begin")
			w.run("select 'open' from t limit 1")
			if _, err := sdk.rds.StopActivityStream(ctx, &rds.StopActivityStreamInput{ResourceArn: sdk.cluster(ctx, t, "my-cluster").DBClusterArn, ApplyImmediately: aws.Bool(true)}); err != nil {
				t.Fatal(err)
			}
			sdk.awaitStatus(ctx, t, "my-cluster", rdstypes.ActivityStreamStatusStopped)
			quiet(connect(t, p, "app"))
		})
	}
}

// TestAssistEncodings: sessions that do not speak UTF-8.
func TestAssistEncodings(t *testing.T) {
	inBoth(t, func(t *testing.T, a *aud, mode string) {
		for _, enc := range []struct{ name, sent string }{{"LATIN1", "\xe4"}, {"WIN1252", "\xe4"}, {"EUC_JP", "\xb4\xc1"}, {"SJIS", "\x8a\xbf"}, {"UTF8", "ä"}, {"SQL_ASCII", "ä"}} {
			w := connect(t, a.procs[mode], "postgres", "client_encoding", enc.name)
			sql := "select v || '" + enc.sent + "' from t where id = 1"
			w.query(sql)
			w.run(sql)
			w.run("select $1::text from t where id = 1", enc.sent)
			w.query("do $$ begin perform v || '" + enc.sent + "' from t; end $$")
			events := w.bye(a.tails[mode])
			if len(events) != 5 {
				t.Errorf("%s: %s", enc.name, list(events))
				continue
			}
			c := "ä"
			if enc.name == "EUC_JP" || enc.name == "SJIS" {
				c = "漢"
			}
			for i, e := range events {
				if e.Failed() || i != 2 && !strings.Contains(e.Text(), c) || i == 2 && fmt.Sprint(e.ParamList) != "["+c+"]" {
					t.Errorf("%s: %s", enc.name, list(events[i:i+1]))
				}
			}
		}
		// A record with a character that the client's encoding lacks fails the statement.
		ctx := within(t)
		if err := a.pg.Exec(ctx, "postgres", "create or replace view cyr as select 1 as \"д\" from t", `create or replace function enc() returns int language plpgsql as 'begin perform ''д''; return 1; end'`); err != nil {
			t.Fatal(err)
		}
		w := connect(t, a.procs[mode], "postgres", "client_encoding", "LATIN1")
		if all := strings.Join(w.query("select enc()"), ""); !strings.Contains(all, "22P05") {
			t.Errorf("the hazard is gone: %q", all)
		}
		events := w.bye(a.tails[mode])
		if !strings.Contains(a.procs[mode].Stderr.String(), "client_encoding UTF8") {
			t.Errorf("nothing says why: %s", a.procs[mode].Stderr)
		}
		if len(events) == 0 || !events[len(events)-1].Failed() {
			t.Errorf("%s", list(events))
		}
	})
}

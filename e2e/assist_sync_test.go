package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/das-local/das-local/internal/await"
)

// pipelines are ways to use the protocol, and the texts of the events that each makes.
var pipelines = map[string]struct {
	run  func(w *talk)
	want []string
}{
	"completion before the sync": {func(w *talk) {
		w.send(inOne("", extended("", "", "select 1 from t"), flushMsg).send...)
		w.until("C")
		w.send(syncMsg)
		w.until("Z")
	}, []string{"select 1 from t"}},
	"completions by flush": {func(w *talk) {
		for range 3 {
			w.send(inOne("", extended("", "", "select 1 from t"), flushMsg).send...)
			w.until("C")
		}
		w.send(syncMsg)
		w.until("Z")
	}, []string{"select 1 from t", "select 1 from t", "select 1 from t"}},
	"several syncs": {func(w *talk) {
		w.send(inOne("", extended("", "", "select 1 from t"), syncMsg, syncMsg, extended("", "", "select 2 from t"), extended("", "", "select 3 from t"), syncMsg, syncMsg).send...)
		w.until("ZZZZ")
	}, []string{"select 1 from t", "select 2 from t", "select 3 from t"}},
	"parse without a sync": {func(w *talk) {
		w.query("begin")
		w.run("select 1 from t")
		w.send(&pgproto3.Parse{Query: "select 2 from t"}, flushMsg)
		w.until("1")
		w.send(syncMsg)
		w.until("Z")
		w.query("commit")
	}, []string{"begin", "select 1 from t", "commit"}},
	"half a message": {func(w *talk) {
		w.query("begin")
		b, _ := (&pgproto3.Query{String: "select 2 from t"}).Encode(nil)
		var one []byte
		for _, m := range append(extended("", "", "select 1 from t"), syncMsg) {
			one, _ = m.Encode(one)
		}
		w.write(append(one, b[:7]...))
		w.until("CZ")
		w.write(b[7:])
		w.until("Z")
		w.query("commit")
	}, []string{"begin", "select 1 from t", "select 2 from t", "commit"}},
	"copy in a pipeline": {func(w *talk) {
		w.query("create temp table c (a int)")
		w.send(inOne("", extended("", "", "select 1 from t"), extended("", "", "copy c from stdin"), flushMsg).send...)
		w.until("CG")
		w.send(data("1\n"), &pgproto3.CopyDone{}, syncMsg)
		w.until("CZ")
	}, []string{"create temp table c (a int)", "select 1 from t", "copy c from stdin"}},
	"copy in a transaction": {func(w *talk) {
		w.query("begin")
		w.run("select 1 from t")
		w.send(&pgproto3.Query{String: "copy (select 2 from t) to stdout"})
		w.until("HcCZ")
		w.query("commit")
	}, []string{"begin", "select 1 from t", "copy (select 2 from t) to stdout", "copy (select 2 from t) to stdout", "commit"}},
	"the next statement waits for the client": {func(w *talk) {
		other := connect(w.t, w.proc, "postgres")
		other.query("select pg_advisory_lock(4711)")
		w.send(inOne("", extended("", "", "select 1 from t"), flushMsg, extended("", "", "select pg_advisory_lock(4711)"), syncMsg).send...)
		w.until("C") // only then
		other.query("select pg_advisory_unlock(4711)")
		w.until("CZ")
		w.query("select pg_advisory_unlock(4711)")
		other.conn.Conn.Close()
	}, []string{"select 1 from t", "select pg_advisory_lock(4711)", "select pg_advisory_unlock(4711)"}},
	"two portals": {func(w *talk) {
		w.query("begin")
		w.send(inOne("", extended("a", "", "select 1 from t"), extended("b", "", "select 2 from t"), syncMsg).send...)
		w.until("CCZ")
		w.send(&pgproto3.Close{ObjectType: 'P', Name: "b"}, &pgproto3.Close{ObjectType: 'P', Name: "a"}, syncMsg)
		w.until("33Z")
		w.query("commit")
	}, []string{"begin", "select 1 from t", "select 2 from t", "commit"}},
	"two portals in turns": {func(w *talk) {
		w.query("begin")
		w.send(&pgproto3.Parse{Name: "p", Query: "select generate_series(1, 4)"}, &pgproto3.Parse{Name: "q", Query: "select id from t"},
			&pgproto3.Bind{DestinationPortal: "a", PreparedStatement: "p"}, &pgproto3.Bind{DestinationPortal: "b", PreparedStatement: "q"},
			execute("a", 2), execute("b", 2), execute("a", 2), execute("b", 2), &pgproto3.Close{ObjectType: 'P', Name: "a"}, syncMsg)
		w.until("Z")
		w.query("commit")
		// The server's audit loses a portal that was opened before an older one was closed.
	}, []string{"begin", "commit", "select generate_series(1, 4)"}},
	"a portal left open": {func(w *talk) {
		w.query("begin")
		w.send(&pgproto3.Parse{Query: "select id from t"}, &pgproto3.Bind{DestinationPortal: "a"}, execute("a", 2), syncMsg)
		w.until("sZ")
		w.run("select 2 from t")
		w.query("select 3 from t")
		w.run("update t set v = v where id = 1")
		w.send(execute("a", 2), syncMsg)
		w.until("sZ")
		w.query("commit")
	}, []string{"begin", "commit", "select 2 from t", "select 3 from t", "select id from t", "update t set v = v where id = 1"}},
	"bind without execute": {func(w *talk) {
		w.send(&pgproto3.Parse{Query: "select id from t"}, &pgproto3.Bind{}, syncMsg)
		w.until("Z")
		w.query("select 2 from t")
	}, []string{"select 2 from t", "select id from t"}},
	"sql prepare through bind": {func(w *talk) {
		w.query("prepare pp as select $1::int from t")
		w.send(&pgproto3.Bind{PreparedStatement: "pp", Parameters: [][]byte{[]byte("1")}}, execute("", 0), syncMsg)
		w.until("Z")
		w.query("execute pp(3)")
	}, []string{"execute pp(3)", "prepare pp as select $1::int from t", "prepare pp as select $1::int from t", "prepare pp as select $1::int from t"}},
	"cursors": {func(w *talk) {
		w.query("begin")
		w.query("declare c cursor for select id from t")
		w.run("fetch 3 from c")
		w.run("move 1 in c")
		w.query("close c")
		w.query("commit")
	}, []string{"begin", "close c", "commit", "declare c cursor for select id from t", "fetch 3 from c", "move 1 in c"}},
}

// TestAssistNoHang: whatever a client waits for before it goes on, it gets; and each
// statement has one event.
func TestAssistNoHang(t *testing.T) {
	for name, c := range pipelines {
		t.Run(name, func(t *testing.T) {
			inBoth(t, func(t *testing.T, a *aud, mode string) {
				w := connect(t, a.procs[mode], "postgres")
				c.run(w)
				events := w.bye(a.tails[mode])
				var got []string
				for _, e := range events {
					got = append(got, e.Text())
				}
				if strings.Join(sorted(got), "\n") != strings.Join(sorted(c.want), "\n") {
					t.Errorf("got %q\nwant %q\n%s", sorted(got), sorted(c.want), list(events))
				}
			})
		})
	}
}

// TestAssistDurable: in sync mode the client sees no completion before its event is
// in the stream, in any protocol.
func TestAssistDurable(t *testing.T) {
	a, err := audited()
	if err != nil {
		t.Fatal(err)
	}
	p := a.procs["sync"]
	w := connect(t, p, "app")
	durable := func(mark string) {
		t.Helper()
		out := mustRun(t, das(t, "tail", "--endpoint", p.Endpoint, "--from", "trim-horizon", "--no-follow"))
		n := 0
		for _, line := range strings.Split(out, "\n") {
			if strings.Contains(line, mark) {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%d events of %s when its completion came", n, mark)
		}
	}
	mark := func(i int) (sql, mark string) {
		mark = fmt.Sprintf("durable-%d-%d", i, time.Now().UnixNano())
		return "select v from t where v <> '" + mark + "'", mark
	}
	sql, m := mark(1)
	w.query(sql)
	durable(m)
	sql, m = mark(2)
	w.run(sql)
	durable(m)
	sql, m = mark(3)
	w.send(inOne("", extended("", "", sql), flushMsg).send...)
	w.until("C")
	durable(m)
	w.send(syncMsg)
	w.until("Z")
	w.query("begin")
	sql, m = mark(4)
	w.run(sql)
	durable(m)
	sql, m = mark(5)
	w.send(inOne("", extended("", "", sql), flushMsg, extended("", "", "select pg_sleep(2)"), syncMsg).send...)
	w.until("C")
	durable(m)
	w.until("CZ")
	w.query("commit")
	w.bye(a.tails["sync"])
}

// TestAssistKilled: clients that vanish, and a server whose session is ended.
func TestAssistKilled(t *testing.T) {
	inBoth(t, func(t *testing.T, a *aud, mode string) {
		w := connect(t, a.procs[mode], "app")
		w.query("begin")
		w.run("select 1 from t")
		w.conn.Conn.Close()
		expect(t, w.events(a.tails[mode]), "BEGIN | begin", "SELECT public.t | select 1 from t")

		w = connect(t, a.procs[mode], "app")
		w.query("begin")
		w.run("select 2 from t")
		var pid uint32 = w.conn.PID
		if err := a.pg.Exec(t.Context(), "postgres", fmt.Sprintf("select pg_terminate_backend(%d)", pid)); err != nil {
			t.Fatal(err)
		}
		w.until("E")
		expect(t, w.events(a.tails[mode]), "BEGIN | begin", "SELECT public.t | select 2 from t")

		w = connect(t, a.procs[mode], "app")
		w.send(&pgproto3.Query{String: "do $$ begin perform 1 from t; perform pg_sleep(600); end $$"})
		a.waitIn(t, w.conn.PID, "PgSleep")
		if err := a.pg.Exec(t.Context(), "postgres", fmt.Sprintf("select pg_terminate_backend(%d)", w.conn.PID)); err != nil {
			t.Fatal(err)
		}
		w.until("E")
		expect(t, w.events(a.tails[mode]), "DO !57P01 | do $$ begin perform 1 from t; perform pg_sleep(600); end $$", "SELECT public.t | SELECT 1 from t")
	})
}

// waitIn waits until the backend waits for that, and goes on to.
func (a *aud) waitIn(t *testing.T, pid uint32, event string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), a.pg.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	await.Equal(t, "a backend in "+event, event, func() (now string) {
		if err := conn.QueryRow(t.Context(), "select coalesce(max(wait_event), '-') from pg_stat_activity where pid = $1", pid).Scan(&now); err != nil {
			t.Fatal(err)
		}
		return now
	})
}

package e2e

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/das-local/das-local/e2e/testbed"
	"github.com/das-local/das-local/internal/await"
)

// aud is what the tests of the server-assisted audit share: a server with
// pgaudit, and a das-local in front of it for each mode of the stream.
type aud struct {
	pg    *testbed.Postgres
	procs map[string]*testbed.Process
	tails map[string]*testbed.Tail
}

// audited starts it once; TestMain stops it.
var audited = sync.OnceValues(func() (*aud, error) {
	ctx := context.Background()
	a := &aud{procs: map[string]*testbed.Process{}, tails: map[string]*testbed.Tail{}}
	bed.aud = a
	var err error
	a.pg, err = testbed.StartPostgres(ctx, testbed.PostgresConfig{Settings: map[string]string{
		"shared_preload_libraries": "pgaudit", "timezone": "UTC", "max_prepared_transactions": "2",
	}})
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL with pgaudit (postgresql-15-pgaudit): %w", err)
	}
	err = a.pg.Exec(ctx, "postgres", "CREATE ROLE app LOGIN", "GRANT ALL ON SCHEMA public TO app",
		"CREATE TABLE t (id int PRIMARY KEY, v text)", "INSERT INTO t SELECT g, 'v' || g FROM generate_series(1, 100) g",
		"CREATE TABLE big AS SELECT g AS id, repeat('x', 50) AS v FROM generate_series(1, 20000) g", "ANALYZE big",
		"GRANT ALL ON t, big TO app")
	if err != nil {
		return nil, err
	}
	for _, mode := range []string{"async", "sync"} {
		p, err := testbed.Start(ctx, testbed.Config{
			Bin: bed.bin, Env: env(bed.dir), Args: []string{"--upstream=" + a.pg.URL("postgres"), "--audit=server", "--start-stream=" + mode},
		})
		if err != nil {
			return nil, err
		}
		a.procs[mode] = p
		if a.tails[mode], err = p.Tail(); err != nil {
			return nil, err
		}
	}
	return a, nil
})

func (a *aud) stop() error {
	if a == nil {
		return nil
	}
	for mode, tail := range a.tails {
		if err := tail.Stop(); err != nil {
			return fmt.Errorf("%s: %w", mode, err)
		}
	}
	for mode, p := range a.procs {
		if err := p.Stop(); err != nil {
			return fmt.Errorf("%s: %w", mode, err)
		}
	}
	if a.pg == nil {
		return nil
	}
	return a.pg.Stop()
}

// inBoth runs a test in async and in sync mode.
func inBoth(t *testing.T, f func(t *testing.T, a *aud, mode string)) {
	t.Helper()
	a, err := audited()
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range []string{"async", "sync"} {
		t.Run(mode, func(t *testing.T) { f(t, a, mode) })
	}
}

// A talk is a session of a client that speaks messages.
type talk struct {
	t    *testing.T
	conn *pgconn.HijackedConn
	app  string
	proc *testbed.Process // that it goes through
}

var talks struct {
	sync.Mutex
	n int
}

// connect opens a session with a name of its own.
func connect(t *testing.T, p *testbed.Process, user string, params ...string) *talk {
	t.Helper()
	talks.Lock()
	talks.n++
	app := fmt.Sprintf("talk-%d", talks.n)
	talks.Unlock()
	w := dialTalk(t, p.URL(user, "postgres", app), app, params...)
	w.proc = p
	return w
}

func dialTalk(t *testing.T, url, app string, params ...string) *talk {
	t.Helper()
	config, err := pgconn.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(params); i += 2 {
		config.RuntimeParams[params[i]] = params[i+1]
	}
	config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { t.Errorf("a notice at the start: %s", n.Message) }
	conn, err := pgconn.ConnectConfig(within(t), config)
	if err != nil {
		t.Fatal(err)
	}
	h, err := conn.Hijack()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Conn.Close() })
	return &talk{t: t, conn: h, app: app}
}

// send writes messages in one piece.
func (w *talk) send(messages ...pgproto3.FrontendMessage) {
	w.t.Helper()
	var b []byte
	for _, m := range messages {
		var err error
		if b, err = m.Encode(b); err != nil {
			w.t.Fatal(err)
		}
	}
	w.write(b)
}

func (w *talk) write(b []byte) {
	w.t.Helper()
	if _, err := w.conn.Conn.Write(b); err != nil {
		w.t.Fatal(err)
	}
}

// until reads messages up to those of the types given, in that order, and returns
// each as its bytes.
func (w *talk) until(types string) (got []string) {
	w.t.Helper()
	w.conn.Conn.SetReadDeadline(await.Deadline())
	for i := 0; i < len(types); {
		m, err := w.conn.Frontend.Receive()
		if err != nil {
			w.t.Fatalf("waiting for %q of %q: %v; so far %.2000q", types[i:], types, err, got)
		}
		if d, ok := m.(*pgproto3.RowDescription); ok {
			for i := range d.Fields { // differs between servers
				d.Fields[i].TableOID = 0
			}
		}
		b, err := m.Encode(nil)
		if err != nil {
			w.t.Fatal(err)
		}
		got = append(got, string(b))
		if b[0] == types[i] {
			i++
		}
	}
	return got
}

// query runs a simple Query and returns its messages.
func (w *talk) query(sql string) []string {
	w.t.Helper()
	w.send(&pgproto3.Query{String: sql})
	return w.until("Z")
}

// run runs a statement by the extended protocol.
func (w *talk) run(sql string, params ...string) []string {
	w.t.Helper()
	w.send(append(extended("", "", sql, params...), &pgproto3.Sync{})...)
	return w.until("Z")
}

// extended are Parse, Bind, Describe and Execute.
func extended(portal, name, sql string, params ...string) []pgproto3.FrontendMessage {
	values := make([][]byte, len(params))
	for i, p := range params {
		values[i] = []byte(p)
	}
	return []pgproto3.FrontendMessage{
		&pgproto3.Parse{Name: name, Query: sql}, &pgproto3.Bind{DestinationPortal: portal, PreparedStatement: name, Parameters: values},
		&pgproto3.Describe{ObjectType: 'P', Name: portal}, &pgproto3.Execute{Portal: portal},
	}
}

// bye ends the session as clients do, and returns its events.
func (w *talk) bye(tail *testbed.Tail) []testbed.Event {
	w.t.Helper()
	w.send(&pgproto3.Terminate{})
	w.conn.Conn.Close()
	return w.events(tail)
}

// events waits for the session's end, checks its numbers, and returns its events
// without CONNECT and DISCONNECT.
func (w *talk) events(tail *testbed.Tail) []testbed.Event {
	w.t.Helper()
	events, err := tail.AwaitSession(within(w.t), w.app)
	if err != nil {
		w.t.Fatal(err)
	}
	checkNumbers(w.t, events)
	return events[1 : len(events)-1]
}

// checkNumbers: in the order of the events, statement ids are 1 to n, and
// substatement ids count from 1 in each.
func checkNumbers(t *testing.T, events []testbed.Event) {
	t.Helper()
	id, sub := int64(0), int64(0)
	for _, e := range events {
		same := e.StatementID == id && (e.SubstatementID == sub || e.SubstatementID == sub+1)
		next := e.StatementID == id+1 && e.SubstatementID == 1
		if !same && !next {
			t.Errorf("after %d.%d comes %s in\n%s", id, sub, e, list(events))
			return
		}
		id, sub = e.StatementID, e.SubstatementID
	}
}

// list shows events, one a line.
func list(events []testbed.Event) string {
	var b strings.Builder
	for _, e := range events {
		fmt.Fprintf(&b, "%s rows=%v params=%q exit=%v\n", e, e.Rows(), e.ParamList, e.ExitCode)
	}
	return b.String()
}

func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}

// inWords is an event in a few words, without its number.
func inWords(e testbed.Event) string {
	s := e.Command
	if o := e.Object(); o != "" {
		s += " " + o
	}
	if e.Failed() {
		s += fmt.Sprint(" !", e.ExitCode)
	}
	return s + " | " + e.Text()
}

// expect compares events in brief.
func expect(t *testing.T, events []testbed.Event, want ...string) {
	t.Helper()
	got := make([]string, len(events))
	for i, e := range events {
		got[i] = inWords(e)
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("events\n  %s\nwant\n  %s\n%s", strings.Join(got, "\n  "), strings.Join(want, "\n  "), list(events))
	}
}

// rss is the resident memory of a process in bytes.
func rss(t *testing.T, p *testbed.Process) int64 {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.PID()))
	if err != nil {
		t.Fatal(err)
	}
	var size, resident int64
	if _, err := fmt.Sscan(string(b), &size, &resident); err != nil {
		t.Fatal(err)
	}
	return resident * int64(os.Getpagesize())
}

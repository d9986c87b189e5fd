package proxy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/das-local/das-local/internal/await"
	"github.com/das-local/das-local/proxy/internal/track"
)

// connect opens a pgx connection that the test closes.
func connect(t *testing.T, p *Proxy, more string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(await.Context(t), url(p, more))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		conn.Close(ctx)
	})
	return conn
}

func execSQL(t *testing.T, conn *pgx.Conn, sql string, args ...any) pgconn.CommandTag {
	t.Helper()
	tag, err := conn.Exec(t.Context(), sql, args...)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return tag
}

func bye(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// ran are the statements of a session: text, tag or SQLSTATE, rows.
func ran(s *recorded) []string {
	var got []string
	for _, it := range s.of(track.Completed, track.Failed) {
		line := fmt.Sprintf("%s|%s|%d", it.Text, it.Tag, it.Rows)
		if it.Kind == track.Failed {
			line = fmt.Sprintf("%s|%s", it.Text, it.Err.SQLState)
		}
		if it.Params != nil {
			line += fmt.Sprintf("|%d", len(it.Params.Values))
		}
		got = append(got, line)
	}
	return got
}

func same(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func TestPgxModes(t *testing.T) {
	for _, mode := range []string{"cache_statement", "cache_describe", "describe_exec", "exec", "simple_protocol"} {
		for _, tls := range []string{"disable", "require"} {
			t.Run(mode+"/"+tls, func(t *testing.T) {
				rec := newRecording()
				p := startProxy(t, rec, nil)
				conn := connect(t, p, "sslmode="+tls+"&default_query_exec_mode="+mode)
				var n int
				for i := range 3 {
					if err := conn.QueryRow(t.Context(), "select $1::int + 1", i).Scan(&n); err != nil || n != i+1 {
						t.Fatal(n, err)
					}
				}
				_, err := conn.Exec(t.Context(), "select 1/$1::int", 0)
				var pgErr *pgconn.PgError
				if !errors.As(err, &pgErr) || pgErr.Code != "22012" {
					t.Fatal(err)
				}
				bye(t, conn)
				s := rec.ended(t, 1)[0]
				got := ran(s)
				if len(got) != 4 || !strings.HasSuffix(got[3], "|22012") && !strings.Contains(got[3], "|22012|1") {
					t.Errorf("%q", got)
				}
				end := s.of(track.Disconnected)
				if len(end) != 1 || !end[0].Clean {
					t.Errorf("end: %+v", end)
				}
			})
		}
	}
}

func TestPgxPipeline(t *testing.T) {
	rec := newRecording()
	p := startProxy(t, rec, nil)
	conn := connect(t, p, "sslmode=disable&default_query_exec_mode=exec")
	execSQL(t, conn, "create temp table pipe (n int primary key)")
	batch := &pgx.Batch{}
	for i := range 5000 {
		batch.Queue("insert into pipe values ($1)", i)
	}
	if err := conn.SendBatch(t.Context(), batch).Close(); err != nil {
		t.Fatal(err)
	}
	batch = &pgx.Batch{}
	batch.Queue("select 1")
	batch.Queue("insert into pipe values (1)")
	batch.Queue("select 'never runs'")
	if err := conn.SendBatch(t.Context(), batch).Close(); err == nil {
		t.Fatal("no error")
	}
	execSQL(t, conn, "select 2")
	bye(t, conn)
	got := ran(rec.ended(t, 1)[0])
	if len(got) != 5004 {
		t.Fatalf("%d statements", len(got))
	}
	same(t, got[5000:], []string{"insert into pipe values ($1)|INSERT 0 1|0|1", "select 1|SELECT 1|1", "insert into pipe values (1)|23505", "select 2|SELECT 1|1"})
}

func TestPgxCopy(t *testing.T) {
	rec := newRecording()
	p := startProxy(t, rec, nil)
	conn := connect(t, p, "sslmode=disable&default_query_exec_mode=exec")
	execSQL(t, conn, "create temp table c (n int, s text)")
	rows := make([][]any, 20000)
	for i := range rows {
		rows[i] = []any{int32(i), strings.Repeat("x", i%100)}
	}
	if n, err := conn.CopyFrom(t.Context(), pgx.Identifier{"c"}, []string{"n", "s"}, pgx.CopyFromRows(rows)); err != nil || n != 20000 {
		t.Fatal(n, err)
	}
	var out bytes.Buffer
	tag, err := conn.PgConn().CopyTo(t.Context(), &out, "copy c to stdout")
	if err != nil || tag.String() != "COPY 20000" {
		t.Fatal(tag, err)
	}
	if _, err := conn.PgConn().CopyFrom(t.Context(), strings.NewReader("no number\t1\n"), "copy c from stdin"); err == nil {
		t.Fatal("no error")
	}
	execSQL(t, conn, "select 1")
	bye(t, conn)
	got := ran(rec.ended(t, 1)[0])
	want := []string{"create temp table c (n int, s text)|CREATE TABLE|0", `copy "c" ( "n", "s" ) from stdin binary;|COPY 20000|0`,
		"copy c to stdout|COPY 20000|0", "copy c from stdin|22P02", "select 1|SELECT 1|1"}
	same(t, got, want)
}

func TestPgxNotify(t *testing.T) {
	p := startProxy(t, newRecording(), nil)
	a, b := connect(t, p, "sslmode=disable"), connect(t, p, "sslmode=require")
	execSQL(t, a, "listen news")
	execSQL(t, b, "notify news, 'x'")
	n, err := a.WaitForNotification(await.Context(t))
	if err != nil || n.Payload != "x" {
		t.Fatal(n, err)
	}
}

func TestPgxCancel(t *testing.T) {
	for _, tls := range []string{"disable", "require"} {
		rec := newRecording()
		p := startProxy(t, rec, nil)
		conn := connect(t, p, "sslmode="+tls)
		result := make(chan error, 1)
		go func() {
			_, err := conn.Exec(context.Background(), "select pg_sleep(60)")
			result <- err
		}()
		awaitRunning(t, "select pg_sleep(60)")
		if err := conn.PgConn().CancelRequest(t.Context()); err != nil {
			t.Fatal(err)
		}
		err := <-result
		var pgErr *pgconn.PgError
		if !errors.As(err, &pgErr) || pgErr.Code != "57014" {
			t.Fatal(err)
		}
		bye(t, conn)
		same(t, ran(rec.ended(t, 1)[0]), []string{"select pg_sleep(60)|57014"})
	}
}

// awaitRunning waits until the server runs a statement.
func awaitRunning(t *testing.T, sql string) {
	t.Helper()
	direct, err := pgx.Connect(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer direct.Close(context.Background())
	await.True(t, sql+" to run", func() bool { return running(t, direct, sql) > 0 })
}

// running counts the sessions that run a statement.
func running(t *testing.T, direct *pgx.Conn, sql string) (n int) {
	t.Helper()
	err := direct.QueryRow(t.Context(), "select count(*) from pg_stat_activity where state = 'active' and query = $1", sql).Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestLargeResult(t *testing.T) {
	rec := newRecording()
	p := startProxy(t, rec, nil)
	for _, tls := range []string{"disable", "require"} {
		conn := connect(t, p, "sslmode="+tls)
		rows, err := conn.Query(t.Context(), "select g, repeat('x', 100) from generate_series(1, 100000) g")
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for rows.Next() {
			n++
		}
		if rows.Err() != nil || n != 100000 {
			t.Fatal(n, rows.Err())
		}
		var big string
		if err := conn.QueryRow(t.Context(), "select repeat('y', 50000000)").Scan(&big); err != nil || len(big) != 50000000 {
			t.Fatal(len(big), err)
		}
		bye(t, conn)
	}
	for _, s := range rec.ended(t, 2) {
		same(t, ran(s), []string{"select g, repeat('x', 100) from generate_series(1, 100000) g|SELECT 100000|100000", "select repeat('y', 50000000)|SELECT 1|1"})
	}
}

// TestPortions: a portal that is fetched in portions is one statement.
func TestPortions(t *testing.T) {
	rec := newRecording()
	p := startProxy(t, rec, nil)
	w := dialRaw(t, p)
	w.startup(nil)
	w.send(parseMsg("", "select generate_series(1, 25)"), bindMsg("p", ""))
	for range 3 {
		w.send(executeMsg("p", 10))
	}
	w.send([]byte("S\x00\x00\x00\x04"))
	got := w.types("Z")
	if want := "12" + strings.Repeat("D", 10) + "s" + strings.Repeat("D", 10) + "s" + "DDDDDC" + "Z"; got != want {
		t.Errorf("server sent %s", got)
	}
	w.send([]byte("X\x00\x00\x00\x04"))
	w.types("")
	same(t, ran(rec.ended(t, 1)[0]), []string{"select generate_series(1, 25)|SELECT 5|25"})
}

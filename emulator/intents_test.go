package emulator

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/das-local/das-local/internal/await"
	"github.com/das-local/das-local/internal/store"
	"github.com/das-local/das-local/internal/stream"
)

// executedOptions are those of an emulator that keeps intents.
func executedOptions(dir string) Options {
	return Options{DataDir: dir, StartStream: "sync", SyncGuarantee: "executed", SyncTimeout: time.Hour, Heartbeat: -1,
		CommandText: "single", Audit: "catalog", Logger: slog.New(slog.DiscardHandler)}
}

// killed is a copy of an emulator's state as a kill would leave it now: what is on disk,
// which may be less than what can be read (see synced).
func killed(t *testing.T, e *Emulator) (dir string) {
	t.Helper()
	dir = dataDir(t)
	for _, part := range []string{"FORMAT", "state"} {
		if err := copyAll(filepath.Join(dir, part), filepath.Join(e.opts.DataDir, part)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// synced returns when what can be read of the state is on disk: it can be read first.
func (b *bed) synced() {
	b.t.Helper()
	if err := b.disk.Commit(b.within(), new(store.Batch)); err != nil {
		b.t.Fatal(err)
	}
}

// outcomes reads the stream up to a text: the texts of the events that match, with a
// question mark behind those of unknown outcome.
func (b *bed) outcomes(last, part string) (list []string) {
	b.t.Helper()
	for event, err := range b.Events(b.within()) {
		if err != nil {
			b.t.Fatal(err)
		}
		if event.CommandText == nil {
			continue
		}
		if *event.CommandText == last {
			return list
		}
		if !strings.Contains(*event.CommandText, part) {
			continue
		}
		text := *event.CommandText
		if code, _ := event.ExitCode.(string); code == "08007" {
			text += " ?"
			if event.ErrorMessage == nil || !strings.HasPrefix(*event.ErrorMessage, "outcome unknown: ") {
				b.t.Errorf("%s says %v", text, event.ErrorMessage)
			}
		} else if code != "" {
			text += " " + code
		}
		list = append(list, text)
	}
	return list
}

// left counts what is in the log of intents.
func (b *bed) left() (n int) {
	b.t.Helper()
	l := intents{b.disk, b.StreamName()}
	if err := b.disk.Scan(l.prefix(), append(l.prefix(), 0xff), func(_, _ []byte) bool { n++; return true }); err != nil {
		b.t.Fatal(err)
	}
	return n
}

// locked has a session hold an advisory lock, for which others can wait.
func (b *bed) locked() (release func()) {
	b.t.Helper()
	conn, err := pgx.ConnectConfig(b.t.Context(), b.upstream.config)
	if err == nil {
		_, err = conn.Exec(b.t.Context(), "select pg_advisory_lock(1)")
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return func() { conn.Close(context.Background()) }
}

// awaitBlocked waits until so many sessions wait for the lock.
func (b *bed) awaitBlocked(want int) {
	b.t.Helper()
	conn, err := pgx.ConnectConfig(b.t.Context(), b.upstream.config)
	if err != nil {
		b.t.Fatal(err)
	}
	defer conn.Close(context.Background())
	await.True(b.t, "the lock is waited for", func() bool {
		n := 0
		if err := conn.QueryRow(b.t.Context(), "select count(*) from pg_locks where locktype = 'advisory' and not granted").Scan(&n); err != nil {
			b.t.Fatal(err)
		}
		return n == want
	})
}

// restarted checks what the stream of a killed emulator has, after a restart and after
// another. The order is that of the texts.
func restarted(t *testing.T, dir, part string, want []string) {
	t.Helper()
	slices.Sort(want)
	for n := range 2 {
		last := fmt.Sprintf("select 'end %d'", n)
		b := newBed(t, executedOptions(dir))
		run(t, b.Emulator, last)
		if got := slices.Sorted(slices.Values(b.outcomes(last, part))); !slices.Equal(got, want) {
			t.Errorf("start %d:\n got %s\nwant %s", n+1, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
		}
		await.True(b.t, "the log is empty", func() bool { return b.left() == 0 })
		if err := b.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestAnAnswerSwallowed kills the emulator while statements run: each has an event of
// unknown outcome, once, and those that were answered have theirs alone.
func TestAnAnswerSwallowed(t *testing.T) {
	t.Parallel()
	b := newBed(t, executedOptions(dataDir(t)))
	run(t, b.Emulator, "create table seen (i int)", "insert into seen values (0)")
	await.True(b.t, "the log is empty", func() bool { return b.left() == 0 })
	release := b.locked()
	done := make(chan error, 3)
	start := func(f func(conn *pgx.Conn) error) {
		conn := b.connect()
		go func() { done <- f(conn) }()
	}
	start(func(conn *pgx.Conn) error {
		_, err := conn.Exec(t.Context(), "insert into seen select 1 from pg_advisory_lock_shared(1)", pgx.QueryExecModeSimpleProtocol)
		return err
	})
	start(func(conn *pgx.Conn) error { // the server tells of the first, with the rows of the second
		_, err := conn.PgConn().Exec(t.Context(), "insert into seen values (2); select repeat('seen', 5000); insert into seen select 3 from pg_advisory_lock_shared(1)").ReadAll()
		return err
	})
	start(func(conn *pgx.Conn) error {
		var p pgconn.Batch
		p.ExecParams("insert into seen values (4)", nil, nil, nil, nil)
		p.ExecParams("insert into seen select $1 from pg_advisory_lock_shared(1)", [][]byte{[]byte("5")}, nil, nil, nil)
		p.ExecParams("insert into seen values (6)", nil, nil, nil, nil)
		_, err := conn.PgConn().ExecBatch(t.Context(), &p).ReadAll()
		return err
	})
	b.awaitBlocked(3)
	await.True(b.t, "the first of the string is answered", func() bool { return len(b.marks()) == 1 })
	b.synced()
	dir := killed(t, b.Emulator)
	release()
	for range 3 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	await.True(b.t, "the log is empty", func() bool { return b.left() == 0 })

	restarted(t, dir, "seen", []string{"create table seen (i int)", "insert into seen values (0)",
		"insert into seen select $1 from pg_advisory_lock_shared(1) ?",
		"insert into seen select 1 from pg_advisory_lock_shared(1) ?",
		"insert into seen select 3 from pg_advisory_lock_shared(1) ?",
		"insert into seen values (2)", "insert into seen values (4) ?", "insert into seen values (6) ?", "select repeat('seen', 5000) ?"})
}

// marks are the keys of messages that are answered in part.
func (b *bed) marks() map[intentID]uint32 {
	b.t.Helper()
	marks, err := intents{b.disk, b.StreamName()}.progress()
	if err != nil {
		b.t.Fatal(err)
	}
	return marks
}

// TestAnEventOnItsWay kills the emulator when a statement is answered and its event is
// queued on disk, but not published: it comes once, and its outcome is known.
func TestAnEventOnItsWay(t *testing.T) {
	t.Parallel()
	o := executedOptions(dataDir(t))
	o.KeyReuse = -1
	b := newBed(t, o)
	run(t, b.Emulator, "select 'before'")
	await.True(b.t, "the log is empty", func() bool { return b.left() == 0 })
	conn := b.connect()
	b.key(false)
	done := make(chan error, 1)
	go func() {
		_, err := conn.Exec(t.Context(), "select 'on its way'", pgx.QueryExecModeSimpleProtocol)
		done <- err
	}()
	await.True(b.t, "the event is queued", func() (found bool) {
		err := b.spool(b.StreamName()).Each(func(q stream.SpooledBatch) error {
			found = found || strings.Contains(string(q.Events), "on its way")
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return found
	})
	if n := b.left(); n != 0 {
		t.Errorf("%d intents are left of what is queued", n)
	}
	b.key(true)
	if err := <-done; err != nil {
		t.Error(err)
	}
	restarted(t, killed(t, b.Emulator), "on its way", []string{"select 'on its way'"})
}

// TestNothingIsLeft runs all kinds of statements: none leaves an intent, and so a restart
// makes no events of them.
func TestNothingIsLeft(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"catalog", "server"} {
		t.Run(mode, func(t *testing.T) {
			o := executedOptions(dataDir(t))
			o.Audit = mode
			b := newBed(t, o)
			conn := b.connect()
			for _, sql := range []string{"create table kinds (i int)", "insert into kinds values (1); insert into kinds values (2)", "", "select 1/0",
				"begin; select 1/0; select 2", "rollback", "gibberish", "prepare p as select * from kinds", "execute p",
				"begin; declare c cursor for select * from kinds; fetch 1 from c; commit", "do $$ begin perform 1; end $$", "select 1; selec 2"} {
				_, _ = conn.PgConn().Exec(t.Context(), sql).ReadAll()
			}
			for _, sql := range []string{"select * from kinds", "select i/0 from kinds", "selec", "insert into kinds values (3)"} {
				var p pgconn.Batch
				p.ExecParams(sql, nil, nil, nil, nil)
				p.ExecParams("insert into kinds values ($1)", [][]byte{[]byte("4")}, nil, nil, nil)
				_, _ = conn.PgConn().ExecBatch(t.Context(), &p).ReadAll()
			}
			if _, err := conn.PgConn().CopyFrom(t.Context(), strings.NewReader("7\n8\n"), "copy kinds from stdin"); err != nil {
				t.Error(err)
			}
			if _, err := conn.Exec(t.Context(), "select * from kinds where i = $1", 1); err != nil {
				t.Error(err)
			}
			await.True(b.t, "the log is empty", func() bool { return b.left() == 0 })
			run(t, b.Emulator, "select 'end of work'")
			for _, text := range b.outcomes("select 'end of work'", "") {
				if strings.HasSuffix(text, "?") {
					t.Errorf("the outcome is known of %s", text)
				}
			}
		})
	}
}

// TestABackendThatDies: what its session had sent has an unknown outcome, while das-local
// lives.
func TestABackendThatDies(t *testing.T) {
	t.Parallel()
	b := newBed(t, executedOptions(dataDir(t)))
	defer b.locked()()
	conn := b.connect()
	done := make(chan error, 1)
	go func() {
		_, err := conn.PgConn().Exec(t.Context(), "select 'dies', pg_advisory_lock_shared(1)").ReadAll()
		done <- err
	}()
	b.awaitBlocked(1)
	if err := syscall.Kill(int(conn.PgConn().PID()), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	b.wantSQLState(<-done, "08006", "server closed the connection unexpectedly")
	if _, err := b.WaitFor(b.within(), Match{TextHas: "dies"}.Matches); err != nil { // the client may be told first
		t.Fatal(err)
	}
	await.True(b.t, "the server is back", func() bool {
		conn, err := pgx.Connect(t.Context(), b.PostgresURL())
		if err != nil {
			return false
		}
		defer conn.Close(context.Background())
		_, err = conn.Exec(t.Context(), "select 'back'", pgx.QueryExecModeSimpleProtocol)
		return err == nil
	})
	if got := b.outcomes("select 'back'", "dies"); !slices.Equal(got, []string{"select 'dies', pg_advisory_lock_shared(1) ?"}) {
		t.Errorf("%q", got)
	}
	await.True(b.t, "the log is empty", func() bool { return b.left() == 0 })
}

// TestIntentsOnABadDisk: sessions go on when their intents cannot be stored, and RDS
// events tell both ends.
func TestIntentsOnABadDisk(t *testing.T) {
	t.Parallel()
	var bad atomic.Bool
	o := executedOptions(dataDir(t))
	o.SyncTimeout = givesUpAfter
	o.fault = func(op, path string) error {
		if bad.Load() && (op == "sync" || op == "write") {
			return syscall.ENOSPC
		}
		return nil
	}
	b := newBed(t, o)
	conn := b.connect()
	bad.Store(true)
	if _, err := conn.Exec(t.Context(), "select 'meanwhile'", pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatal(err)
	}
	bad.Store(false)
	b.awaitMessage("activity events might be lost")
	b.awaitMessage("activity events are durable again")
	run(t, b.Emulator, "select 'end'")
	if got := b.outcomes("select 'end'", "meanwhile"); !slices.Equal(got, []string{"select 'meanwhile'"}) {
		t.Errorf("%q", got)
	}
	restarted(t, killed(t, b.Emulator), "meanwhile", []string{"select 'meanwhile'"})
}

// TestNoIntentNoStatement: where an instance is stopped rather than to lose events, the
// server does not even get a statement whose intent cannot be stored.
func TestNoIntentNoStatement(t *testing.T) {
	t.Parallel()
	var bad atomic.Bool
	o := executedOptions(dataDir(t))
	o.SyncTimeout, o.OnStreamFailure = givesUpAfter, "stop-instance"
	o.fault = func(op, path string) error {
		if bad.Load() && (op == "sync" || op == "write") {
			return syscall.EIO
		}
		return nil
	}
	b := newBed(t, o)
	conn := b.connect()
	if _, err := conn.Exec(t.Context(), "create table closed (i int)", pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatal(err)
	}
	bad.Store(true)
	_, err := conn.Exec(t.Context(), "insert into closed values (1)", pgx.QueryExecModeSimpleProtocol)
	b.wantSQLState(err, "57P01", "terminating connection due to administrator command")
	bad.Store(false)
	direct, err := pgx.ConnectConfig(t.Context(), b.upstream.config)
	if err != nil {
		t.Fatal(err)
	}
	defer direct.Close(context.Background())
	rows := 0
	if err := direct.QueryRow(t.Context(), "select count(*) from closed").Scan(&rows); err != nil || rows != 0 {
		t.Errorf("%d rows (%v) of a statement that was not to be sent", rows, err)
	}
	b.awaitMessage("activity events are durable again")
}

// TestAStoppedStreamHasNoIntents: what it would have told ends with it.
func TestAStoppedStreamHasNoIntents(t *testing.T) {
	t.Parallel()
	b := newBed(t, executedOptions(dataDir(t)))
	release := b.locked()
	conn := b.connect()
	done := make(chan error, 1)
	go func() {
		_, err := conn.Exec(t.Context(), "select 'stays', pg_advisory_lock_shared(1)", pgx.QueryExecModeSimpleProtocol)
		done <- err
	}()
	b.awaitBlocked(1)
	if b.left() != 1 {
		t.Errorf("%d intents of a statement that runs", b.left())
	}
	if err := b.Emulator.rds.StopStream(t.Context(), b.first.ID); err != nil {
		t.Fatal(err)
	}
	if b.left() != 0 {
		t.Errorf("%d intents of a stream that is stopped", b.left())
	}
	release()
	<-done
}

func TestExecutedNeedsADataDir(t *testing.T) {
	for _, test := range []struct {
		o    Options
		want string
	}{
		{Options{SyncGuarantee: "executed"}, "needs a data directory"},
		{Options{SyncGuarantee: "certain"}, `the guarantee of sync mode is "certain"`},
	} {
		if _, err := Start(t.Context(), test.o); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: %v", test.o.SyncGuarantee, err)
		}
	}
}

package proxy

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/das-local/das-local/internal/await"
	"github.com/das-local/das-local/internal/pgserver"
	"github.com/das-local/das-local/proxy/internal/track"
)

func hex(n int64) string { return strconv.FormatInt(n, 16) }

// direct runs SQL without the proxy.
func direct(t *testing.T, sql string, args ...any) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

// pid asks the session for its backend.
func (w *wire) pid() int {
	w.t.Helper()
	w.send(queryMsg("select pg_backend_pid()"))
	pid := 0
	for {
		typ, body := w.next()
		if typ == 'D' {
			pid, _ = strconv.Atoi(string(body[6:]))
		}
		if typ == 'Z' {
			return pid
		}
	}
}

func endOf(t *testing.T, s *recorded) track.Item {
	t.Helper()
	got := s.of(track.Disconnected)
	if len(got) != 1 || len(s.of(track.Connected)) != 1 {
		t.Fatalf("ends: %v", got)
	}
	return got[0]
}

func TestTerminatedBackend(t *testing.T) {
	for _, busy := range []bool{false, true} {
		for _, secure := range []bool{false, true} {
			rec := newRecording()
			p := startProxy(t, rec, nil)
			w := dialRaw(t, p)
			if secure {
				w.startup(anyCert)
			} else {
				w.startup(nil)
			}
			pid := w.pid()
			if busy {
				w.send(queryMsg("select pg_sleep(62)"))
				awaitRunning(t, "select pg_sleep(62)")
			}
			direct(t, "select pg_terminate_backend($1)", pid)
			if got := w.fatal(); got != stateAdminShutdown {
				t.Errorf("busy %v: %s", busy, got)
			}
			s := rec.ended(t, 1)[0]
			if e := endOf(t, s); e.Err == nil || e.Err.SQLState != stateAdminShutdown || e.Clean {
				t.Errorf("%+v", e)
			}
			if failed := s.of(track.Failed); busy != (len(failed) == 1) {
				t.Errorf("busy %v: %v", busy, failed)
			}
		}
	}
}

// TestLostBackend: a server that goes without a word.
func TestLostBackend(t *testing.T) {
	up, clients := fakeUpstream(t)
	rec := newRecording()
	p := startProxy(t, rec, func(c *Config) { c.Upstream.Address = up })
	for _, busy := range []bool{false, true} {
		w := dialRaw(t, p)
		w.send(startupMsg(3<<16, "user", "u"))
		conn := <-clients
		w.types("Z")
		if busy {
			w.send(queryMsg("select 1"))
			io.ReadFull(conn, make([]byte, len(queryMsg("select 1"))))
		}
		conn.Close()
		if got := w.fatal(); got != stateConnectionFailure {
			t.Errorf("busy %v: %s", busy, got)
		}
	}
	all := rec.ended(t, 2)
	if endOf(t, all[0]).Err == nil || len(all[0].of(track.Failed)) != 0 || len(all[1].of(track.Failed)) != 1 {
		t.Errorf("%v %v", all[0].items, all[1].items)
	}
}

// fakeUpstream accepts connections, answers the StartupMessage and hands them
// over.
func fakeUpstream(t *testing.T) (addr string, conns <-chan net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ch := make(chan net.Conn, 16)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			frame, _, err := readFrame(conn, false)
			if err != nil || frame == nil {
				conn.Close()
				continue
			}
			conn.Write(message('R', int32(0)))
			conn.Write(message('K', int32(1), int32(2)))
			conn.Write([]byte("Z\x00\x00\x00\x05I"))
			ch <- conn
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().String(), ch
}

// TestCrash: SIGKILL of a backend makes PostgreSQL end all sessions.
func TestCrash(t *testing.T) {
	private, err := pgserver.Start(t.Context(), pgserver.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer private.Stop()
	rec := newRecording()
	p := startProxy(t, rec, func(c *Config) { c.Upstream.Address = private.Addr() })
	w, other := dialRaw(t, p), dialRaw(t, p)
	w.startup(nil)
	other.startup(nil)
	victim := w.pid()
	w.send(queryMsg("select pg_sleep(63)"))
	process, err := os.FindProcess(victim)
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if got := w.fatal(); got != stateConnectionFailure {
		t.Errorf("killed session: %s", got)
	}
	// The server's warning 57P02, which it does not always manage to send, and
	// the proxy's 08006.
	if got := other.types(""); got != "NE" && got != "E" {
		t.Errorf("other session: %s", got)
	}
	for _, s := range rec.ended(t, 2) {
		if e := endOf(t, s); e.Err == nil {
			t.Error("no cause")
		}
	}
}

// TestHalfClose: a client that closes its side still reads its results.
func TestHalfClose(t *testing.T) {
	rec := newRecording()
	p := startProxy(t, rec, nil)
	w := dialRaw(t, p)
	w.startup(nil)
	w.send(queryMsg("select pg_sleep(0.3), 1"))
	w.Conn.(*net.TCPConn).CloseWrite()
	if got := w.types(""); got != "TDCZ" {
		t.Error(got)
	}
	s := rec.ended(t, 1)[0]
	same(t, ran(s), []string{"select pg_sleep(0.3), 1|SELECT 1|1"})
	if e := endOf(t, s); e.Clean || e.Err == nil {
		t.Errorf("%+v", e)
	}
}

// TestVanished: a client that is reset while rows stream to it.
func TestVanished(t *testing.T) {
	rec := newRecording()
	p := startProxy(t, rec, nil)
	w := dialRaw(t, p)
	w.startup(nil)
	w.send(queryMsg("select repeat('x', 1000) from generate_series(1, 1000000)"))
	w.next()
	w.Conn.(*net.TCPConn).SetLinger(0)
	w.Close()
	s := rec.ended(t, 1)[0]
	if e := endOf(t, s); e.Err == nil || e.Err.SQLState != stateConnectionFailure {
		t.Errorf("%+v", e)
	}
	if failed := s.of(track.Failed); len(failed) != 1 {
		t.Errorf("%v", failed)
	}
}

func TestTerminateAtOnce(t *testing.T) {
	rec := newRecording()
	p := startProxy(t, rec, nil)
	w := dialRaw(t, p)
	w.startup(nil)
	w.send(queryMsg("select 1"), []byte("X\x00\x00\x00\x04"))
	if got := w.types(""); got != "TDCZ" {
		t.Error(got)
	}
	if e := endOf(t, rec.ended(t, 1)[0]); !e.Clean {
		t.Errorf("%+v", e)
	}
}

func TestMalformedMessage(t *testing.T) {
	for name, bad := range map[string]string{
		"length 3": "Q\x00\x00\x00\x03", "length 0": "B\x00\x00\x00\x00", "1 GiB": "@RSYN", "negative": "Q\xff\xff\xff\xff",
	} {
		t.Run(name, func(t *testing.T) {
			rec := newRecording()
			p := startProxy(t, rec, nil)
			other := dialRaw(t, p)
			other.startup(nil)
			w := dialRaw(t, p)
			w.startup(nil)
			w.send(queryMsg("select 1"), []byte(bad))
			if got := w.fatal(); got != stateProtocolViolation {
				t.Error(got)
			}
			other.pid()
			other.Close()
			for _, s := range rec.ended(t, 2) {
				if e := endOf(t, s); e.Err == nil {
					t.Errorf("%+v", e)
				}
			}
		})
	}
	// An unknown message is the server's to refuse.
	w := dialRaw(t, startProxy(t, nil, nil))
	w.startup(nil)
	w.send([]byte("?\x00\x00\x00\x04"))
	if got := w.fatal(); got != stateProtocolViolation {
		t.Error(got)
	}
}

func TestMalformedPassword(t *testing.T) {
	p := startProxy(t, nil, nil)
	w := dialRaw(t, p)
	w.send(startupMsg(3<<16, "user", pgserver.Superuser), []byte("p\x00\x01\x00\x00"))
	if got := w.fatal(); got != stateProtocolViolation && got != "" {
		t.Error(got)
	}
}

func TestDisconnect(t *testing.T) {
	rec := newRecording()
	p := startProxy(t, rec, nil)
	idle, busy, secure := dialRaw(t, p), dialRaw(t, p), dialRaw(t, p)
	idle.startup(nil)
	busy.startup(nil)
	secure.startup(anyCert)
	busy.send(queryMsg("select pg_sleep(64)"))
	awaitRunning(t, "select pg_sleep(64)")
	p.Disconnect("", "")
	for _, w := range []*wire{idle, busy, secure} {
		if got := w.fatal(); !strings.HasSuffix(got, stateAdminShutdown) {
			t.Error(got)
		}
		w.Close()
	}
	for _, s := range rec.ended(t, 3) {
		if e := endOf(t, s); e.Err == nil || e.Err.SQLState != stateAdminShutdown {
			t.Errorf("%+v", e)
		}
	}
	awaitGone(t, "select pg_sleep(64)")
	dialRaw(t, p).startup(nil)
}

// awaitGone waits until the server no longer runs a statement.
func awaitGone(t *testing.T, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	await.Equal(t, "sessions that run "+sql, 0, func() int { return running(t, conn, sql) })
}

// TestDrain: Run lets busy sessions finish.
func TestDrain(t *testing.T) {
	rec := newRecording()
	p, err := New(Config{Upstream: Upstream{Address: server.Addr()}, Recorder: rec, Grace: await.Patience})
	if err != nil {
		t.Fatal(err)
	}
	p.open = rec.open
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	idle, busy := dialRaw(t, p), dialRaw(t, p)
	idle.startup(nil)
	busy.startup(nil)
	lock, err := pgx.Connect(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close(context.Background())
	execSQL(t, lock, "select pg_advisory_lock(62)")
	busy.send(queryMsg("select pg_advisory_lock_shared(62)"))
	awaitRunning(t, "select pg_advisory_lock_shared(62)")
	cancel()
	if got := idle.fatal(); got != stateAdminShutdown {
		t.Errorf("idle: %s", got)
	}
	execSQL(t, lock, "select pg_advisory_unlock(62)")
	if got := busy.types(""); got != "TDCZE" {
		t.Errorf("busy: %s", got)
	}
	idle.Close()
	busy.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
	rec.ended(t, 2)
}

// TestDrainStubborn: a client that neither reads nor leaves.
func TestDrainStubborn(t *testing.T) {
	p, err := New(Config{Upstream: Upstream{Address: server.Addr()}, Grace: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	w, early := dialRaw(t, p), dialRaw(t, p)
	early.send([]byte{0})
	w.startup(nil)
	w.send(queryMsg("select repeat('x', 1000) from generate_series(1, 1000000)"))
	w.next()
	cancel()
	await.Receive(t, "the end of Run", done)
}

func TestIdleConnections(t *testing.T) {
	rec := newRecording()
	p := startProxy(t, rec, nil)
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	const n = 100
	all := make([]*wire, n)
	for i := range all {
		all[i] = dialRaw(t, p)
		all[i].startup(nil, "application_name", fmt.Sprint("idle", i))
		all[i].pid()
	}
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&after)
	heap := int64(after.HeapInuse+after.StackInuse) - int64(before.HeapInuse+before.StackInuse)
	t.Logf("%d idle sessions hold %d KiB", n, heap>>10)
	if heap > 4<<20 {
		t.Errorf("%d idle sessions hold %d KiB", n, heap>>10)
	}
	for _, w := range all {
		w.Close()
	}
	rec.ended(t, n)
}

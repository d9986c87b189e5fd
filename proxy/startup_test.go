package proxy

import (
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/das-local/das-local/internal/await"
	"github.com/das-local/das-local/internal/pgserver"
	"github.com/das-local/das-local/proxy/internal/track"
)

var anyCert = &tls.Config{InsecureSkipVerify: true}

func withALPN(names ...string) *tls.Config {
	return &tls.Config{InsecureSkipVerify: true, NextProtos: names}
}

const gssRequest8 = "\x00\x00\x00\x08\x04\xd2\x16\x30"

func TestStartupOrder(t *testing.T) {
	p := startProxy(t, nil, nil)
	t.Run("GSSENC, then SSL", func(t *testing.T) {
		w := dialRaw(t, p)
		w.send([]byte(gssRequest8))
		w.expect("N")
		w.startup(anyCert)
	})
	t.Run("GSSENC, then plain", func(t *testing.T) {
		w := dialRaw(t, p)
		w.send([]byte(gssRequest8))
		w.expect("N")
		w.startup(nil)
	})
	t.Run("twice SSL", func(t *testing.T) {
		w := dialRaw(t, p)
		w.send([]byte(sslRequest8))
		w.expect("S")
		w.Conn = tls.Client(w.Conn, anyCert)
		w.send([]byte(sslRequest8))
		if got := w.fatal(); got != stateNotSupported {
			t.Error(got)
		}
	})
	t.Run("byte by byte", func(t *testing.T) {
		w := dialRaw(t, p)
		for _, b := range startupMsg(3<<16, "user", pgserver.Superuser) {
			w.send([]byte{b})
		}
		if got := w.types("Z"); !strings.HasSuffix(got, "KZ") {
			t.Error(got)
		}
	})
	t.Run("direct TLS", func(t *testing.T) {
		w := dialRaw(t, p)
		w.Conn = tls.Client(w.Conn, withALPN("postgresql"))
		w.startup(nil)
	})
	t.Run("direct TLS without ALPN", func(t *testing.T) {
		w := dialRaw(t, p)
		w.Conn = tls.Client(w.Conn, anyCert)
		w.send(startupMsg(3<<16, "user", pgserver.Superuser))
		if got := w.fatal(); got != stateProtocolViolation {
			t.Error(got)
		}
	})
	t.Run("direct TLS for something else", func(t *testing.T) {
		w := dialRaw(t, p)
		if err := tls.Client(w.Conn, withALPN("h2")).Handshake(); err == nil {
			t.Error("handshake succeeded")
		}
	})
}

func TestStuffedBytes(t *testing.T) {
	p := startProxy(t, nil, nil)
	w := dialRaw(t, p)
	w.send([]byte(sslRequest8), startupMsg(3<<16, "user", "stuffed"))
	if got := w.fatal(); got != stateProtocolViolation {
		t.Error(got)
	}
}

func TestMalformedStartup(t *testing.T) {
	p := startProxy(t, nil, nil)
	long := binary.BigEndian.AppendUint32(nil, 10001)
	for name, b := range map[string]string{
		"short": "\x00\x00\x00\x04", "long": string(long), "http": "GET / HTTP/1.1\r\n\r\n",
		"negative": "\xff\xff\xff\xff", "no terminator": "\x00\x00\x00\x0d\x00\x03\x00\x00user\x00",
	} {
		w := dialRaw(t, p)
		w.send([]byte(b))
		if got := w.fatal(); got != stateProtocolViolation {
			t.Errorf("%s: %s", name, got)
		}
	}
	w := dialRaw(t, p)
	w.send(startupMsg(2<<16, "user", "old"))
	if got := w.fatal(); got != stateNotSupported {
		t.Errorf("version 2: %s", got)
	}
	dialRaw(t, p).startup(nil) // the others did no harm
}

// TestNegotiation: the server answers newer minors and unknown options.
func TestNegotiation(t *testing.T) {
	rec := newRecording()
	p := startProxy(t, rec, nil)
	for _, version := range []int32{3<<16 | 2, 3<<16 | 9999} {
		w := dialRaw(t, p)
		w.send(startupMsg(version, "user", pgserver.Superuser, "_pq_.test_protocol_negotiation", ""))
		if got := w.types("Z"); !strings.Contains(got, "v") || !strings.HasSuffix(got, "KZ") {
			t.Errorf("%x: %s", version, got)
		}
		w.send(queryMsg("select 1"))
		if got := w.types("Z"); got != "TDCZ" {
			t.Error(got)
		}
		w.Close()
	}
	for _, s := range rec.ended(t, 2) {
		same(t, ran(s), []string{"select 1|SELECT 1|1"})
	}
}

// TestCancelOverTLS: a CancelRequest may come after TLS, and the connection
// closes only when the server has closed its own.
func TestCancelOverTLS(t *testing.T) {
	p := startProxy(t, newRecording(), nil)
	w := dialRaw(t, p)
	w.send(startupMsg(3<<16, "user", pgserver.Superuser))
	var key []byte
	for {
		typ, body := w.next()
		if typ == 'K' {
			key = body
		}
		if typ == 'Z' {
			break
		}
	}
	for _, secure := range []bool{false, true} {
		sql := "select pg_sleep(61)"
		w.send(queryMsg(sql))
		awaitRunning(t, sql)
		c := dialRaw(t, p)
		if secure {
			c.send([]byte(sslRequest8))
			c.expect("S")
			c.Conn = tls.Client(c.Conn, anyCert)
		}
		c.send(cancelRequest(key))
		if got := c.types(""); got != "" {
			t.Errorf("cancel was answered with %q", got)
		}
		if got := w.types("Z"); got != "TEZ" {
			t.Errorf("cancelled statement: %s", got)
		}
	}
}

func TestNoUpstream(t *testing.T) {
	const nobody = "127.0.0.1:1" // which the system gives to none who asks for any port
	rec := newRecording()
	p := startProxy(t, rec, func(c *Config) { c.Upstream.Address = nobody })
	w := dialRaw(t, p)
	w.send(startupMsg(3<<16, "user", "x"))
	if got := w.fatal(); got != stateCannotConnectNow {
		t.Error(got)
	}
	if len(rec.sessions) != 0 {
		t.Error("there should be no event")
	}
}

func TestStartupTimeout(t *testing.T) {
	p := startProxy(t, nil, func(c *Config) { c.StartupTimeout = 50 * time.Millisecond })
	w := dialRaw(t, p)
	if n, err := w.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("%d %v", n, err)
	}
	// A session that is ready has no limit.
	got := ""
	for timeout := 500 * time.Millisecond; timeout < await.Patience; timeout *= 2 { // until the machine is quick enough
		w = dialRaw(t, startProxy(t, nil, func(c *Config) { c.StartupTimeout = timeout }))
		w.send(startupMsg(3<<16, "user", pgserver.Superuser))
		if !strings.HasSuffix(w.types("Z"), "Z") {
			continue
		}
		w.send(queryMsg(fmt.Sprintf("select pg_sleep(%f)", 2*timeout.Seconds())))
		if got = w.types("Z"); got == "TDCZ" {
			return
		}
	}
	t.Errorf("sessions are ended after their start-up: %q", got)
}

func TestUnixSocket(t *testing.T) {
	dir, err := os.MkdirTemp("", "das")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	rec := newRecording()
	p := startProxy(t, rec, func(c *Config) {
		c.SocketDir = dir
		c.Upstream.Address = filepath.Join(server.SocketDir(), ".s.PGSQL."+portOf(server.Addr()))
	})
	out := client(t, "psql", "-XAtc", "select inet_client_addr() is null", "-h", dir, "-p", port(p), "-U", pgserver.Superuser)
	if out != "t\n" {
		t.Error(out)
	}
	s := rec.ended(t, 1)[0]
	if s.about.RemoteHost != "[local]" || s.about.RemotePort != "" {
		t.Errorf("%+v", s.about)
	}
	if _, err := New(Config{Upstream: Upstream{Address: "x:1"}, Listen: "127.0.0.1:0"}); err != nil {
		t.Error(err)
	}
	lock := filepath.Join(dir, ".s.PGSQL."+port(p)+".lock")
	if _, err := lockSocket(lock); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("second lock: %v", err)
	}
	if err := os.WriteFile(lock+"2", []byte("999999999\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if l, err := lockSocket(lock + "2"); err != nil {
		t.Errorf("stale lock: %v", err)
	} else {
		l.release()
	}
}

func portOf(addr string) string {
	_, port, _ := net.SplitHostPort(addr)
	return port
}

// TestAbout: what events say about a session.
func TestAbout(t *testing.T) {
	rec := newRecording()
	p := startProxy(t, rec, func(c *Config) { c.Instance = InstanceInfo{ServerHost: "172.31.3.192", ServerVersion: "2.3.1"} })
	before := time.Now().Unix()
	conn := connect(t, p, "sslmode=disable&application_name=app")
	var pid, start int64
	err := conn.QueryRow(t.Context(), "select pid, floor(extract(epoch from backend_start))::bigint from pg_stat_activity where pid = pg_backend_pid()").Scan(&pid, &start)
	if err != nil {
		t.Fatal(err)
	}
	execSQL(t, conn, "set application_name = 'other'")
	bye(t, conn)
	s := rec.ended(t, 1)[0]
	a := s.about
	if int64(a.PID) != pid || a.UserName != pgserver.Superuser || a.DatabaseName != "postgres" || a.ClientApplication != "app" ||
		a.RemoteHost != "127.0.0.1" || a.RemotePort == "" || a.ServerVersion != "2.3.1" || a.ServerHost != "172.31.3.192" {
		t.Errorf("%+v", a)
	}
	began, end, _ := strings.Cut(a.SessionID, ".") // the proxy sees the client before the server does
	if at, err := strconv.ParseInt(began, 16, 64); err != nil || at < before || at > start || end != hex(pid) {
		t.Errorf("session id %s, want %s to %s.%s", a.SessionID, hex(before), hex(start), hex(pid))
	}
	last := ""
	for _, it := range s.of(track.Parameter) {
		if it.Name == "application_name" {
			last = it.Value
		}
	}
	if last != "other" {
		t.Errorf("application_name %q", last)
	}
}

func TestWrongDatabase(t *testing.T) {
	rec := newRecording()
	p := startProxy(t, rec, nil)
	conf, err := pgx.ParseConfig(url(p, "sslmode=disable"))
	if err != nil {
		t.Fatal(err)
	}
	conf.Database = "nowhere"
	if _, err := pgx.ConnectConfig(t.Context(), conf); err == nil || !strings.Contains(err.Error(), "3D000") {
		t.Error(err)
	}
	s := rec.ended(t, 1)[0]
	if got := s.of(track.AuthFailed, track.Disconnected, track.Connected); len(got) != 1 || got[0].Err.SQLState != "3D000" {
		t.Errorf("%+v", got)
	}
}

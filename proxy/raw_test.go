package proxy

import (
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/das-local/das-local/internal/await"
	"github.com/das-local/das-local/internal/pgserver"
)

// A wire is a client that speaks bytes.
type wire struct {
	t testing.TB
	net.Conn
}

func dialRaw(t testing.TB, p *Proxy) *wire {
	t.Helper()
	conn, err := net.Dial("tcp", p.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	conn.SetDeadline(await.Deadline())
	t.Cleanup(func() { conn.Close() })
	return &wire{t, conn}
}

func (w *wire) send(messages ...[]byte) {
	w.t.Helper()
	var b []byte
	for _, m := range messages {
		b = append(b, m...)
	}
	w.SetWriteDeadline(await.Deadline())
	if _, err := w.Write(b); err != nil {
		w.t.Fatal(err)
	}
}

// message builds a message from strings (with their NUL), bytes and integers.
func message(typ byte, fields ...any) []byte {
	b := []byte{typ, 0, 0, 0, 0}
	for _, f := range fields {
		switch v := f.(type) {
		case string:
			b = append(append(b, v...), 0)
		case []byte:
			b = append(b, v...)
		case int16:
			b = binary.BigEndian.AppendUint16(b, uint16(v))
		case int32:
			b = binary.BigEndian.AppendUint32(b, uint32(v))
		}
	}
	binary.BigEndian.PutUint32(b[1:], uint32(len(b)-1))
	return b
}

func queryMsg(sql string) []byte       { return message('Q', sql) }
func parseMsg(name, sql string) []byte { return message('P', name, sql, int16(0)) }
func bindMsg(portal, stmt string) []byte {
	return message('B', portal, stmt, int16(0), int16(0), int16(0))
}
func executeMsg(portal string, most int32) []byte { return message('E', portal, most) }

// startupMsg is a StartupMessage of a protocol version.
func startupMsg(version int32, params ...string) []byte {
	b := binary.BigEndian.AppendUint32(make([]byte, 4), uint32(version))
	for _, p := range params {
		b = append(append(b, p...), 0)
	}
	b = append(b, 0)
	binary.BigEndian.PutUint32(b, uint32(len(b)))
	return b
}

// startup opens a session, after TLS if conf is given.
func (w *wire) startup(conf *tls.Config, more ...string) {
	w.t.Helper()
	if conf != nil {
		w.send([]byte(sslRequest8))
		w.expect("S")
		w.Conn = tls.Client(w.Conn, conf)
	}
	w.send(startupMsg(3<<16, append([]string{"user", pgserver.Superuser}, more...)...))
	if got := w.types("Z"); !strings.HasPrefix(got, "R") || !strings.HasSuffix(got, "KZ") {
		w.t.Fatalf("start-up: %q", got)
	}
}

func (w *wire) expect(want string) {
	w.t.Helper()
	b := make([]byte, len(want))
	if _, err := io.ReadFull(w, b); err != nil || string(b) != want {
		w.t.Fatalf("got %q, %v, want %q", b, err, want)
	}
}

// next reads a message; typ is 0 at the end.
func (w *wire) next() (typ byte, body []byte) {
	w.t.Helper()
	w.SetReadDeadline(await.Deadline())
	var head [5]byte
	if _, err := io.ReadFull(w, head[:]); err == io.EOF {
		return 0, nil
	} else if err != nil {
		w.t.Fatalf("read message: %v", err)
	}
	body = make([]byte, binary.BigEndian.Uint32(head[1:])-4)
	if _, err := io.ReadFull(w, body); err != nil {
		w.t.Fatalf("read message %c: %v", head[0], err)
	}
	return head[0], body
}

// types reads messages up to one of the given types, or the end, and returns
// their types.
func (w *wire) types(last string) string {
	w.t.Helper()
	var got []byte
	for {
		typ, _ := w.next()
		if typ == 0 {
			return string(got)
		}
		got = append(got, typ)
		if last != "" && strings.IndexByte(last, typ) >= 0 {
			return string(got)
		}
	}
}

// fatal reads up to an ErrorResponse and the end, and returns the SQLSTATE.
func (w *wire) fatal() string {
	w.t.Helper()
	state := ""
	for {
		typ, body := w.next()
		if typ == 0 {
			return state
		}
		if typ == 'E' {
			for _, field := range strings.Split(string(body), "\x00") {
				if strings.HasPrefix(field, "C") {
					state += field[1:]
				}
			}
		}
	}
}

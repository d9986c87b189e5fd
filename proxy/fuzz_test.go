package proxy

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net"
	"testing"
	"time"
)

// A scripted connection has been sent bytes, and takes any.
type scripted struct {
	net.Conn
	in bytes.Reader
}

func (c *scripted) Read(p []byte) (int, error)  { return c.in.Read(p) }
func (c *scripted) Write(p []byte) (int, error) { return len(p), nil }
func (c *scripted) LocalAddr() net.Addr         { return &net.TCPAddr{} }
func (c *scripted) SetDeadline(time.Time) error { return nil }

// FuzzGreet: any first bytes end in a hello, a FATAL, or nothing.
func FuzzGreet(f *testing.F) {
	f.Add([]byte(sslRequest8 + gssRequest8 + string(startupMsg(3<<16, "user", "u", "database", "d"))))
	f.Add(cancelRequest([]byte("12345678")))
	f.Add([]byte("\x00\x00\x00\x0d\x00\x03\x00\x00user\x00"))
	f.Add([]byte("\x16\x03\x01"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c := &scripted{in: *bytes.NewReader(b)}
		h, err := greet(t.Context(), c, nil)
		if h == nil || h.conn == nil {
			t.Fatal("no connection")
		}
		var mine *fatal
		if err != nil && !errors.As(err, &mine) && !errors.Is(err, errGone) {
			t.Errorf("%v", err)
		}
		if err == nil && (len(h.frame) < minStartup || len(h.frame) > maxStartup || !h.cancel && h.params == nil) {
			t.Errorf("%+v", h)
		}
	})
}

// FuzzWithoutPlus: the message stays well-formed.
func FuzzWithoutPlus(f *testing.F) {
	f.Add(message('R', int32(authSASL), plus[:len(plus)-1], "SCRAM-SHA-256", ""))
	f.Add(message('R', int32(authSASL), "SCRAM-SHA-256", ""))
	f.Fuzz(func(t *testing.T, b []byte) {
		whole := len(b) >= 5 && uint64(binary.BigEndian.Uint32(b[1:]))+1 == uint64(len(b))
		out := withoutPlus(b)
		if whole && uint64(binary.BigEndian.Uint32(out[1:]))+1 != uint64(len(out)) {
			t.Errorf("%q became %q", b, out)
		}
	})
}

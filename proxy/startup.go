package proxy

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
)

// Codes in the untyped first frame, and its bounds (MAX_STARTUP_PACKET_LENGTH).
const (
	codeCancel  = 80877102
	codeSSL     = 80877103
	codeGSSENC  = 80877104
	minStartup  = 8
	maxStartup  = 10000
	alpn        = "postgresql"
	tlsFirst    = 0x16 // the first byte of a TLS record
	sslRequest8 = "\x00\x00\x00\x08\x04\xd2\x16\x2f"
)

// A hello is what a client opened with: a StartupMessage or a CancelRequest.
type hello struct {
	conn   net.Conn // possibly TLS by now
	frame  []byte   // as received
	cancel bool
	params map[string]string
}

// errGone says that the client left before it had said what it wants, which is
// what port checks do.
var errGone = errors.New("client left during start-up")

// greet reads a client's first frames: GSSENCRequest and SSLRequest may come
// before the one that counts. conn has a deadline.
func greet(ctx context.Context, conn net.Conn, offer *tls.Config) (*hello, error) {
	h := &hello{conn: conn}
	sslDone, gssDone := false, false
	for first := true; ; first = false {
		frame, direct, err := readFrame(h.conn, first)
		if err != nil {
			return h, err
		}
		if direct {
			if offer == nil {
				return h, &fatal{stateProtocolViolation, "TLS is not offered here"}
			}
			sslDone, gssDone = true, true
			if err := h.directTLS(ctx, offer); err != nil {
				return h, err
			}
			continue
		}
		code := binary.BigEndian.Uint32(frame[4:])
		switch {
		case code == codeCancel:
			h.frame, h.cancel = frame, true
			return h, nil
		case code == codeGSSENC && !gssDone && len(frame) == 8:
			gssDone = true
			if _, err := h.conn.Write([]byte{'N'}); err != nil {
				return h, errGone
			}
		case code == codeSSL && !sslDone && len(frame) == 8:
			sslDone = true
			if err := h.answerSSL(ctx, offer); err != nil {
				return h, err
			}
		case code>>16 != 3:
			return h, &fatal{stateNotSupported, fmt.Sprintf(
				"unsupported frontend protocol %d.%d: server supports 3.0 to 3.0", code>>16, code&0xffff)}
		default:
			h.frame = frame
			h.params, err = startupParams(frame[8:])
			return h, err
		}
	}
}

// readFrame reads one frame and not a byte more. On the first one it reports
// a client that speaks TLS at once; its first byte is then still to be read.
func readFrame(conn net.Conn, first bool) (frame []byte, direct bool, err error) {
	var length [4]byte
	if _, err := io.ReadFull(conn, length[:1]); err != nil {
		return nil, false, errGone
	}
	if first && length[0] == tlsFirst {
		return nil, true, nil
	}
	if _, err := io.ReadFull(conn, length[1:]); err != nil {
		return nil, false, errGone
	}
	n := binary.BigEndian.Uint32(length[:])
	if n < minStartup || n > maxStartup {
		return nil, false, &fatal{stateProtocolViolation, "invalid length of startup packet"}
	}
	frame = make([]byte, n)
	copy(frame, length[:])
	if _, err := io.ReadFull(conn, frame[4:]); err != nil {
		return nil, false, errGone
	}
	return frame, false, nil
}

// answerSSL answers an SSLRequest. What the client sent before it saw the
// answer would count as encrypted, so it is refused.
func (h *hello) answerSSL(ctx context.Context, offer *tls.Config) error {
	if offer == nil || isUnix(h.conn) {
		if _, err := h.conn.Write([]byte{'N'}); err != nil {
			return errGone
		}
		return nil
	}
	if unread(h.conn) {
		return &fatal{stateProtocolViolation, "received unencrypted data after SSL request"}
	}
	if _, err := h.conn.Write([]byte{'S'}); err != nil {
		return errGone
	}
	secure := tls.Server(&socket{Conn: h.conn}, offer)
	if err := secure.HandshakeContext(ctx); err != nil {
		return fmt.Errorf("TLS handshake with client: %w", err)
	}
	h.conn = secure
	return nil
}

// directTLS starts TLS without an SSLRequest, for which ALPN is compulsory.
func (h *hello) directTLS(ctx context.Context, offer *tls.Config) error {
	secure := tls.Server(&socket{Conn: h.conn, first: []byte{tlsFirst}}, offer)
	if err := secure.HandshakeContext(ctx); err != nil {
		return fmt.Errorf("direct TLS handshake with client: %w", err)
	}
	h.conn = secure
	if secure.ConnectionState().NegotiatedProtocol != alpn {
		return &fatal{stateProtocolViolation,
			"received direct SSL connection request without ALPN protocol negotiation extension"}
	}
	return nil
}

// startupParams decodes the name and value pairs of a StartupMessage.
func startupParams(b []byte) (map[string]string, error) {
	bad := &fatal{stateProtocolViolation, "invalid startup packet layout: expected terminator as last byte"}
	params := make(map[string]string)
	for {
		name, rest, ok := bytes.Cut(b, []byte{0})
		if !ok {
			return nil, bad
		}
		if len(name) == 0 {
			if len(rest) > 0 {
				return nil, bad
			}
			return params, nil
		}
		value, rest, ok := bytes.Cut(rest, []byte{0})
		if !ok {
			return nil, bad
		}
		params[string(name)] = string(value)
		b = rest
	}
}

func isUnix(conn net.Conn) bool { return conn.LocalAddr().Network() == "unix" }

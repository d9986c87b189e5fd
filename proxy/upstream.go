package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"
)

// dial connects to the upstream, and encrypts the leg if asked to.
func (u Upstream) dial(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, u.DialTimeout)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, u.network(), u.Address)
	if err != nil {
		return nil, fmt.Errorf("connect to upstream: %w", err)
	}
	if u.TLS == nil {
		return conn, nil
	}
	secure, err := u.encrypt(ctx, conn)
	if err != nil {
		conn.Close()
		return nil, err
	}
	return secure, nil
}

// encrypt asks the server for TLS. Not a byte after its answer is read in the clear.
func (u Upstream) encrypt(ctx context.Context, conn net.Conn) (net.Conn, error) {
	deadline, _ := ctx.Deadline()
	conn.SetDeadline(deadline)
	defer conn.SetDeadline(time.Time{})
	if _, err := io.WriteString(conn, sslRequest8); err != nil {
		return nil, fmt.Errorf("ask upstream for TLS: %w", err)
	}
	var answer [1]byte
	if _, err := io.ReadFull(conn, answer[:]); err != nil {
		return nil, fmt.Errorf("ask upstream for TLS: %w", err)
	}
	if answer[0] != 'S' {
		return nil, errors.New("ask upstream for TLS: the server does not support it")
	}
	if unread(conn) {
		return nil, errors.New("ask upstream for TLS: unencrypted data after its answer")
	}
	conf := u.TLS.Clone()
	if host, _, err := net.SplitHostPort(u.Address); err == nil && conf.ServerName == "" {
		conf.ServerName = host
	}
	secure := tls.Client(conn, conf)
	if err := secure.HandshakeContext(ctx); err != nil {
		return nil, fmt.Errorf("TLS handshake with upstream: %w", err)
	}
	return secure, nil
}

// refusal is what the client is told when the upstream cannot be reached.
func refusal(err error) *fatal {
	if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ENOENT) {
		return &fatal{stateCannotConnectNow, "the upstream server is not accepting connections"}
	}
	return &fatal{stateConnectionFailure, "could not connect to the upstream server"}
}

// cancel passes a CancelRequest on, and waits for the server to close, which
// says that the signal has been sent.
func (u Upstream) cancel(ctx context.Context, request []byte, wait time.Duration) error {
	conn, err := u.dial(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	conn.SetDeadline(time.Now().Add(wait))
	if _, err := conn.Write(request); err != nil {
		return fmt.Errorf("pass on cancel request: %w", err)
	}
	_, err = io.Copy(io.Discard, io.LimitReader(conn, maxStartup))
	if err != nil && !errors.Is(err, syscall.ECONNRESET) {
		return fmt.Errorf("wait for cancel request: %w", err)
	}
	return nil
}

package proxy

import (
	"crypto/tls"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
)

// A socket lies under a client's TLS, so that what carries it can change: a
// connection, or, on the loop, a descriptor that does not block. crypto/tls
// takes a read that has nothing for a deadline that passed, and goes on later.
type socket struct {
	net.Conn
	first []byte // to be read before the connection's own bytes

	fd      int
	onLoop  bool
	drained bool // on the loop: the last read got all there was

	mu  sync.Mutex
	out []byte // written on the loop, but not taken by the kernel yet
}

func (s *socket) Read(p []byte) (int, error) {
	if len(s.first) > 0 && len(p) > 0 {
		n := copy(p, s.first)
		s.first = s.first[n:]
		return n, nil
	}
	if !s.onLoop {
		return s.Conn.Read(p)
	}
	if s.drained {
		return 0, os.ErrDeadlineExceeded
	}
	switch n := rawRead(s.fd, p); {
	case n > 0:
		s.drained = n < len(p)
		return n, nil
	case n == again:
		s.drained = true
		return 0, os.ErrDeadlineExceeded
	case n == 0:
		return 0, io.EOF
	}
	return 0, syscall.ECONNRESET
}

func (s *socket) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.onLoop {
		n := 0
		if len(s.out) == 0 {
			n = rawWrite(s.fd, p)
		}
		s.out = append(s.out, p[n:]...)
		return len(p), nil
	}
	if err := s.flush(); err != nil {
		return 0, err
	}
	return s.Conn.Write(p)
}

// Flush writes what the loop could not.
func (s *socket) Flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.flush()
}

func (s *socket) flush() error {
	if len(s.out) == 0 {
		return nil
	}
	_, err := s.Conn.Write(s.out)
	s.out = nil
	return err
}

// socketUnder is what lies under a TLS connection to a client, or nil.
func socketUnder(conn net.Conn) *socket {
	if secure, ok := conn.(*tls.Conn); ok {
		s, _ := secure.NetConn().(*socket)
		return s
	}
	return nil
}

package proxy

import (
	"crypto/tls"
	"net"
)

// CutUpstream breaks the connections of all sessions to the upstream, as a network
// does that fails. New sessions are welcome all the while.
func (p *Proxy) CutUpstream() { p.each((*session).cut) }

// cut has the session read the end of the upstream, wherever its connection is.
func (s *session) cut() {
	s.where.Lock()
	defer s.where.Unlock()
	switch {
	case !s.relaying.Load():
		s.stop() // it is at its start-up
	case s.ride != nil:
		shutFD(s.ride.side[upstreamSide])
	default:
		conn := s.server.Conn
		if secure, ok := conn.(*tls.Conn); ok {
			conn = secure.NetConn()
		}
		shut(conn)
	}
}

// shut ends both directions of a connection, which stays open.
func shut(conn net.Conn) {
	if c, ok := conn.(interface {
		CloseRead() error
		CloseWrite() error
	}); ok {
		c.CloseRead()
		c.CloseWrite()
	}
}

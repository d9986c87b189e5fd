package proxy

import (
	"crypto/tls"
	"sync"
	"time"

	"github.com/das-local/das-local/proxy/internal/track"
)

// A rider is a session on the loop, by descriptors of its own.
type rider struct {
	s    *session
	slot int
	on   bool      // registered; the loop's own
	side [2]int    // the descriptors
	tls  *tls.Conn // the client's, on a socket; or nil
	sock *socket
	seen filter
	back chan struct{} // closed when the session has it back
	rest remainder     // what the session has to finish then
}

const (
	clientSide   = 0
	upstreamSide = 1
)

// A remainder is what is left to do of chunks that the tracker has seen.
type remainder struct {
	toUpstream []byte
	toClient   []byte
	fromClient error // the client broke the protocol
	fromServer error // the upstream did
}

// settled is how long a session that the loop handed back, because it did not
// keep up with its results say, stays with its own goroutines.
const settled = 100 * time.Millisecond

// canRide says whether the session may change over to the loop: it is idle,
// the upstream's leg is not encrypted, and nothing is going to make it wait.
func (s *session) canRide() bool {
	if s.p.loop == nil || s.client.raw == nil && s.client.under == nil || s.server.raw == nil {
		return false
	}
	if s.log.holds() || s.p.audits.behind() || s.verdict.Load() != nil || s.gone.Load() || s.broken.Load() != nil || s.p.draining.Load() {
		return false
	}
	s.mu.Lock()
	idle := s.tracker.Idle() && s.tracker.Between()
	s.mu.Unlock()
	return idle && (s.moved.IsZero() || time.Since(s.moved) > settled)
}

// changeOver stops the client's goroutine, puts the session on the loop, and
// returns when it is back.
func (s *session) changeOver(up *sync.WaitGroup) {
	s.handing.Store(true)
	s.client.SetReadDeadline(longAgo)
	up.Wait()
	s.client.SetReadDeadline(time.Time{})
	s.handing.Store(false)
	if r := s.getOn(); r != nil {
		<-r.back
		s.getOff(r)
	}
	s.moved = time.Now()
}

// getOn gives the legs to the loop. It returns nil if the session keeps them.
func (s *session) getOn() *rider {
	s.where.Lock()
	defer s.where.Unlock()
	if s.verdict.Load() != nil || s.ctx.Err() != nil || s.gone.Load() || s.broken.Load() != nil {
		return nil
	}
	r := &rider{s: s, back: make(chan struct{})}
	var err error
	if r.side[clientSide], err = duplicate(s.client); err != nil {
		return nil
	}
	if r.side[upstreamSide], err = duplicate(s.server); err != nil {
		closeFD(r.side[clientSide])
		return nil
	}
	// The duplicates keep the connections open.
	s.client.leave(r.side[clientSide])
	s.server.leave(r.side[upstreamSide])
	r.tls, _ = s.client.Conn.(*tls.Conn)
	r.sock = s.client.under
	s.ride = r
	s.pend.mu.Lock()
	s.pend.home = false
	s.pend.mu.Unlock()
	if !s.p.loop.add(r) {
		close(r.back)
	}
	return r
}

// getOff makes legs of the descriptors again.
func (s *session) getOff(r *rider) {
	if len(r.rest.toUpstream) > 0 && s.tracker.Lingers() { // the end of the session is among the rest; it does not wait for the audit
		s.linger(s.tracker.PID())
		r.rest.toUpstream = r.rest.toUpstream[rawWrite(r.side[upstreamSide], r.rest.toUpstream):]
	}
	s.p.audits.take(s)
	s.where.Lock()
	defer s.where.Unlock()
	s.ride, s.rest = nil, r.rest
	s.client = s.client.resume(r.side[clientSide])
	s.server = s.server.resume(r.side[upstreamSide])
	if s.ctx.Err() != nil {
		s.client.Close()
		s.server.Close()
	}
	if s.verdict.Load() != nil {
		s.interrupt()
	}
}

// finishForward does what the loop left of a client's chunk.
func (s *session) finishForward() {
	rest, err := s.rest.toUpstream, s.rest.fromClient
	s.rest.toUpstream, s.rest.fromClient = nil, nil
	if len(rest) > 0 {
		s.server.Write(rest)
	}
	if err != nil {
		s.brokenBy(err)
	}
}

// finishDeliver does what the loop left of an upstream's chunk.
func (s *session) finishDeliver() (cause *track.Error, stop bool) {
	rest, err := s.rest.toClient, s.rest.fromServer
	s.rest.toClient, s.rest.fromServer = nil, nil
	if len(s.log.items) > 0 {
		s.log.write(s.ctx, s.tracker.PID())
	}
	s.p.audits.repay(s)
	if u := s.client.under; u != nil && u.Flush() != nil {
		return s.unsent(nil, time.Now()), true
	}
	if len(rest) > 0 {
		if _, werr := s.client.Write(rest); werr != nil {
			return s.unsent(nil, time.Now()), true
		}
	}
	if err != nil {
		return s.garbled(err), true
	}
	return nil, false
}

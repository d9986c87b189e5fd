package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/das-local/das-local/proxy/internal/track"
)

// A session is one client and its own connection to the upstream.
type session struct {
	p       *Proxy
	started time.Time
	hello   *hello
	client  *leg
	server  *leg
	log     journal
	plain   bool // a client without TLS of a server that sees TLS

	// ctx ends when the session does, or is aborted.
	ctx  context.Context
	stop context.CancelFunc

	// mu guards tracker, which both directions feed, and waiting.
	mu      sync.Mutex
	tracker *track.Tracker
	room    sync.Cond // the queue of unanswered messages is shorter
	waiting bool      // the client's side waits for room

	announcer announcer
	nextID    atomic.Int64 // the number of the next statement, as far as events are made

	pend pending // items that the auditQueue has still to see

	// where guards the legs, which are not there while the session rides on
	// the loop.
	where sync.Mutex
	ride  *rider // nil: the session's own goroutines relay
	rest  remainder
	moved time.Time // when it came back from the loop

	// kept are bytes for the client behind a completion whose events are not
	// made yet, in sync mode; pausing says that the upstream has a deadline until
	// which they are waited for. The goroutine that relays to the client has both.
	kept      []byte
	keptUntil <-chan struct{} // when events made already are durable
	pausing   bool

	dismissed bool // the client has been told why the session ends
	endOnce   sync.Once
	leaveOnce sync.Once

	handing  atomic.Bool           // the client's side pauses to change over
	killed   chan struct{}         // closed by end
	ended    chan struct{}         // closed by recorded
	verdict  atomic.Pointer[fatal] // set once, before killed is closed
	broken   atomic.Pointer[fatal] // the client broke the protocol
	relaying atomic.Bool           // both legs are there
	gone     atomic.Bool           // the client will send no more
	over     atomic.Bool           // the upstream is done: what the client sends is dropped
}

func newSession(p *Proxy, conn net.Conn) *session {
	s := &session{
		p:       p,
		started: time.Now(),
		client:  &leg{Conn: conn},
		tracker: track.New(p.trackerConfig()),
		killed:  make(chan struct{}),
		ended:   make(chan struct{}),
	}
	s.room.L = &s.mu
	s.pend.free.L = &s.pend.mu
	s.ctx, s.stop = context.WithCancel(context.Background())
	return s
}

// run is the session's life.
func (s *session) run() {
	defer s.stop()
	if !s.open() {
		return
	}
	stop := context.AfterFunc(s.ctx, s.hangUp)
	defer stop()
	s.relay()
	s.hangUp()
}

// hangUp closes the connections, wherever they are.
func (s *session) hangUp() {
	s.where.Lock()
	defer s.where.Unlock()
	if s.ride != nil {
		s.p.loop.release(s.ride)
		return // changeBack closes them: ctx has ended
	}
	s.client.Close()
	s.server.Close()
}

// open goes through the start-up with the client and connects to the upstream.
// It says whether there is a session to relay.
func (s *session) open() bool {
	conn := s.client.Conn
	abort := context.AfterFunc(s.ctx, func() { conn.Close() })
	defer abort()
	deadline := s.started.Add(s.p.conf.StartupTimeout)
	conn.SetDeadline(deadline)
	ctx, cancel := context.WithDeadline(s.ctx, deadline)
	defer cancel()

	h, err := greet(ctx, conn, s.p.tls)
	s.hello = h
	if err != nil {
		s.turnAway(err)
		return false
	}
	if h.cancel {
		if err := s.p.passCancel(ctx, h.frame); err != nil {
			s.p.conf.Logger.Debug("cancel request", "err", err)
		}
		h.conn.Close()
		return false
	}
	if f := s.p.refusing.Load(); f != nil {
		s.turnAway(f)
		return false
	}
	up, err := s.p.conf.Upstream.dial(ctx)
	if err == nil {
		if _, err = up.Write(h.frame); err != nil {
			up.Close()
		}
	}
	if err != nil {
		s.p.conf.Logger.Warn("no upstream for a client", "err", err)
		s.turnAway(refusal(err))
		return false
	}
	s.client = newLeg(h.conn, &s.p.bufs)
	s.server = newLeg(up, &s.p.bufs)
	_, secure := h.conn.(*tls.Conn)
	s.plain = !secure && s.p.conf.Upstream.TLS != nil
	s.log.init(s)
	s.server.SetReadDeadline(deadline)
	s.relaying.Store(true)
	if s.verdict.Load() != nil { // told to end in the meantime
		s.server.SetDeadline(longAgo)
	}
	return true
}

// longAgo is a deadline that makes a blocked read or write return.
var longAgo = time.Unix(1, 0)

// turnAway ends a client that has no session, with a message if one is due.
func (s *session) turnAway(err error) {
	conn := s.hello.conn
	var f *fatal
	if errors.As(err, &f) {
		conn.SetDeadline(time.Now().Add(farewell))
		conn.Write(f.encode())
		l := newLeg(conn, &s.p.bufs)
		l.closeWrite()
		for {
			_, err := l.next()
			l.release()
			if err != nil {
				break
			}
		}
	} else if !errors.Is(err, errGone) {
		s.p.conf.Logger.Debug("client start-up", "err", err)
	}
	conn.Close()
}

// end makes the session stop with f, soon.
func (s *session) end(f *fatal) {
	if !s.verdict.CompareAndSwap(nil, f) {
		return
	}
	close(s.killed)
	s.where.Lock()
	defer s.where.Unlock()
	switch {
	case !s.relaying.Load():
		s.stop()
	case s.ride != nil:
		s.p.loop.release(s.ride) // changeBack looks at the verdict
	default:
		s.interrupt()
	}
}

// interrupt makes the goroutines look at the verdict; where is held.
func (s *session) interrupt() {
	s.server.SetDeadline(longAgo)
	s.client.SetWriteDeadline(time.Now().Add(farewell))
}

// recorded says that all events of the session are recorded and its client has
// been told the end, which it may not have read.
func (s *session) recorded() { s.endOnce.Do(func() { close(s.ended) }) }

// endIfIdle ends the session if it is between transactions.
func (s *session) endIfIdle() {
	s.mu.Lock()
	idle := s.idle()
	s.mu.Unlock()
	if idle {
		s.end(&fatal{stateAdminShutdown, "terminating connection due to administrator command"})
	}
}

// idle says that nothing runs and no transaction is open; mu is held.
func (s *session) idle() bool { return !s.relaying.Load() || s.tracker.Idle() }

// abort closes the connections.
func (s *session) abort() { s.stop() }

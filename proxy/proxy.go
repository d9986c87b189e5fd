package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/proxy/internal/audit"
	"github.com/das-local/das-local/proxy/internal/track"
)

// A Proxy relays the sessions of one instance.
type Proxy struct {
	conf      Config
	tls       *tls.Config // what clients are offered; nil: nothing
	listeners []net.Listener
	lock      *socketLock
	bufs      buffers
	loop      *loop // nil: goroutines relay all sessions
	audits    auditQueue
	standIns  standIns

	mu       sync.Mutex
	sessions map[*session]struct{}
	leaving  []<-chan struct{}     // the ends of sessions that Refuse told to end
	wg       sync.WaitGroup        // of sessions that are waited for
	refusing atomic.Pointer[fatal] // what new clients are told; nil: they are welcome
	draining atomic.Bool           // Run's context has ended: idle sessions end by themselves

	// open starts the audit of a session; nil makes no events.
	open func(about activity.Session, params map[string]string) auditor

	intending Intending // nil: the Recorder wants no intents
	foresee   func(about activity.Session, params map[string]string) *audit.Session
	intents   atomic.Uint64 // the last number of one
}

// New listens. The addresses are known and clients may connect when it
// returns; they are served by Run.
func New(conf Config) (*Proxy, error) {
	conf, err := conf.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("configure proxy: %w", err)
	}
	offer, err := conf.offerTLS()
	if err != nil {
		return nil, fmt.Errorf("configure proxy: %w", err)
	}
	open, err := conf.Audit.opener(conf.MaxText)
	if err != nil {
		return nil, fmt.Errorf("configure proxy: %w", err)
	}
	p := &Proxy{conf: conf, tls: offer, open: open, foresee: conf.Audit.foreseer(conf.MaxText), sessions: make(map[*session]struct{})}
	p.intending, _ = conf.Recorder.(Intending)
	p.standIns.init()
	p.audits.signal = make(chan struct{}, 1)
	p.listeners = append(p.listeners, conf.Listeners...)
	if len(p.listeners) == 0 {
		l, err := net.Listen("tcp", conf.Listen)
		if err != nil {
			return nil, fmt.Errorf("listen for clients: %w", err)
		}
		p.listeners = append(p.listeners, l)
	}
	if conf.SocketDir != "" {
		if err := p.listenUnix(conf.SocketDir); err != nil {
			p.closeListeners()
			return nil, err
		}
	}
	return p, nil
}

// trackerConfig is that of each session.
func (p *Proxy) trackerConfig() track.Config {
	conf := track.Config{MaxText: p.conf.MaxText, Assisted: p.conf.Audit.Assisted}
	if p.intending != nil {
		conf.Number = func() uint64 { return p.intents.Add(1) }
	}
	return conf
}

// Addr is the address of the first listener.
func (p *Proxy) Addr() net.Addr { return p.listeners[0].Addr() }

// Run serves sessions until ctx ends. Then idle sessions end at once and busy
// ones when they are idle, or after the grace time, as at the shutdown of a
// server. When it returns every session has ended and its events are recorded, or
// told as lost (Losing) and in the log if making them takes longer than that by seconds.
func (p *Proxy) Run(ctx context.Context) error {
	stopAudits := p.startLoop()
	var accepting sync.WaitGroup
	failed := make(chan error, len(p.listeners))
	for _, l := range p.listeners {
		accepting.Go(func() {
			if err := p.accept(l); err != nil {
				failed <- err
			}
		})
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	p.closeListeners()
	accepting.Wait()
	p.drain()
	stopAudits()
	return err
}

// startLoop starts the event loop, if it is wanted and there is one, and the
// audit of what it relays. The function it returns ends both.
func (p *Proxy) startLoop() (stop func()) {
	if p.conf.NoEventLoop {
		return func() {}
	}
	loop, err := newLoop(p)
	if err != nil {
		p.conf.Logger.Warn("sessions are relayed by goroutines", "err", err)
	}
	if loop == nil {
		return func() {}
	}
	p.loop = loop
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.audits.run(ctx)
	}()
	return func() {
		loop.close()
		cancel()
		select {
		case <-ended:
		case <-time.After(min(lastAudit, p.conf.lastCall)): // it is busy with a session that was given up
		}
	}
}

func (p *Proxy) closeListeners() {
	for _, l := range p.listeners {
		l.Close()
	}
	p.lock.release()
}

// accept starts a session for each client.
func (p *Proxy) accept(l net.Listener) error {
	for pause := 5 * time.Millisecond; ; {
		conn, err := l.Accept()
		switch {
		case err == nil:
			pause = 5 * time.Millisecond
			p.start(conn)
		case errors.Is(err, net.ErrClosed):
			return nil
		case isTemporary(err): // out of file descriptors, say
			p.conf.Logger.Warn("accept client", "err", err)
			time.Sleep(pause)
			pause = min(2*pause, time.Second)
		default:
			return fmt.Errorf("accept client: %w", err)
		}
	}
}

func isTemporary(err error) bool {
	var t interface{ Temporary() bool }
	return errors.As(err, &t) && t.Temporary()
}

// start runs a session in a goroutine of its own.
func (p *Proxy) start(conn net.Conn) {
	s := newSession(p, conn)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.draining.Load() {
		conn.Close()
		return
	}
	p.sessions[s] = struct{}{}
	p.wg.Add(1)
	go func() {
		s.run()
		s.leave()
	}()
}

// Disconnect ends every session with a FATAL error; a statement that runs is
// cancelled. New sessions are welcome all the while. An empty state is 57P01,
// an empty message PostgreSQL's for it.
func (p *Proxy) Disconnect(sqlstate, message string) {
	f := &fatal{state: stateAdminShutdown, message: "terminating connection due to administrator command"}
	if sqlstate != "" {
		f.state = sqlstate
	}
	if message != "" {
		f.message = message
	}
	p.each(func(s *session) { s.end(f) })
}

// Sessions is how many clients are connected.
func (p *Proxy) Sessions() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.sessions)
}

// each calls f for the sessions there are, without holding p.mu.
func (p *Proxy) each(f func(*session)) {
	p.mu.Lock()
	all := make([]*session, 0, len(p.sessions))
	for s := range p.sessions {
		all = append(all, s)
	}
	p.mu.Unlock()
	for _, s := range all {
		f(s)
	}
}

// lastCall is how long sessions that were told to end may take for it, and lastAudit how
// long their audit may once their connections are closed: with the grace time that is less
// than the 10 seconds after which a container is killed.
const (
	lastCall  = 5 * time.Second
	lastAudit = 2 * time.Second
)

// drain ends the sessions: the idle ones, the others after the grace time, and
// those that do not listen by closing their connections. Those whose audit does not end
// are given up.
func (p *Proxy) drain() {
	p.mu.Lock()
	p.draining.Store(true)
	p.mu.Unlock()
	if p.loop != nil {
		p.loop.close() // the sessions' own goroutines take them to their ends
	}
	p.each((*session).endIfIdle)
	ended := make(chan struct{})
	go func() {
		p.wg.Wait()
		close(ended)
	}()
	for _, step := range []struct {
		after time.Duration
		do    func()
	}{
		{p.conf.Grace, func() { p.Disconnect("", "") }},
		{p.conf.lastCall, func() { p.each((*session).abort) }},
		{min(lastAudit, p.conf.lastCall), func() { p.each((*session).giveUp) }},
	} {
		timer := time.NewTimer(step.after)
		select {
		case <-ended:
			timer.Stop()
			return
		case <-timer.C:
			step.do()
		}
	}
	<-ended
}

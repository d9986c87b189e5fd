package proxy

import (
	"errors"
	"os"
	"time"
)

// fromClient relays one read of the client, or all there is under TLS, for what
// is read but not decrypted yet makes no event.
func (l *loop) fromClient(r *rider) {
	if r.s.intends() { // that takes patience
		l.handBack(r)
		return
	}
	if r.tls == nil {
		l.forward(r, rawRead(r.side[clientSide], l.buf))
		return
	}
	r.sock.drained = false
	for {
		n, err := r.tls.Read(l.buf)
		if n == 0 && errors.Is(err, os.ErrDeadlineExceeded) {
			return
		}
		if !l.forward(r, n) {
			return
		}
	}
}

// forward passes on n bytes of the buffer. It reports false if the session has
// been handed back.
func (l *loop) forward(r *rider, n int) bool {
	if n == again {
		return true
	}
	if n <= 0 {
		l.handBack(r)
		return false
	}
	s := r.s
	chunk := l.buf[:n]
	s.mu.Lock()
	s.tracker.Quiet(!s.p.conf.Recorder.Recording())
	s.tracker.Intend(false)
	good, err := s.tracker.Client(chunk, time.Now())
	full, lingers := s.tracker.Full(), s.tracker.Lingers()
	s.mu.Unlock()
	rest := chunk[:good]
	if good > 0 && !lingers {
		rest = rest[rawWrite(r.side[upstreamSide], rest):]
	}
	if err != nil || len(rest) > 0 || full {
		r.rest.fromClient = err
		r.rest.toUpstream = append([]byte(nil), rest...)
		l.handBack(r)
		return false
	}
	return true
}

// fromUpstream relays one read of the upstream.
func (l *loop) fromUpstream(r *rider) {
	s := r.s
	if s.log.holds() || s.p.audits.behind() {
		l.handBack(r)
		return
	}
	n := rawRead(r.side[upstreamSide], l.buf)
	if n == again {
		return
	}
	if n <= 0 {
		l.handBack(r)
		return
	}
	now := time.Now()
	chunk := l.buf[:n]
	var err error
	if s.p.conf.Audit.Assisted {
		err = l.observe(r, chunk, now)
		chunk = s.tracker.Pass(chunk)
	}
	rest, stuck := chunk, false
	switch {
	case len(chunk) == 0:
	case r.tls == nil:
		rest = chunk[rawWrite(r.side[clientSide], chunk):]
		stuck = len(rest) > 0
	default:
		sent, werr := r.tls.Write(chunk)
		rest = chunk[sent:]
		stuck = werr != nil || len(r.sock.out) > 0
	}
	if !s.p.conf.Audit.Assisted {
		err = l.observe(r, chunk, now)
	}
	if err != nil || stuck {
		r.rest.fromServer = err
		r.rest.toClient = append([]byte(nil), rest...)
		l.handBack(r)
	}
}

// observe feeds the tracker; the items wait for the auditQueue.
func (l *loop) observe(r *rider, chunk []byte, now time.Time) error {
	s := r.s
	s.pend.mu.Lock()
	defer s.pend.mu.Unlock()
	s.mu.Lock()
	items := s.pend.items
	if items == nil {
		items = l.p.audits.buffer()
	}
	before := len(items)
	items, err := s.tracker.Server(chunk, now, items)
	s.watch(items[before:])
	s.mu.Unlock()
	if len(items) > before && !s.p.conf.Recorder.Recording() {
		items = append(items[:before], r.seen.needed(items[before:])...)
	}
	s.pend.items = items
	l.p.audits.count(len(items)-before, s.pend.weigh(items[before:]))
	if before == 0 && len(items) > 0 {
		l.dirty = append(l.dirty, s)
	}
	return err
}

package proxy

import (
	"context"
	"slices"
)

// Refuse ends every session as the shutdown of a server does, with FATAL 57P01; a
// statement that runs is cancelled, and in sync mode a completion that is not
// durable yet is never passed on. Until Admit new clients are turned away with
// FATAL 57P03 and the message. The listeners stay. Refuse does not wait: that is
// what AwaitRefused is for.
func (p *Proxy) Refuse(message string) {
	p.refusing.Store(&fatal{stateCannotConnectNow, message}) // first: a session is turned away or told to end
	p.mu.Lock()
	for s := range p.sessions {
		p.leaving = append(p.leaving, s.ended)
	}
	p.mu.Unlock()
	p.Disconnect("", "")
}

// AwaitRefused returns when the sessions that Refuse told to end have ended: their
// events are recorded, and their clients told, which may read that when they like.
// Sessions that have not ended when ctx does are cut off, and given up some seconds later:
// then the events that they still owe are lost, and told so. Several may wait.
func (p *Proxy) AwaitRefused(ctx context.Context) {
	p.mu.Lock()
	leaving := slices.Clone(p.leaving)
	p.mu.Unlock()
	if !allClosed(leaving, ctx.Done()) {
		p.told((*session).abort)
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.conf.lastCall)
		defer cancel()
		if !allClosed(leaving, late.Done()) {
			p.told((*session).giveUp)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.leaving = slices.DeleteFunc(p.leaving, func(c <-chan struct{}) bool {
		select {
		case <-c:
			return true
		default: // of a later Refuse
			return false
		}
	})
}

// told calls f for the sessions that were told to end.
func (p *Proxy) told(f func(*session)) {
	p.each(func(s *session) {
		if s.verdict.Load() != nil {
			f(s)
		}
	})
}

// allClosed waits until all are, or stop is.
func allClosed(all []<-chan struct{}, stop <-chan struct{}) bool {
	for _, c := range all {
		select {
		case <-c:
			continue
		default:
		}
		select {
		case <-c:
		case <-stop:
			return false
		}
	}
	return true
}

// Admit welcomes clients again.
func (p *Proxy) Admit() { p.refusing.Store(nil) }

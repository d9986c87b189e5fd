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
// Sessions that have not ended when ctx does are cut off. Several may wait.
func (p *Proxy) AwaitRefused(ctx context.Context) {
	p.mu.Lock()
	leaving := slices.Clone(p.leaving)
	p.mu.Unlock()
	for _, ended := range leaving {
		select {
		case <-ended:
			continue
		case <-ctx.Done():
		}
		p.each(func(s *session) {
			if s.verdict.Load() != nil {
				s.abort()
			}
		})
		<-ended
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

// Admit welcomes clients again.
func (p *Proxy) Admit() { p.refusing.Store(nil) }

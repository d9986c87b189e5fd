package proxy

import "context"

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
// Sessions that have not ended when ctx does are cut off.
func (p *Proxy) AwaitRefused(ctx context.Context) {
	p.mu.Lock()
	leaving := p.leaving
	p.leaving = nil
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
}

// Admit welcomes clients again.
func (p *Proxy) Admit() { p.refusing.Store(nil) }

package emulator

import (
	"context"
	"time"

	"github.com/das-local/das-local/rdsapi"
)

// sessionPatience bounds how long an instance waits for the ends of its sessions
// before it cuts them off.
const sessionPatience = 2 * time.Second

// hurriedPatience is the same while a reset is at work, which waits no longer.
const hurriedPatience = 500 * time.Millisecond

// RefuseSessions implements rdsapi.SessionController.
func (e controller) RefuseSessions(id rdsapi.Instance, why rdsapi.Refusal) {
	if i := e.mark(id, why == rdsapi.ShuttingDown); i != nil {
		i.proxy.Refuse(string(why))
	}
}

// AwaitSessions implements rdsapi.SessionController. An instance that is shut down
// is then no part of the stream any more: it sends no heartbeats.
func (e controller) AwaitSessions(ctx context.Context, id rdsapi.Instance) {
	e.mu.Lock()
	i := e.instances[id.ResourceID]
	e.mu.Unlock()
	if i == nil {
		return
	}
	e.awaitEnds(ctx, i)
	e.mu.Lock()
	defer e.mu.Unlock()
	if i.shut {
		i.source.Detach()
	}
}

// awaitEnds waits for the ends of an instance's sessions. A reset leaves those that take
// long to themselves.
func (e *Emulator) awaitEnds(ctx context.Context, i *instance) {
	ctx, cancel := context.WithTimeout(ctx, sessionPatience)
	ended := make(chan struct{})
	e.runs.Go(func() {
		defer cancel()
		defer close(ended)
		i.proxy.AwaitRefused(ctx)
	})
	select {
	case <-ended:
		return
	case <-e.hurrying():
	}
	select {
	case <-ended:
	case <-time.After(hurriedPatience):
		cancel()
	}
}

// AdmitSessions implements rdsapi.SessionController.
func (e controller) AdmitSessions(id rdsapi.Instance) {
	if i := e.mark(id, false); i != nil {
		i.proxy.Admit()
	}
}

// mark notes whether an instance is shut down; one that is up again is a part of
// its cluster's stream before anybody connects.
func (e *Emulator) mark(id rdsapi.Instance, shut bool) *instance {
	e.mu.Lock()
	defer e.mu.Unlock()
	i := e.instances[id.ResourceID]
	if i == nil {
		return nil
	}
	if r := e.streams[id.ClusterResourceID]; r != nil && i.shut && !shut {
		i.source.Attach(r.stream)
	}
	i.shut = shut
	return i
}

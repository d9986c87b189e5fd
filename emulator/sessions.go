package emulator

import (
	"context"
	"time"

	"github.com/das-local/das-local/rdsapi"
)

// sessionPatience bounds how long an instance waits for the ends of its sessions
// before it cuts them off.
const sessionPatience = 2 * time.Second

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
	ctx, cancel := context.WithTimeout(ctx, sessionPatience)
	defer cancel()
	i.proxy.AwaitRefused(ctx)
	e.mu.Lock()
	defer e.mu.Unlock()
	if i.shut {
		i.source.Detach()
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

package emulator

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"

	"github.com/das-local/das-local/internal/stream"
	"github.com/das-local/das-local/proxy"
	"github.com/das-local/das-local/rdsapi"
)

// instance is one running DB instance: a proxy in front of the upstream, and
// the source through which its events enter the cluster's stream.
type instance struct {
	rdsapi.Instance
	addr   net.Addr
	proxy  *proxy.Proxy
	source *stream.Source
	counts counts
	shut   bool // nobody is let in until the instance is started; Emulator.mu guards it
	cancel context.CancelFunc
	ended  chan struct{}
}

// StartInstance implements rdsapi.InstanceController. The first instance takes
// the address of Options.Listen, further ones the first free of the following
// ports.
func (e controller) StartInstance(ctx context.Context, id rdsapi.Instance) (string, int, error) {
	ln, err := e.instanceListener()
	if err != nil {
		return "", 0, err
	}
	i := &instance{Instance: id, addr: ln.Addr(), source: stream.NewSource(id.ResourceID), ended: make(chan struct{})}
	p, err := proxy.New(e.proxyConfig(ln, i))
	if err != nil {
		ln.Close()
		return "", 0, fmt.Errorf("set the proxy of %s up: %w", id.ID, err)
	}
	i.proxy = p
	if i.shut, i.Shut = id.Shut, false; i.shut {
		p.Refuse(string(rdsapi.ShuttingDown))
	}
	// The instance outlives the call that made it: StopInstance or Close ends it.
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	i.cancel = cancel
	e.mu.Lock()
	if e.ending {
		e.mu.Unlock()
		cancel()
		return "", 0, errors.Join(errEnding, ln.Close())
	}
	if r := e.streams[id.ClusterResourceID]; r != nil && !i.shut {
		i.source.Attach(r.stream)
	}
	e.instances[id.ResourceID] = i
	e.mu.Unlock()
	go func() {
		defer close(i.ended)
		e.report("run the proxy of "+id.ID, p.Run(run))
	}()
	host, port, err := net.SplitHostPort(ln.Addr().String())
	if err != nil {
		return "", 0, err
	}
	n, err := strconv.Atoi(port)
	return reachable(host), n, err
}

// StopInstance implements rdsapi.InstanceController: it ends the instance's
// sessions and frees its port. A reset does not wait for clients to notice.
func (e controller) StopInstance(_ context.Context, id rdsapi.Instance) error {
	e.mu.Lock()
	i := e.instances[id.ResourceID]
	delete(e.instances, id.ResourceID)
	e.mu.Unlock()
	if i == nil {
		return nil
	}
	i.cancel()
	select {
	case <-i.ended:
	case <-e.hurrying():
		e.runs.Go(func() { <-i.ended })
	}
	i.source.Detach()
	return nil
}

// stopInstances ends all sessions of all instances. Their last events stay in
// the streams' queues.
func (e *Emulator) stopInstances() {
	e.mu.Lock()
	all := slices.Collect(maps.Values(e.instances))
	e.mu.Unlock()
	for _, i := range all {
		i.cancel()
	}
	for _, i := range all {
		<-i.ended
	}
}

// instanceListener gives the reserved listener, or the next free port after it.
func (e *Emulator) instanceListener() (net.Listener, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if ln := e.reserved; ln != nil {
		e.reserved = nil
		return ln, nil
	}
	host, port, err := net.SplitHostPort(e.listen.String())
	if err != nil {
		return nil, err
	}
	first, err := strconv.Atoi(port)
	if err != nil {
		return nil, err
	}
	const tries = 100
	var last error
	for p := first + 1; p <= min(first+tries, 65535); p++ {
		ln, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(p)))
		if err == nil {
			return ln, nil
		}
		last = err
	}
	return nil, errors.Join(fmt.Errorf("find a free port for the instance after %s", e.listen), last)
}

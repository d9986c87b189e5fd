package emulator

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// A gate lets calls in, and keeps them out while one caller has it for itself. That one
// waits for the calls that are inside; newcomers are kept out for gatePatience at a time
// only, so that a call that takes long, because it ends sessions say, holds up nobody but
// it.
//
//	shut ──all out──▶ held          shut ──gatePatience──▶ open, until those inside are out ──▶ shut
//
// Its zero value is open.
type gate struct {
	mu     sync.Mutex
	shut   chan struct{} // closed when it opens; nil: it is open
	inside *crowd        // who came in since it was shut last
}

// A crowd is a number of calls.
type crowd struct {
	n    int
	last bool          // nobody joins them any more
	out  chan struct{} // closed when last and n is 0
	next *crowd        // counts this one as one of its own until then; nil: need not
}

const (
	// gatePatience is how long newcomers are kept out by a caller who still waits.
	gatePatience = 100 * time.Millisecond
	// gateBound is how long that one waits.
	gateBound = 30 * time.Second
)

var errNoWayIn = errors.New("a call that is under way does not end")

// enter waits while the gate is shut. The function that it returns must be called once,
// at the end of the call.
func (g *gate) enter() (leave func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.shut != nil {
		open := g.shut
		g.mu.Unlock()
		<-open
		g.mu.Lock()
	}
	if g.inside == nil {
		g.inside = &crowd{out: make(chan struct{})}
	}
	c := g.inside
	c.n++
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		c.leave()
	}
}

// leave takes one off; the gate's mu is held.
func (c *crowd) leave() {
	if c.n--; c.n == 0 && c.last {
		close(c.out)
		if c.next != nil {
			c.next.leave()
		}
	}
}

// lock shuts the gate and returns when nobody is inside. One caller at a time may have
// it. After an error the gate is open.
func (g *gate) lock(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, gateBound, errNoWayIn)
	defer cancel()
	for {
		out := g.close()
		timer := time.NewTimer(gatePatience)
		select {
		case <-out:
			timer.Stop()
			return nil
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
		g.unlock()
		select {
		case <-out:
		case <-ctx.Done():
			return fmt.Errorf("wait for the calls under way: %w", context.Cause(ctx))
		}
	}
}

// close shuts the gate. out is closed when those inside are out.
func (g *gate) close() (out <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = make(chan struct{})
	c := g.inside
	g.inside = nil
	if c == nil {
		c = &crowd{out: make(chan struct{})}
	}
	if c.last = true; c.n == 0 {
		close(c.out)
	} else {
		c.next = &crowd{n: 1, out: make(chan struct{})}
		g.inside = c.next
	}
	return c.out
}

// unlock opens the gate.
func (g *gate) unlock() {
	g.mu.Lock()
	defer g.mu.Unlock()
	close(g.shut)
	g.shut = nil
}

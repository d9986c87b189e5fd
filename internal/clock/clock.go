package clock

import (
	"context"
	"sync"
	"time"
)

// Clock is the machine's time plus what it was put forward. The zero value and
// nil are the machine's time; only a Clock that is not nil can be put forward. It
// is safe for concurrent use.
type Clock struct {
	mu    sync.Mutex
	ahead time.Duration
	moved chan struct{} // closed and replaced by Advance; nil until somebody waits
}

// Now is the time, as a calendar has it: without the reading of a stopwatch that
// time.Now adds, which would not survive being stored.
func (c *Clock) Now() time.Time {
	now := time.Now().Round(0)
	if c == nil {
		return now
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return now.Add(c.ahead)
}

// Ahead is how far the clock was put forward.
func (c *Clock) Ahead() time.Duration {
	if c == nil {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ahead
}

// Advance puts the clock forward. A d that is not positive does nothing: time
// never goes back.
func (c *Clock) Advance(d time.Duration) {
	if d <= 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
	if c.moved != nil {
		close(c.moved)
		c.moved = nil
	}
}

// Wait returns nil once the clock has reached t, or the context's error if that
// ends first.
func (c *Clock) Wait(ctx context.Context, t time.Time) error {
	for {
		left, moved := c.Until(t)
		if left <= 0 {
			return nil
		}
		timer := time.NewTimer(left)
		select {
		case <-timer.C:
		case <-moved:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
		timer.Stop()
	}
}

// Until is how far t is away, and a channel that is closed when that changes; for
// who waits for more than the time.
func (c *Clock) Until(t time.Time) (left time.Duration, moved <-chan struct{}) {
	if c == nil {
		return time.Until(t), nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.moved == nil {
		c.moved = make(chan struct{})
	}
	return t.Sub(time.Now().Add(c.ahead)), c.moved
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"sync"
)

// collector counts the events that one client has printed. Two are the same if
// their JSON means the same.
type collector struct {
	name, reads string // for the table

	mu     sync.Mutex // guards the following
	counts map[string]int
	fail   error
	grew   chan struct{} // closed and replaced at each change

	stop func() // ends the client and waits for it; may be called again
}

func newCollector(name, reads string) *collector {
	return &collector{name: name, reads: reads, counts: map[string]int{}, grew: make(chan struct{})}
}

// add counts an event.
func (c *collector) add(event []byte) {
	same, err := canonical(event)
	if err != nil {
		c.end(fmt.Errorf("%s printed %.200q: %w", c.name, event, err))
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts[same]++
	c.changed()
}

// end says that the client will print no more, and why. Only the first counts.
func (c *collector) end(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fail == nil {
		c.fail = err
	}
	c.changed()
}

// failed is why the client prints no more; nil while it may.
func (c *collector) failed() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fail
}

// changed is called with mu held.
func (c *collector) changed() {
	close(c.grew)
	c.grew = make(chan struct{})
}

// await waits until the client has printed so many different events.
func (c *collector) await(ctx context.Context, n int) error {
	for {
		c.mu.Lock()
		have, fail, grew := len(c.counts), c.fail, c.grew
		c.mu.Unlock()
		switch {
		case have >= n:
			return nil
		case fail != nil:
			return fail
		}
		select {
		case <-grew:
		case <-ctx.Done():
			return fmt.Errorf("%s has printed %d events of %d: %w", c.name, have, n, ctx.Err())
		}
	}
}

// canonical is an event's JSON with sorted names.
func canonical(event []byte) (string, error) {
	decoder := json.NewDecoder(bytes.NewReader(event))
	decoder.UseNumber()
	var v map[string]any
	if err := decoder.Decode(&v); err != nil {
		return "", err
	}
	b, err := json.Marshal(v)
	return string(b), err
}

// difference is how what a client has printed differs from the reference: events
// that it missed, printed more than once, or made up.
type difference struct{ missing, twice, unknown int }

func (c *collector) compare(reference *collector) (d difference) {
	c.mu.Lock()
	defer c.mu.Unlock()
	reference.mu.Lock()
	defer reference.mu.Unlock()
	for event := range reference.counts {
		if c.counts[event] == 0 {
			d.missing++
		}
	}
	for event, n := range c.counts {
		if n > 1 {
			d.twice++
		}
		if reference.counts[event] == 0 {
			d.unknown++
		}
	}
	return d
}

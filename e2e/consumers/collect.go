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

	before map[string]bool // events that were there before it began; it prints none of them

	mu     sync.Mutex // guards the following
	counts map[string]int
	beats  int // heartbeats that it has printed
	fail   error
	grew   chan struct{} // closed and replaced at each change

	stop func() // ends the client and waits for it; may be called again
}

func newCollector(name, reads string) *collector {
	return &collector{name: name, reads: reads, counts: map[string]int{}, grew: make(chan struct{})}
}

// print counts what is in a line: an event, or a record of several.
func (c *collector) print(line []byte) {
	var record struct {
		Events []json.RawMessage `json:"databaseActivityEventList"`
	}
	if err := json.Unmarshal(line, &record); err == nil && record.Events != nil {
		for _, event := range record.Events {
			c.add(event)
		}
		return
	}
	c.add(line)
}

// add counts an event.
func (c *collector) add(event []byte) {
	same, heartbeat, err := canonical(event)
	if err != nil {
		c.end(fmt.Errorf("%s printed %.200q: %w", c.name, event, err))
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if heartbeat {
		c.beats++
	} else {
		c.counts[same]++
	}
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

// await waits until the client has printed so many different events, those before its
// beginning counted in.
func (c *collector) await(ctx context.Context, n int) error {
	n -= len(c.before)
	return c.until(ctx, func() error {
		if len(c.counts) < n {
			return fmt.Errorf("%s has printed %d events of %d", c.name, len(c.counts), n)
		}
		return nil
	})
}

// awaitHeartbeat waits until the client has printed one.
func (c *collector) awaitHeartbeat(ctx context.Context) error {
	return c.until(ctx, func() error {
		if c.beats == 0 {
			return fmt.Errorf("%s has printed no heartbeat", c.name)
		}
		return nil
	})
}

// until waits until nothing is missing. missing is called with mu held.
func (c *collector) until(ctx context.Context, missing func() error) error {
	for {
		c.mu.Lock()
		lack, fail, grew := missing(), c.fail, c.grew
		c.mu.Unlock()
		switch {
		case lack == nil:
			return nil
		case fail != nil:
			return fail
		}
		select {
		case <-grew:
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", lack, ctx.Err())
		}
	}
}

// events are those that the client has printed until now.
func (c *collector) events() map[string]bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make(map[string]bool, len(c.counts))
	for event := range c.counts {
		all[event] = true
	}
	return all
}

// canonical is an event's JSON with sorted names, and whether it is a heartbeat.
func canonical(event []byte) (same string, heartbeat bool, err error) {
	decoder := json.NewDecoder(bytes.NewReader(event))
	decoder.UseNumber()
	var v map[string]any
	if err := decoder.Decode(&v); err != nil {
		return "", false, err
	}
	b, err := json.Marshal(v)
	return string(b), v["type"] == "heartbeat", err
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
		if c.counts[event] == 0 && !c.before[event] {
			d.missing++
		}
	}
	for event, n := range c.counts {
		if n > 1 {
			d.twice++
		}
		if reference.counts[event] == 0 || c.before[event] {
			d.unknown++
		}
	}
	return d
}

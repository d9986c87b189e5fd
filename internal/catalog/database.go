package catalog

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

const (
	queueLength = 256
	// maxAge is how long a confirmed answer is kept, for what the fingerprint does not see.
	maxAge = 10 * time.Minute
	// maxTempAge is less, for process ids come again. DDL does not change that answer.
	maxTempAge = time.Minute
)

// database is the state of one database: its version, its questions in flight,
// and the worker that asks them.
type database struct {
	c    *Catalog
	name string

	version   atomic.Uint64 // entries of another version are void
	checked   atomic.Int64  // Catalog.now when the fingerprint was last read
	interval  atomic.Int64  // between checks, nanoseconds
	downUntil atomic.Int64  // look-ups do not wait before this time

	queue   chan *flight
	release chan struct{} // asks the worker to close its connection; holds one token

	mu      sync.Mutex // guards flights and ended
	flights map[flightKey]*flight
	ended   bool

	side side // the worker's own
}

// flight is one question on its way; all who ask the same wait for it.
type flight struct {
	key     flightKey
	more    *paramsQuestion
	done    chan struct{}
	value   any // set before done is closed
	started int64
}

// flightKey has the version so that nobody who asks after an invalidation
// joins a question from before.
type flightKey struct {
	key
	version uint64
}

// paramsQuestion has what a kindParams, kindRegName or kindAnalysis key does not spell out.
type paramsQuestion struct {
	sql   string
	user  string
	path  []string
	given []uint32
	types []string // given by name

	indexed bool // sequential scans are off
}

func newDatabase(c *Catalog, name string) *database {
	d := &database{
		c:       c,
		name:    name,
		queue:   make(chan *flight, queueLength),
		release: make(chan struct{}, 1),
		flights: map[flightKey]*flight{},
	}
	d.version.Store(c.versions.Add(1))
	d.interval.Store(int64(c.cfg.CheckInterval))
	return d
}

// refresh has the fingerprint compared when the last comparison is older than one
// interval, and waits for it when it is older than two.
func (d *database) refresh(ctx context.Context) {
	now := d.c.now()
	age, interval := now-d.checked.Load(), d.interval.Load()
	if age < interval || d.checked.Load() == 0 || now < d.downUntil.Load() {
		return // never checked: there are no answers yet
	}
	f := d.join(key{kind: kindCheck, database: d.name}, nil)
	if f != nil && age >= 2*interval {
		d.wait(ctx, f)
	}
}

// ask joins or starts the question k and waits for its answer.
func (d *database) ask(ctx context.Context, k key, more *paramsQuestion) any {
	f := d.join(k, more)
	if f == nil || !d.wait(ctx, f) {
		return nil
	}
	return f.value
}

// join returns the flight of k, nil if the queue is full or the worker ended.
func (d *database) join(k key, more *paramsQuestion) *flight {
	fk := flightKey{key: k}
	if k.kind != kindCheck {
		fk.version = d.version.Load()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if f := d.flights[fk]; f != nil {
		return f
	}
	if d.ended {
		return nil
	}
	f := &flight{key: fk, more: more, done: make(chan struct{})}
	select {
	case d.queue <- f:
		d.flights[fk] = f
		return f
	default:
		return nil
	}
}

// wait reports whether f was answered in time. A question that was not makes the
// next ones fail at once, for a while.
func (d *database) wait(ctx context.Context, f *flight) bool {
	timer := time.NewTimer(d.c.cfg.MaxWait)
	defer timer.Stop()
	select {
	case <-f.done:
		return true
	case <-ctx.Done():
		return false
	case <-timer.C:
		d.downUntil.Store(d.c.now() + 4*int64(d.c.cfg.MaxWait))
		return false
	}
}

// finish gives f its answer.
func (d *database) finish(f *flight, value any) {
	d.mu.Lock()
	delete(d.flights, f.key)
	d.mu.Unlock()
	f.value = value
	close(f.done)
}

// end refuses further questions and answers the queued ones with "not found".
func (d *database) end() {
	d.c.forget(d)
	d.mu.Lock()
	d.ended = true
	d.mu.Unlock()
	for {
		select {
		case f := <-d.queue:
			d.finish(f, nil)
		default:
			return
		}
	}
}

// run is the worker: it asks the queued questions one by one, and ends with ctx
// or when nobody asked for IdleTimeout.
func (d *database) run(ctx context.Context) {
	defer d.end()
	defer d.disconnect()
	idle := time.NewTimer(d.c.cfg.IdleTimeout)
	defer idle.Stop()
	for {
		pressure := d.c.pressure
		if d.side.conn == nil {
			pressure = nil
		}
		select {
		case <-ctx.Done():
			return
		case <-idle.C:
			return
		case <-pressure:
			d.disconnect()
		case <-d.release:
			d.disconnect()
		case f := <-d.queue:
			d.finish(f, d.serve(ctx, f))
			idle.Reset(d.c.cfg.IdleTimeout)
		}
	}
}

// attempt connects if need be and asks one question. After an error there is a
// connection unless none could be had.
func (d *database) attempt(ctx context.Context, f *flight) (value any, cost int, err error) {
	if err := d.connect(ctx); err != nil {
		return nil, 0, err
	}
	if f.key.kind == kindCheck {
		return nil, 0, d.check(ctx)
	}
	return d.question(ctx, f)
}

// serve asks one question and caches the answer.
func (d *database) serve(ctx context.Context, f *flight) any {
	if d.c.now() < d.side.retryAt {
		return nil
	}
	f.started = d.c.now()
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	used := d.side.conn != nil
	value, cost, err := d.attempt(ctx, f)
	if err != nil && used && d.side.conn != nil && d.side.conn.IsClosed() {
		// The server ended the connection while it was idle, by DROP DATABASE …
		// WITH (FORCE) say. A new one will tell whether there is more to it.
		d.disconnect()
		value, cost, err = d.attempt(ctx, f)
	}
	if d.side.conn == nil { // no connection could be had
		d.failed(ctx, err)
		return nil
	}
	if f.key.kind == kindCheck || f.key.kind == kindCount {
		if err != nil {
			d.refused(ctx, err)
		} else {
			d.downUntil.Store(0)
		}
		return value
	}
	if err != nil {
		d.refused(ctx, err)
		if d.side.conn == nil {
			return nil
		}
	}
	d.downUntil.Store(0)
	e := &entry{value: value, version: f.key.version, cost: cost}
	switch {
	case value == nil:
		e.expires = d.c.now() + int64(d.c.cfg.NegativeTTL)
	case f.key.kind == kindTemp:
		e.expires = f.started + int64(maxTempAge)
	default:
		e.expires = f.started + int64(maxAge)
	}
	d.c.cache.put(f.key.key, e)
	return value
}

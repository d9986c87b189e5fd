package console

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/consumer"
)

// The feed's bounds: how much it keeps for those who look, how far back it begins, and
// how long it reads on when nobody looks any more.
const (
	keepEvents = 20_000
	keepBytes  = 64 << 20
	lookBack   = 5 * time.Minute
	linger     = 30 * time.Second
)

// entry is one event in a feed.
type entry struct {
	seq uint64 // from 1, in the order of reading
	at  time.Time
	raw json.RawMessage
	*activity.Decoded
}

// feed reads one activity stream from its end, as a consumer does, and keeps the last
// events for all who look at it.
type feed struct {
	read func(ctx context.Context, since time.Time, each func(consumer.Event, error)) error

	mu      sync.Mutex // guards the rest
	entries []entry    // a queue: the oldest first
	bytes   int
	last    uint64        // seq of the newest entry there was
	err     error         // why it does not read, or what it could not read last
	changed chan struct{} // closed when something is new
}

func newFeed(read func(context.Context, time.Time, func(consumer.Event, error)) error) *feed {
	return &feed{read: read, changed: make(chan struct{})}
}

// run reads until ctx ends or the stream does.
func (f *feed) run(ctx context.Context, since time.Time) {
	err := f.read(ctx, since, f.add)
	if err != nil && ctx.Err() == nil {
		f.add(consumer.Event{}, err)
	}
}

// add takes an event, or the error that came in its place.
func (f *feed) add(e consumer.Event, err error) {
	var d *activity.Decoded
	if err == nil {
		if e.Heartbeat {
			return
		}
		d, err = e.Decode()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil {
		f.err = err
	} else {
		f.last++
		f.entries = append(f.entries, entry{f.last, e.Arrival, e.JSON, d})
		f.bytes += len(e.JSON)
		f.trimLocked()
	}
	close(f.changed)
	f.changed = make(chan struct{})
}

// trimLocked lets the oldest entries go. The slice is copied down now and then, so
// that what is let go is freed.
func (f *feed) trimLocked() {
	drop := 0
	for len(f.entries)-drop > keepEvents || f.bytes > keepBytes && len(f.entries)-drop > 1 {
		f.bytes -= len(f.entries[drop].raw)
		f.entries[drop] = entry{}
		drop++
	}
	f.entries = f.entries[drop:]
}

// page is what is new in a feed for one who looks.
type page struct {
	entries []entry // that match, the newest last; at most as many as asked for
	matched int     // how many match, of those still kept
	seen    int     // how many there were
	last    uint64
	err     error
}

// after collects what came after seq and matches, at most limit of it: the newest.
// changed is closed when there is more.
func (f *feed) after(seq uint64, limit int, match func(*entry) bool) (p page, changed <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p.last, p.err = f.last, f.err
	if seq > f.last {
		seq = 0 // of an earlier feed
	}
	p.seen = int(f.last - seq)
	for i := len(f.entries) - 1; i >= 0 && f.entries[i].seq > seq; i-- {
		if !match(&f.entries[i]) {
			continue
		}
		if p.matched++; len(p.entries) < limit {
			p.entries = append(p.entries, f.entries[i])
		}
	}
	for i, k := 0, len(p.entries)-1; i < k; i, k = i+1, k-1 {
		p.entries[i], p.entries[k] = p.entries[k], p.entries[i]
	}
	return p, f.changed
}

// find is the entry with that seq, if it is still kept.
func (f *feed) find(seq uint64) (entry, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.entries) == 0 || seq < f.entries[0].seq || seq > f.last {
		return entry{}, false
	}
	return f.entries[seq-f.entries[0].seq], true
}

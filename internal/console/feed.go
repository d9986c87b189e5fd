package console

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/consumer"
)

// The feed's bounds: how much it keeps for those who look, how far back it begins, and
// how long it reads on when nobody looks any more.
const (
	keepEvents = 20_000
	keepBytes  = 64 << 20 // of JSON; the decoded texts take as much again
	lookBack   = 5 * time.Minute
	linger     = 30 * time.Second
)

// entry is one event in a feed.
type entry struct {
	seq uint64 // from 1, in the order of reading
	raw json.RawMessage
	*activity.Decoded
}

// feed reads one activity stream from its end, as a consumer does, and keeps the last
// events for all who look at it.
type feed struct {
	id   int64 // tells feeds of one stream apart: their sequences begin anew
	read func(ctx context.Context, since time.Time, each func(consumer.Event, error)) error

	mu         sync.Mutex // guards the rest
	entries    []entry    // a queue: the oldest first
	bytes      int
	last       uint64        // seq of the newest entry there was
	unreadable int           // records that could not be read
	err        error         // why it has ended, or the last record could not be read
	ended      bool          // nothing more will come
	changed    chan struct{} // closed when something is new
}

func newFeed(id int64, read func(context.Context, time.Time, func(consumer.Event, error)) error) *feed {
	return &feed{id: id, read: read, changed: make(chan struct{})}
}

// run reads until ctx ends or the stream does.
func (f *feed) run(ctx context.Context, since time.Time) {
	err := f.read(ctx, since, f.add)
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil {
		f.err = err
	}
	f.ended = true
	f.tellLocked()
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
		var record *consumer.RecordError
		if errors.As(err, &record) {
			f.unreadable++
		}
	} else {
		f.last++
		f.entries = append(f.entries, entry{f.last, e.JSON, d})
		f.bytes += len(e.JSON)
		f.trimLocked()
	}
	f.tellLocked()
}

func (f *feed) tellLocked() {
	close(f.changed)
	f.changed = make(chan struct{})
}

// trimLocked lets the oldest entries go.
func (f *feed) trimLocked() {
	drop := 0
	for len(f.entries)-drop > keepEvents || f.bytes > keepBytes && len(f.entries)-drop > 1 {
		f.bytes -= len(f.entries[drop].raw)
		f.entries[drop] = entry{}
		drop++
	}
	f.entries = f.entries[drop:] // append copies what is left when the array is full
}

// page is what is new in a feed for one who looks.
type page struct {
	entries    []entry // that match, the newest last; at most as many as asked for
	matched    int     // how many match, of those still kept
	seen       int     // how many there were
	last       uint64
	unreadable int
	err        error
	ended      bool
}

// after collects what came after seq and matches, at most limit of it: the newest.
// changed is closed when there is more.
func (f *feed) after(seq uint64, limit int, match func(*entry) bool) (p page, changed <-chan struct{}) {
	f.mu.Lock()
	entries := f.entries
	p = page{last: f.last, unreadable: f.unreadable, err: f.err, ended: f.ended}
	changed = f.changed
	from := len(entries)
	for from > 0 && entries[from-1].seq > seq {
		from--
	}
	entries = append([]entry(nil), entries[from:]...)
	f.mu.Unlock()

	p.seen = int(p.last - min(seq, p.last))
	for i := len(entries) - 1; i >= 0; i-- {
		if !match(&entries[i]) {
			continue
		}
		if p.matched++; len(p.entries) < limit {
			p.entries = append(p.entries, entries[i])
		}
	}
	for i, k := 0, len(p.entries)-1; i < k; i, k = i+1, k-1 {
		p.entries[i], p.entries[k] = p.entries[k], p.entries[i]
	}
	return p, changed
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

package emulator

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/das-local/das-local/internal/store"
)

// Clock is the time that the emulator's schedules go by: the machine's, put forward
// by what Advance was told. These go by it: maintenance windows, scheduled starts and
// stops, the patience with an unusable key and the dates of RDS; the deletion and
// rotation of KMS keys; arrival times, retention and the life of iterators and tokens
// of Kinesis; the times of faults. What is measured does not: logTime and the times
// of events, how long sessions wait, the reuse of data keys, heartbeats.
type Clock struct{ e *Emulator }

// Clock gives tests a hold on the time.
func (e *Emulator) Clock() Clock { return Clock{e} }

// metaAhead is how far the clock was put forward, in nanoseconds.
var metaAhead = store.Name(store.KindMeta, "ahead")

// Now is the time on the clock.
func (c Clock) Now() time.Time { return c.e.clock.Now() }

// Ahead is how far the clock is ahead of the machine's.
func (c Clock) Ahead() time.Duration { return c.e.clock.Ahead() }

// maxAhead keeps dates within what all clients can read.
const maxAhead = 100 * 365 * 24 * time.Hour

// Advance puts the clock forward. What is due then happens soon after; nothing that
// happens at a time in between is left out. A data directory keeps the difference,
// for its dates would else be in the future after a restart.
func (c Clock) Advance(d time.Duration) error {
	e := c.e
	e.advancing.Lock()
	defer e.advancing.Unlock()
	if d <= 0 {
		return badFault{fmt.Errorf("the clock cannot be put forward by %v: time does not go back", d)}
	}
	if d > maxAhead-e.clock.Ahead() {
		return badFault{fmt.Errorf("the clock cannot be put forward by %v: it would be more than %v ahead", d, maxAhead)}
	}
	if e.disk != nil {
		var b store.Batch
		b.Set(metaAhead, strconv.AppendInt(nil, int64(e.clock.Ahead()+d), 10))
		if err := e.disk.Commit(context.Background(), &b); err != nil {
			return fmt.Errorf("note the time in the data directory: %w", err)
		}
	}
	e.clock.Advance(d)
	e.log.Info("the clock was put forward", "by", d, "now", e.clock.Now())
	return nil
}

// resumeClock puts the clock to where the data directory has it.
func (e *Emulator) resumeClock() error {
	value, ok, err := e.disk.Get(metaAhead)
	if err != nil || !ok {
		return err
	}
	ahead, err := strconv.ParseInt(string(value), 10, 64)
	if err != nil {
		return e.disk.Damaged(metaAhead, err)
	}
	e.clock.Advance(time.Duration(ahead))
	return nil
}

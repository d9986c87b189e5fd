package track

import (
	"time"
)

// copyIn handles CopyInResponse: until the client's CopyDone or CopyFail the
// server ignores Sync, so those that are on their way get no answer.
func (t *Tracker) copyIn() {
	if t.head('Q') == nil && t.head('E') == nil {
		return
	}
	for i := 1; i < t.queue.n; {
		switch e := t.queue.at(i); e.kind {
		case 'S':
			t.queue.remove(i)
		case 'c':
			if e.index--; e.index == 0 {
				t.queue.remove(i)
			}
			return
		default:
			return
		}
	}
	t.copyOpen = true
}

// copyBoth handles CopyBothResponse: START_REPLICATION is reported when it
// starts, for it may run for days.
func (t *Tracker) copyBoth(now time.Time, items []Item) []Item {
	e := t.head('Q')
	if e == nil || e.reported {
		return items
	}
	e.reported = true
	return t.settle(e, t.emit(e, Item{
		Kind: Completed, Source: Query, Text: e.text, TextLen: e.textLen,
		Tag: "START_REPLICATION", Intent: e.intent, Start: e.start, End: now,
	}, items))
}

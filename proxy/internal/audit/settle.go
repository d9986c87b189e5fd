package audit

import (
	"context"
	"slices"
	"strings"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/classify"
	"github.com/das-local/das-local/proxy/internal/track"
)

// assisted makes the events of a statement that ended, or leaves it owed.
func (r *run) assisted(st *classify.Statement) {
	a := r.assist
	r.stmt, r.records = st, a.records
	a.records, a.bytes, a.ended = nil, 0, true
	late := !r.failed && r.lateRecords()
	switch {
	case late && !r.silent() && a.room(r):
		a.owed = append(a.owed, r.keep())
		return
	case late:
		r.settle(false)
		a.later(r.keep())
	default:
		r.settle(r.it.Portal == "" && (r.it.Source == track.Query || !r.failed))
	}
	r.dst = r.settleComplete(r.ctx, r.dst)
}

// keep is a copy that outlives the item.
func (r *run) keep() *run {
	it, o := *r.it, *r
	o.it, o.dst = &it, nil
	return &o
}

// silent says whether the server did not record what it should have, of late or of
// the statement's class.
func (r *run) silent() bool {
	return r.assist.silent || slices.Contains(r.assist.missed, r.stmt.Class)
}

// lateRecords says whether the statement's own records come when its portal ends.
func (r *run) lateRecords() bool {
	a := r.assist
	if r.it.Portal != "" { // the server records nothing of a cursor's rows
		return false
	}
	if r.it.Source != track.Execute || !r.it.Partial && !strings.HasPrefix(r.it.Tag, "SELECT") {
		return false
	}
	return !r.recorded() && !slices.ContainsFunc(a.claims, r.wrote)
}

// wrote says whether a claim is the statement's. A SELECT that ran to its end
// before its portal did has none.
func (r *run) wrote(c record) bool {
	if r.it.Source == track.Execute && !r.it.Partial && strings.HasPrefix(r.it.Tag, "SELECT") {
		return false
	}
	return !c.at.Before(r.it.Start) && r.says(&c)
}

// settle makes the events of a statement from its records and, where they say
// nothing of it, from what it says itself. sure says that no more records can come.
func (r *run) settle(sure bool) {
	a := r.assist
	claimed := !r.recorded() && r.claimed()
	r.dst = r.begun(r.dst, r.records)
	own := -1
	for i := range r.records {
		rec := &r.records[i]
		if r.record(rec) && own < 0 {
			own = len(r.dst) - 1
		}
	}
	r.told = len(r.records) > 0 || a.heard && !a.silent
	switch {
	case r.failed && own >= 0 && early(r.dst[own].Command):
		r.failedEvent(&r.dst[own])
	case r.failed:
		r.fail(r.stmt, r.text)
	case r.recorded():
		if r.it.Source == track.Execute {
			a.spans = append(a.spans, span{r.it.Start.UnixNano(), r.records[len(r.records)-1].at.UnixNano(), r.it.Group})
		}
		return
	case claimed || sure && !r.missing():
		return
	default:
		if sure {
			r.told = false
			a.silent = true
			if !slices.Contains(a.missed, r.stmt.Class) {
				a.missed = append(a.missed, r.stmt.Class)
			}
		}
		r.emit(r.stmt, rowsOf(r.it, r.stmt), r.it.Tag)
	}
	if n := len(r.records); n > 0 { // events of our own under the server's number
		p := r.pair(&r.records[n-1])
		p.shift += r.sub - p.last
		p.last = r.sub
	}
}

// begun makes the events of what the server has recorded of owed statements before
// the records given: they may be under one number.
func (s *Session) begun(dst []activity.Event, records []record) []activity.Event {
	for _, o := range s.assist.owed {
		if len(records) == 0 || len(o.records) == 0 || o.recorded() || !o.records[0].before(&records[0]) {
			continue
		}
		o.dst = dst
		for i := range o.records {
			o.record(&o.records[i])
		}
		dst, o.dst = o.dst, nil
		o.records, o.id, o.sub = nil, 0, 0
	}
	return dst
}

// early says whether the server records a command before it is done: most of these
// before they run, those that end a transaction before it ends.
func early(command string) bool {
	switch command {
	case "DO", "CREATE EXTENSION", "ALTER EXTENSION", "CLOSE CURSOR", "CLOSE CURSOR ALL", "COMMIT", "PREPARE TRANSACTION":
		return true
	}
	return false
}

// claimed says whether the statement's record came when nobody knew whose it was.
func (r *run) claimed() bool {
	a := r.assist
	i := slices.IndexFunc(a.claims, r.wrote)
	if i >= 0 {
		a.claims = slices.Delete(a.claims, i, i+1)
	}
	return i >= 0
}

// unclaimed makes events of the records that no statement is known for yet.
func (s *Session) unclaimed(dst []activity.Event) []activity.Event {
	a := s.assist
	records := a.records
	a.records, a.bytes = nil, 0
	dst = s.begun(dst, records)
	for i := range records {
		rec := &records[i]
		r := &run{Session: s, it: &track.Item{}, text: noText, stmt: &classify.Statement{}, dst: dst}
		r.base = activity.Event{Session: s.who, LogTime: rec.at, StartTime: rec.at, RowCount: activity.NoRows, HasCommandText: true}
		r.record(rec)
		dst = r.dst
	}
	return dst
}

// noText is no record's.
var noText = &text{raw: "\x00"}

// settleComplete makes the events of the owed statements whose records have come,
// before those of the statement that runs, in the server's order.
func (s *Session) settleComplete(ctx context.Context, dst []activity.Event) []activity.Event {
	a := s.assist
	for {
		var next *run
		for _, o := range a.owed {
			if !o.recorded() || len(a.records) > 0 && !o.records[0].before(&a.records[0]) {
				continue
			}
			if next == nil || o.records[0].before(&next.records[0]) {
				next = o
			}
		}
		if next == nil {
			return dst
		}
		dst = s.settleOwed(ctx, dst, func(r *run) bool { return r == next }, true)
	}
}

// settleOwed makes the events of those owed statements that f picks. sure says
// that their records are here, or will not come.
func (s *Session) settleOwed(ctx context.Context, dst []activity.Event, f func(*run) bool, sure bool) []activity.Event {
	a := s.assist
	kept := a.owed[:0]
	for _, o := range a.owed {
		if !f(o) {
			kept = append(kept, o)
			continue
		}
		o.ctx, o.dst = ctx, dst
		recorded := o.recorded()
		o.settle(sure)
		dst, o.dst, o.records = o.dst, nil, nil
		if !recorded && !sure {
			a.later(o)
		}
	}
	clear(a.owed[len(kept):])
	a.owed = kept
	return dst
}

// pause makes the events of all statements that completed, with or without their
// records.
func (s *Session) pause(ctx context.Context, dst []activity.Event) []activity.Event {
	if s.assist == nil {
		return dst
	}
	dst = s.settleComplete(ctx, dst)
	return s.settleOwed(ctx, dst, func(*run) bool { return true }, false)
}

// boundary takes what ends the records of the statements before: status is the
// transaction's, or 0 before a statement fails.
func (s *Session) boundary(ctx context.Context, dst []activity.Event, status byte) []activity.Event {
	a := s.assist
	if a == nil {
		return dst
	}
	dst = s.settleComplete(ctx, dst)
	if status == 'T' {
		return s.settleComplete(ctx, s.unclaimed(dst))
	}
	// The portals are gone; those of a failed transaction are not recorded. What was
	// opened before a savepoint outlives the failure.
	aborted := status != 'I'
	if aborted {
		dst = s.settleOwed(ctx, dst, func(*run) bool { return true }, false)
		a.late = slices.DeleteFunc(a.late, func(l lateText) bool { return l.of.depth >= len(s.state.saved) })
	} else {
		dst = s.settleOwed(ctx, dst, func(*run) bool { return true }, true)
	}
	if status != 0 {
		dst = s.unclaimed(dst)
	}
	if status == 'I' {
		a.late, a.claims, a.spans = a.late[:0], a.claims[:0], a.spans[:0]
	}
	return dst
}

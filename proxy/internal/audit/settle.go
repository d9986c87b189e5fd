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

// missing says whether a statement without a record should have one. The server
// records nothing of what a rule turned into nothing, and loses what ran in a
// portal that was opened before an older one was closed.
func (r *run) missing() bool {
	a := r.assist
	if !a.heard || r.silent() {
		return true
	}
	if r.stmt.Form == classify.Query && r.stmt.Class == activity.ClassWrite {
		return rowsOf(r.it, r.stmt) > 0
	}
	start := r.it.Start.UnixNano()
	return r.it.Source != track.Execute || !slices.ContainsFunc(a.spans, func(s span) bool {
		return s.start <= start && start < s.end
	})
}

// record makes the event of one record. It says whether the record is the
// statement's own.
func (r *run) record(rec *record) (own bool) {
	of, command, params := (*text)(nil), "", rec.params
	var nulls []classify.Arg // arguments that may be NULL
	switch e := r.executedText(rec); {
	case r.says(rec):
		of, command, own = r.text, r.base.CommandText, !calls(rec)
	case e != nil:
		of, command = e, r.show(e, 0, len(e.raw))
		nulls = executed(r.stmt).Args
	default:
		command = r.nestedText(rec)
	}
	p := r.pair(rec)
	r.id, r.sub = p.ours, p.sub(rec)
	p.last = max(p.last, r.sub)
	switch {
	case own && r.it.Params != nil && len(r.it.Params.Values) > 0:
		r.printed = rec.params
		params = r.bound()
	case len(params) > 0:
		params = withoutNulls(r.hideParams(of, params), nulls)
	}
	if r.cfg.NoCatalogEvents && !calls(rec) && strings.HasPrefix(rec.name, "pg_catalog.") {
		return own
	}
	if own && (rec.command == "COPY" || rec.command == "DECLARE CURSOR") && r.objectsOf(rec) {
		return own
	}
	e := r.one(r.sub, rec.class, rec.command, r.rows(rec, own), params)
	e.ObjectType, e.ObjectName, e.CommandText = rec.kind, rec.name, command
	if !own {
		e.LogTime = rec.at
		if early(rec.command) || !calls(rec) && of == nil && r.text != noText {
			r.assist.claim(rec)
		}
	}
	return own
}

// rows is the number of rows of a record's event.
func (r *run) rows(rec *record, own bool) int64 {
	switch rec.command {
	case "SELECT", "INSERT", "UPDATE", "DELETE":
		if rec.cut && own {
			return rowsOf(r.it, r.stmt)
		}
		if !rec.cut {
			return rec.rows
		}
	case "COPY":
		if own {
			return rowsOf(r.it, r.stmt)
		}
	}
	return activity.NoRows
}

// objectsOf makes the events of COPY of a relation and DECLARE CURSOR, whose
// relations the server does not record.
func (r *run) objectsOf(rec *record) bool {
	rels, rows := r.stmt.Relations, activity.NoRows
	switch r.stmt.Form {
	case classify.Copy:
		rows = rowsOf(r.it, r.stmt)
	case classify.Declare:
		rels = r.stmt.Inner.Relations
	default:
		return false
	}
	r.sub--
	r.objects(rels, rec.class, rec.command, rows)
	return true
}

// executedText is the text of the prepared statement that an EXECUTE ran, if the
// record is of that.
func (r *run) executedText(rec *record) *text {
	e := executed(r.stmt)
	if e == nil {
		return nil
	}
	if p := r.prepared.get(e.Name); p != nil && p.text.is(rec, p.from, p.to) {
		return p.text
	}
	return nil
}

// nestedText is what events show of a statement that ran inside another.
func (r *run) nestedText(rec *record) string {
	shown, _ := classify.Redact(rec.text)
	return activity.Cut(shown, r.cfg.MaxText, rec.missing)
}

// hideParams takes secrets out of the parameters that the server recorded.
func (r *run) hideParams(of *text, params []string) []string {
	out := make([]string, len(params))
	value := func(n int) string {
		if n < 1 || n > len(params) {
			return ""
		}
		return params[n-1]
	}
	for i, p := range params {
		shown, _ := classify.RedactValue(p)
		out[i] = activity.Cut(shown, r.cfg.MaxText, 0)
		if of != nil && of.hides(i+1, value) {
			out[i] = classify.Redacted
		}
	}
	return out
}

// withoutNulls takes out of EXECUTE's parameters those that are NULL: the server's audit
// has them as empty strings.
func withoutNulls(params []string, args []classify.Arg) []string {
	if len(args) != len(params) {
		return params
	}
	i := 0
	return slices.DeleteFunc(params, func(string) bool { i++; return args[i-1].Null })
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

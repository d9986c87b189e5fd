package audit

import (
	"context"
	"slices"
	"strings"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/classify"
	"github.com/das-local/das-local/internal/pgtext"
	"github.com/das-local/das-local/proxy/internal/track"
)

// An assist joins what the server's own audit records with the statements that
// caused it. Records of a statement come while it runs, but for those of a
// SELECT of the extended protocol: they come when its portal ends, which may be
// long after it completed. Until then the statement is owed its records.
//
//	Audited ──▶ records ──Completed──▶ events
//	               └──────owed────Audited──▶ events
//
// What the server does not record is made up from the text and the catalogue, as
// it is without this help: statements that failed, cursors' relations, and all
// where its audit is switched off.
type assist struct {
	records []record // of the statement that runs
	bytes   int      // of text in them
	owed    []*run   // oldest first
	ids     idPair
	latest  record           // the numbers of the last one
	ended   bool             // a statement ended since
	late    []lateText       // what will be recorded and has its events
	claims  []record         // records that no statement was known for
	spans   []span           // portals that ended in this transaction
	heard   bool             // the server has recorded something in this session
	silent  bool             // it did not record what it should have, and nothing since
	missed  []activity.Class // classes of which it did not record one, and none since
}

// Bounds of what a session holds. A statement that causes more has its first
// events while it runs.
const (
	maxRecords     = 512
	maxRecordBytes = 4 << 20
	maxClaims      = 64
	maxOwed        = 256
	maxOwedBytes   = 8 << 20
)

// An idPair says which statementId goes with the server's last one.
type idPair struct {
	theirs, ours int64
	last         int64   // the last substatementId given
	shift        int64   // what events of our own have moved theirs by
	free         []int64 // of theirs, without an event: those after them move down
}

// maxFree is how many of these are told apart.
const maxFree = 16

// sub gives the substatementId for a record.
func (p *idPair) sub(rec *record) int64 {
	n := rec.sub + p.shift
	for _, f := range p.free {
		if f < rec.sub {
			n--
		}
	}
	return n
}

func (p *idPair) skip(rec *record) {
	if len(p.free) == maxFree {
		p.shift--
		p.free = slices.Delete(p.free, 0, 1)
	}
	p.free = append(p.free, rec.sub)
}

// A lateText is the text of records that are still to come and make no event: the
// statement's have been made already. id and sub are set by the first of them.
type lateText struct {
	of      *run
	id, sub int64
}

// unrecorded is the command of entries that need no permission; pgaudit 1.7.1
// leaves them out.
const unrecorded = "???"

// heardOf takes a record.
func (s *Session) heardOf(ctx context.Context, dst []activity.Event, it *track.Item) []activity.Event {
	a := s.assist
	if a == nil {
		return dst
	}
	text := it.Text
	if enc := s.print.ClientEncoding; enc != "" && enc != "UTF8" && !ascii(text) {
		text = pgtext.Text(textOID, 0, []byte(text), &s.print)
	}
	rec, ok := parseRecord(strings.ToValidUTF8(text, "\uFFFD"), it.TextLen-len(it.Text))
	// A parallel worker counts from 1; what says so is in the server's language.
	if !ok || it.Worker || rec.before(&a.latest) || a.ended && !a.latest.before(&rec) {
		return dst
	}
	a.latest, a.ended = record{id: rec.id, sub: rec.sub}, false
	if rec.command == unrecorded {
		return dst
	}
	rec.at = it.End
	a.heard, a.silent = true, false
	a.missed = slices.DeleteFunc(a.missed, func(c activity.Class) bool { return c == rec.class })
	if a.swallows(&rec) {
		return dst
	}
	for _, o := range a.owed {
		if o.owns(&rec) {
			o.records = append(o.records, rec)
			return dst
		}
	}
	if len(a.owed) > 0 {
		dst = s.settleComplete(ctx, dst)
	}
	// The latest record waits in any case: it may be the statement's own.
	if len(a.records) > 0 && (len(a.records) >= maxRecords || a.bytes+len(rec.text) > maxRecordBytes) {
		a.claimAny()
		dst = s.unclaimed(dst)
	}
	a.records = append(a.records, rec)
	a.bytes += len(rec.text)
	return dst
}

// swallows says whether a record is of a statement that has its events.
func (a *assist) swallows(rec *record) bool {
	for i := range a.late {
		l := &a.late[i]
		if l.id != 0 && (l.id != rec.id || l.sub != rec.sub) || !l.of.says(rec) || calls(rec) {
			continue
		}
		if l.id == 0 && a.ids.theirs == rec.id {
			a.ids.skip(rec)
		}
		l.id, l.sub = rec.id, rec.sub
		return true
	}
	return false
}

// room says whether one more statement may be owed its records.
func (a *assist) room(r *run) bool {
	n := r.size()
	for _, o := range a.owed {
		n += o.size()
	}
	return len(a.owed) < maxOwed && n <= maxOwedBytes
}

func (r *run) size() int {
	n := len(r.text.raw) + r.it.Params.Size()
	for i := range r.records {
		n += len(r.records[i].text)
	}
	return n
}

// later remembers a statement that has its events and is still to be recorded.
func (a *assist) later(r *run) {
	r.it.Params, r.params, r.records = nil, nil, nil
	a.late = append(a.late, lateText{of: r})
	n := 0
	for i := range a.late {
		n += a.late[i].of.size()
	}
	for len(a.late) > maxOwed || n > maxOwedBytes && len(a.late) > 1 {
		n -= a.late[0].of.size()
		a.late = slices.Delete(a.late, 0, 1)
	}
}

// owns says whether a late record is one of the owed statement's.
func (r *run) owns(rec *record) bool {
	if r.recorded() {
		last := &r.records[len(r.records)-1]
		return last.id == rec.id && last.sub == rec.sub && r.says(rec)
	}
	return r.says(rec) && !calls(rec)
}

// says says whether a record's text is the statement's.
func (r *run) says(rec *record) bool {
	if r.text.cut > 0 { // the server knows more of it
		return r.text.raw != "" && strings.HasPrefix(rec.text, r.text.raw)
	}
	return r.text.is(rec, r.from, r.to)
}

// is says whether a record's text is this one: whole, or, as pgaudit has it from
// version 17 on, the statement alone with the comments around it. It may be cut, and
// the server redacts.
func (t *text) is(rec *record, from, to int) bool {
	got := rec.text
	if got == t.raw || got == t.raw[from:to] {
		return true
	}
	if before, _, found := strings.Cut(got, " "+classify.Redacted); found {
		return strings.HasPrefix(t.raw, before) || strings.HasPrefix(t.raw[from:], before)
	}
	if rec.cut {
		return len(got) > beginning && strings.HasPrefix(t.raw, got)
	}
	return from < to && strings.Contains(got, t.raw[from:to]) && strings.Contains(t.raw, got)
}

// calls says whether a record is of a function's call, which names the statement
// around it.
func calls(rec *record) bool {
	return rec.class == activity.ClassFunction && rec.kind == activity.ObjectFunction
}

// recorded says whether the statement itself is among its records.
func (r *run) recorded() bool {
	return slices.ContainsFunc(r.records, func(rec record) bool { return !calls(&rec) && r.says(&rec) })
}

// pair gives the statementId for a record. One that the server goes on with after
// events under another number has a new one.
func (s *Session) pair(rec *record) *idPair {
	p := &s.assist.ids
	if p.theirs != rec.id || p.ours != s.next-1 {
		*p = idPair{theirs: rec.id, ours: s.next, shift: 1 - rec.sub}
		s.next++
	}
	return p
}

// claim remembers a record that may be a statement's whose end is still to be
// reported: an early one, or that of a portal which another statement ended.
func (a *assist) claim(rec *record) {
	a.claims = append(a.claims, record{class: rec.class, text: rec.text, cut: rec.cut, at: rec.at})
	n := 0
	for i := range a.claims {
		n += len(a.claims[i].text)
	}
	for len(a.claims) > maxClaims || n > maxRecordBytes && len(a.claims) > 1 {
		n -= len(a.claims[0].text)
		a.claims = slices.Delete(a.claims, 0, 1)
	}
}

// claimAny remembers records that have their events before their statement has ended, once
// for each text: one may be the statement's own, which deferred triggers follow.
func (a *assist) claimAny() {
	for i := range a.records {
		rec := &a.records[i]
		same := func(c record) bool { return c.text == rec.text }
		if calls(rec) || early(rec.command) {
			continue // that is no statement's, or will be remembered
		}
		a.claims = slices.DeleteFunc(a.claims, same)
		a.claim(rec)
	}
}

// Owed says whether a statement has completed whose events are still to come.
func (s *Session) Owed() bool { return s.assist != nil && len(s.assist.owed) > 0 }

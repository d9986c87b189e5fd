package audit

import (
	"context"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/classify"
	"github.com/das-local/das-local/proxy/internal/track"
)

// What the events of one intent are made of at most: a string of more statements, or of
// more text, has its last statements told together.
const (
	maxForeseen      = 1000
	maxForeseenBytes = 1 << 20
)

// outcomeUnknown is the errorMessage of a statement whose answer nobody has seen.
const outcomeUnknown = "outcome unknown: das-local ended before the answer was recorded"

// Foresee appends the events that the statements of a message will have if their outcome
// never becomes known: class, command, objects and text as far as the text says. The
// item is that of a track.Intent, and the Session one that is used for nothing else but
// the Parameter items that come before: a Session follows what ran, and this has not.
//
// The first statement gets the number next, or the one after those foreseen before if
// they are still to be answered.
func (s *Session) Foresee(ctx context.Context, dst []activity.Event, it *track.Item, next int64) []activity.Event {
	s.next = next
	t := s.readText(it)
	list := t.result.Statements
	n := len(list)
	if n == 0 && (it.Source != track.Query || !t.result.Parsed()) {
		return s.foresee(ctx, dst, it, t, &classify.Statement{}, 0, len(t.raw), activity.AllAnswered)
	}
	if it.Source == track.Execute {
		n = 1
	}
	spent := 0
	for i := range n {
		from, to := t.result.Range(i)
		until := uint32(i + 1)
		if spent += len(t.shown); s.cfg.CommandText == Single {
			spent += to - from - len(t.shown)
		}
		last := i == n-1 || i >= maxForeseen || spent > maxForeseenBytes
		if last && (i < n-1 || i > 0 && t.cut > 0) {
			until = activity.AllAnswered // what follows is told with it
		}
		dst = s.foresee(ctx, dst, it, t, &list[i], from, to, until)
		if last {
			break
		}
	}
	return dst
}

// Next is the number that the next statement gets.
func (s *Session) Next() int64 { return s.next }

// foresee makes the events of one statement, which are needed until so many are answered.
func (s *Session) foresee(ctx context.Context, dst []activity.Event, it *track.Item, t *text, st *classify.Statement, from, to int, until uint32) []activity.Event {
	r := &run{Session: s, ctx: ctx, it: it, text: t, dst: dst, from: from, to: to, sql: t.raw[from:to]}
	r.base = activity.Event{
		Session: s.who, LogTime: it.Start, StartTime: it.Start, RowCount: activity.NoRows,
		CommandText: s.show(t, from, to), HasCommandText: t.raw != "",
		ExitCode: activity.ExitCode{SQLState: activity.UnknownOutcome}, ErrorMessage: outcomeUnknown,
		Settles: activity.Settled{Intent: it.Intent, Answered: until, Steps: it.Source == track.Query},
	}
	if !t.result.Parsed() {
		r.base.CommandText = s.showBroken(t, from, to)
	}
	class, command := st.Class, st.Command
	switch {
	case st.Form == classify.Query && len(st.Relations) > 0:
		rels, _ := r.resolve(st.Relations)
		r.accesses(rels, activity.NoRows)
	case st.Form == classify.Copy, st.Form == classify.Unread && len(st.Relations) > 0:
		r.objects(st.Relations, class, command, activity.NoRows)
	}
	if len(r.dst) > len(dst) {
		return r.dst
	}
	if class == "" {
		class = activity.ClassMisc
	}
	if it.Source == track.FunctionCall {
		class, command = activity.ClassFunction, "EXECUTE"
	}
	if command == "" {
		command = unknownCommand
	}
	r.one(r.part(), class, command, activity.NoRows, r.bound())
	return r.dst
}

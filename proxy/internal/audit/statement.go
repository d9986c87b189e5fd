package audit

import (
	"context"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/catalog"
	"github.com/das-local/das-local/internal/classify"
	"github.com/das-local/das-local/proxy/internal/track"
)

// run makes the events of one statement.
type run struct {
	*Session
	ctx    context.Context
	it     *track.Item
	text   *text
	sql    string // the statement alone
	dst    []activity.Event
	base   activity.Event // what all have in common
	id     int64          // statementId, 0 until the first event
	sub    int64
	params []string
	filled bool // params are made
	// planned: the statement is planned while another one runs, so that functions of
	// constants are seen being called.
	planned bool
	// replanned: EXECUTE has its statement planned anew; outer is its own text.
	replanned bool
	outer     string
	failed    bool
	// refreshing: the query is a materialised view's.
	refreshing bool

	// What the server's own audit adds.
	stmt     *classify.Statement
	from, to int // the statement in its text
	records  []record
	depth    int      // of savepoints when it ran
	printed  []string // the parameters as the server prints them, "" for NULL
	told     bool     // the server has recorded the calls of functions
}

// statement appends the events of a statement that completed or failed.
func (s *Session) statement(ctx context.Context, dst []activity.Event, it *track.Item) []activity.Event {
	failed := it.Kind == track.Failed
	if failed {
		s.failed = true
	} else if it.Tag == "" && !it.Partial {
		return dst // an empty query string
	}
	if it.Source == track.FunctionCall && !failed {
		return dst
	}
	if s.status == 'E' && !failed {
		// The statement that ended a failed transaction.
		s.afterAbort(it)
		return dst
	}
	if s.assist != nil {
		if failed {
			dst = s.boundary(ctx, dst, 0)
		} else {
			dst = s.settleComplete(ctx, dst)
		}
	}
	var t *text
	if it.Source == track.Execute {
		t = s.lookupText(it)
	} else {
		t = s.readText(it)
	}
	st, from, to := s.choose(t, it)
	if it.Bound && (st.Form != classify.Query || st.Command != "SELECT" || writes(st)) {
		return dst // its executor had not started
	}
	r := &run{Session: s, ctx: ctx, it: it, text: t, dst: dst, failed: failed, from: from, to: to, depth: len(s.state.saved)}
	r.base = activity.Event{
		Session: s.who, LogTime: it.End, StartTime: it.Start, RowCount: activity.NoRows,
		CommandText: s.show(t, from, to), HasCommandText: true, Settles: settles(it),
	}
	if unknown(t, it) {
		r.base.CommandText = activity.CutAll
	}
	if s.assist == nil && s.overlapped(it) {
		return dst
	}
	r.sql = t.raw[from:to]
	if it.Group != 0 && it.Group == s.group.number && s.assist == nil {
		r.id, r.sub = s.group.id, s.group.sub
	}
	defer r.keepGroup()
	if failed && it.Err != nil && it.Err.SQLState == syntaxError {
		r.base.CommandText = s.showBroken(t, from, to)
	}
	switch {
	case s.assist != nil:
		r.assisted(st)
	case failed:
		r.fail(st, t)
	default:
		r.emit(st, rowsOf(it, st), it.Tag)
	}
	if failed {
		return r.dst
	}
	s.remember(st, t, from, to)
	s.effects(st)
	return r.dst
}

// settles says what is answered with the events of an item.
func settles(it *track.Item) activity.Settled {
	s := activity.Settled{Intent: it.Intent, Answered: 1}
	if it.Source == track.Query {
		s.Answered, s.Steps = uint32(it.Index)+1, true
	}
	if it.Intent == 0 {
		return activity.Settled{}
	}
	return s
}

// follow takes what a statement changes that is no event: it ran while none was wanted.
func (s *Session) follow(it *track.Item) {
	if s.status == 'E' {
		s.afterAbort(it)
		return
	}
	var t *text
	if it.Source == track.Execute {
		t = s.lookupText(it)
	} else {
		t = s.readText(it)
	}
	st, from, to := s.choose(t, it)
	s.remember(st, t, from, to)
	s.effects(st)
}

// maxSpans bounds the portals that are remembered of one transaction.
const maxSpans = 64

// A span is a portal's time, in nanoseconds.
type span struct {
	start, end int64
	group      uint64 // of track.Item
}

// overlapped says whether a portal was left that had begun while an older one was
// open, and the older one ended first: of that the server's audit, whose events
// these are like, says nothing.
func (s *Session) overlapped(it *track.Item) bool {
	if !it.Partial || it.Source != track.Execute {
		return false
	}
	now := span{it.Start.UnixNano(), it.End.UnixNano(), it.Group}
	for _, old := range s.spans {
		if old.group == now.group && old.start <= now.start && now.start < old.end {
			return true
		}
	}
	if len(s.spans) < maxSpans {
		s.spans = append(s.spans, now)
	}
	return false
}

// group is the statement that an open portal holds open: those that follow are parts of it.
type group struct {
	number  uint64 // of track.Item
	id, sub int64
}

func (r *run) keepGroup() {
	if r.it.Group != 0 && r.id != 0 {
		r.group = group{r.it.Group, r.id, r.sub}
	}
}

func writes(st *classify.Statement) bool {
	for _, rel := range st.Relations {
		if rel.Access != classify.Read {
			return true
		}
	}
	return false
}

// syntaxError is the SQLSTATE of a text that could not be read.
const syntaxError = "42601"

// executed finds the EXECUTE, also within EXPLAIN or CREATE TABLE AS.
func executed(st *classify.Statement) *classify.Statement {
	for ; st != nil; st = st.Inner {
		if st.Form == classify.Execute {
			return st
		}
	}
	return nil
}

// afterAbort takes what ROLLBACK and the like change; they have no event. What follows in the same
// string runs.
func (s *Session) afterAbort(it *track.Item) {
	s.status = 'T'
	t := s.readText(it)
	st, _, _ := s.choose(t, it)
	for i := range st.Effects {
		switch st.Effects[i].Kind {
		case classify.RollbackTo:
			s.state.rollbackTo(st.Effects[i].Name)
			s.failed = false
		case classify.Commit, classify.Rollback:
			s.state.endTransaction(false)
			s.failed = false
		}
	}
	s.applyState()
}

// remember keeps what PREPARE prepared, and the query of a cursor, which a client may
// run by the cursor's portal.
func (s *Session) remember(st *classify.Statement, t *text, from, to int) {
	if st.Inner == nil || st.Form != classify.Prepare && st.Form != classify.Declare {
		return
	}
	p := prepare(t, st.Inner)
	p.from, p.to = from, to
	if st.Form == classify.Declare {
		s.cursors.put(catalog.Truncate(st.Name), p)
		return
	}
	s.prepared.put(st.Name, p)
}

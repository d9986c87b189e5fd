package audit

import (
	"slices"
	"strings"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/classify"
	"github.com/das-local/das-local/proxy/internal/track"
)

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

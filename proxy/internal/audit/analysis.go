package audit

import (
	"slices"
	"strings"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/catalog"
	"github.com/das-local/das-local/internal/classify"
	"github.com/das-local/das-local/proxy/internal/track"
)

// analysis is what the server makes of a query, nil if that cannot be had: then its text
// and the catalogue have to do. Inside a transaction that has changed the catalogue or locked
// relations the side connection would not see what the session sees, or wait.
func (r *run) analysis(st *classify.Statement) *catalog.Analysis {
	q := catalog.Statement{SQL: st.Text, Key: st.Key, TypeNames: st.Types}
	if q.SQL == "" {
		q.SQL = r.sql
	}
	if q.SQL == "" {
		return nil
	}
	if r.it.Source == track.Execute && st.Text == "" && r.it.Params != nil {
		q.Given = r.it.Params.Types
	}
	return r.analyse(q, st.Relations)
}

// analyse has a text analysed that names these relations.
func (r *run) analyse(q catalog.Statement, rels []classify.Relation) *catalog.Analysis {
	if r.cfg.Catalog == nil || r.ddl || len(r.state.objects) > 0 {
		return nil
	}
	r.loginPath(r.ctx)
	if v, ok := r.state.get("enable_seqscan"); ok {
		q.Indexed = isOff(v[0])
	}
	for _, rel := range rels {
		if rel.Schema == "pg_temp" {
			return nil
		}
		if rel.Schema != "" {
			continue
		}
		if c, ok := r.lookup("", rel.Name); ok && strings.HasPrefix(c.Schema, "pg_temp") {
			if c.Schema == "pg_temp" {
				return nil
			}
			q.TempSchema = c.Schema
		}
	}
	a, ok := r.cfg.Catalog.Analyze(r.ctx, &r.names, q)
	if !ok || q.TempSchema != "" && !touches(a, q.TempSchema) {
		return nil
	}
	return a
}

// isOff says whether a setting's value is a spelling of false.
func isOff(value string) bool {
	value = strings.ToLower(strings.TrimSpace(value))
	begins := func(word string, least int) bool { return len(value) >= least && strings.HasPrefix(word, value) }
	return value == "0" || begins("false", 1) || begins("no", 1) || begins("off", 2)
}

// touches says whether a statement has a relation of that schema.
func touches(a *catalog.Analysis, schema string) bool {
	for _, q := range a.Queries {
		if slices.ContainsFunc(q.Relations, func(u catalog.Used) bool { return u.Schema == schema }) {
			return true
		}
	}
	return false
}

// analysed makes the events of a query's analysis. A rule's queries are statements of their own.
func (r *run) analysed(a *catalog.Analysis, st *classify.Statement, rows int64) {
	for i, q := range a.Queries {
		if i > 0 && !r.planned {
			r.id, r.sub = 0, 0
		}
		if q.Command == "UTILITY" { // the only one that a rule can have
			r.one(r.part(), activity.ClassMisc, "NOTIFY", activity.NoRows, r.bound())
			continue
		}
		of := rows
		if !q.Original {
			of = activity.NoRows
		}
		r.ran(q, st, of, r.refreshing && a.Version < plainViews)
	}
}

// plainViews is the version from which on a view's query does not have the view itself among its relations, without any
// permission. Before, the server's audit does not take one without other relations for a query without relations.
const plainViews = 160000

// ran makes the events of one query. quiet: without relations it has none.
func (r *run) ran(q *catalog.Query, st *classify.Statement, rows int64, quiet bool) {
	var all []found
	if r.planned || r.replanned {
		was := r.base.CommandText
		if r.replanned {
			r.base.CommandText = r.outer
		}
		for i := range q.Calls {
			if c := &q.Calls[i]; c.Planning && c.Schema != "pg_catalog" {
				r.called(c.Function)
			}
		}
		r.base.CommandText = was
	}
	for i := range q.Calls {
		all = r.call(all, &q.Calls[i])
	}
	if rows > 0 {
		for i := range q.AfterRow {
			all = r.call(all, &q.AfterRow[i])
		}
	}
	for i := range q.Relations {
		all = append(all, used(&q.Relations[i]))
	}
	kept := r.wanted(all)
	if len(kept) == 0 {
		if len(all) == 0 && !quiet {
			class := activity.ClassWrite
			if q.Command == "SELECT" {
				class = activity.ClassRead
			}
			r.one(r.part(), class, q.Command, rows, r.bound())
		}
		return
	}
	r.accesses(kept, rows)
}

func used(u *catalog.Used) found {
	f := found{objectType(u.Kind), qualified(u.Schema, u.Name), classify.Read}
	switch u.Access {
	case catalog.Insert:
		f.access = classify.Insert
	case catalog.Update:
		f.access = classify.Update
	case catalog.Delete:
		f.access = classify.Delete
	}
	return f
}

// call makes the event of a call, unless nobody would see it or the planner puts the
// function's body in its place.
func (r *run) call(out []found, c *catalog.Call) []found {
	if c.Schema == "pg_catalog" || c.Planning {
		return out
	}
	if !c.Component {
		if body := r.body(classify.Function{From: c.From}, c.Function); body != nil {
			return r.inlined(out, body, 0)
		}
	}
	r.called(c.Function)
	return out
}

package audit

import (
	"strings"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/catalog"
	"github.com/das-local/das-local/internal/classify"
)

// copy makes the events of COPY of a relation.
func (r *run) copy(st *classify.Statement, rows int64) {
	if len(st.Relations) != 1 {
		r.objects(st.Relations, st.Class, st.Command, rows)
		return
	}
	rel := st.Relations[0]
	if rel.Access == classify.Read {
		// With row-level security the server copies a query in its place.
		read := &classify.Statement{Form: classify.Query, Command: "SELECT", Class: activity.ClassRead, Relations: st.Relations}
		if a := r.analyse(catalog.Statement{SQL: "TABLE " + qualified(rel.Schema, rel.Name)}, st.Relations); a != nil &&
			len(a.Queries) == 1 && a.Queries[0].RowSecurity {
			r.nested(func() { r.analysed(a, read, rows) })
			r.one(r.part(), st.Class, st.Command, rows, r.bound())
			return
		}
	} else {
		r.copyFrom(st, rel, rows)
	}
	r.functions(st.Functions)
	r.objects(st.Relations, st.Class, st.Command, rows)
}

// copyFrom makes the events of the functions that COPY FROM calls for each row: an INSERT of NULLs has the
// same ones. Defaults are computed for the columns that it does not name, and domains checked for the others.
func (r *run) copyFrom(st *classify.Statement, rel classify.Relation, rows int64) {
	sql := "INSERT INTO " + qualified(rel.Schema, rel.Name)
	if len(st.Columns) == 0 {
		sql += " DEFAULT VALUES"
	} else {
		names := make([]string, len(st.Columns))
		for i, c := range st.Columns {
			names[i] = quote(c)
		}
		sql += " (" + strings.Join(names, ", ") + ") OVERRIDING SYSTEM VALUE VALUES (NULL" + strings.Repeat(", NULL", len(names)-1) + ")"
	}
	a := r.analyse(catalog.Statement{SQL: sql}, st.Relations)
	if a == nil || len(a.Queries) != 1 {
		return
	}
	q := a.Queries[0]
	calls := func(of catalog.Part) {
		for i := range q.Calls {
			if q.Calls[i].Part == of {
				r.call(nil, &q.Calls[i])
			}
		}
	}
	if len(st.Columns) > 0 {
		calls(catalog.Plain)
	}
	if rows <= 0 {
		return
	}
	calls(catalog.Domain)
	if len(st.Columns) == 0 {
		calls(catalog.Omitted)
	}
	calls(catalog.Generated)
	for i := range q.AfterRow {
		r.call(nil, &q.AfterRow[i])
	}
}

package audit

import (
	"strings"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/classify"
)

// part begins the next substatement.
func (r *run) part() int64 {
	if r.id == 0 {
		r.id = r.next
		r.next++
	}
	r.sub++
	return r.sub
}

// one appends an event of substatement sub.
func (r *run) one(sub int64, class activity.Class, command string, rows int64, params []string) *activity.Event {
	e := r.base
	e.StatementID, e.SubstatementID = r.id, sub
	e.Class, e.Command, e.RowCount, e.Params = class, command, rows, params
	r.dst = append(r.dst, e)
	return &r.dst[len(r.dst)-1]
}

// emit makes the events of a completed statement. tag is empty for one that runs
// inside another.
func (r *run) emit(st *classify.Statement, rows int64, tag string) {
	command := st.Command
	switch st.Form {
	case classify.Query:
		r.query(st, rows)
		return
	case classify.Unread:
		if tag != "" {
			command = tagCommand(tag)
		}
		r.unread(st, command, rows)
		return
	case classify.Copy:
		r.copy(st, rows)
		return
	case classify.CopyOut:
		r.nested(func() { r.emit(st.Inner, rows, "") })
		r.one(r.part(), activity.ClassRead, command, rows, r.bound())
		return
	case classify.Declare:
		r.nested(func() { r.functions(st.Inner.Functions) })
		r.objects(st.Inner.Relations, activity.ClassRead, command, activity.NoRows)
		return
	case classify.Explain:
		r.explain(st)
		return
	case classify.Execute:
		r.execute(st, rows)
		return
	case classify.CreateAs:
		// A table that is there already (IF NOT EXISTS) is told by its own tag. EXECUTE runs WITH NO DATA too, and stops at once.
		if (!st.NoData || st.Inner.Form == classify.Execute) && (tag == "" || tagCommand(tag) == "SELECT") {
			r.nested(func() { r.emitInner(st.Inner, rows) })
		}
	case classify.Refresh:
		r.refresh(st)
	case classify.Call:
		r.procedure(st)
	case classify.Utility:
		if len(st.Functions) > 0 && !r.noRows(st.Table) {
			r.functions(st.Functions)
		}
	}
	if tag != "" && (st.Form == classify.Utility || st.Form == classify.Unread) {
		command = tagCommand(tag)
	}
	r.one(r.part(), st.Class, command, activity.NoRows, r.bound())
}

// nested runs f as the planner sees it below another statement.
func (r *run) nested(f func()) {
	was := r.planned
	r.planned = true
	f()
	r.planned = was
}

// emitInner makes the events of a statement inside a utility: EXECUTE there is not a
// statement of its own.
func (r *run) emitInner(st *classify.Statement, rows int64) {
	switch st.Form {
	case classify.Execute:
		r.executeInner(st, rows)
	case classify.CreateAs, classify.Declare:
		r.emitInner(st.Inner, rows)
	case classify.Query:
		r.query(st, rows)
	}
}

func (r *run) explain(st *classify.Statement) {
	rows := int64(0)
	if st.Analyze {
		rows = explainedRows(r.it.Output) // the tag does not say
	}
	if !exists(st.Inner, r.it.Output) {
		r.nested(func() { r.emitInner(st.Inner, rows) })
	}
	class := st.Class
	if st.Analyze && st.Inner.Form == classify.Execute {
		if p := r.prepared.get(st.Inner.Name); p != nil && p.stmt != nil && p.stmt.Class == activity.ClassWrite {
			class = activity.ClassWrite
		}
	}
	r.one(r.part(), class, st.Command, activity.NoRows, r.bound())
}

// exists says whether EXPLAIN of CREATE … IF NOT EXISTS … AS found that there is such a relation: then it shows the
// command in the place of a plan, in the format for people nothing.
func exists(st *classify.Statement, output string) bool {
	if st.Form != classify.CreateAs || !st.IfNotExists {
		return false
	}
	return output == "" || structured(output) && !strings.Contains(output, "Plan")
}

// execute makes the events of EXECUTE: those of the prepared statement, with its
// own text and the arguments, then its own.
func (r *run) execute(st *classify.Statement, rows int64) {
	r.executeInner(st, rows)
	r.one(r.part(), st.Class, st.Command, activity.NoRows, nil)
}

func (r *run) executeInner(st *classify.Statement, rows int64) {
	r.functions(st.Functions)
	p := r.prepared.get(st.Name)
	if p == nil || p.stmt == nil {
		return
	}
	outer, sql, filled, params := r.base.CommandText, r.sql, r.filled, r.params
	r.sql = p.text.raw[p.from:p.to]
	r.base.CommandText = r.show(p.text, p.from, p.to)
	r.params, r.filled = arguments(st.Args, p.text), true
	r.replanned, r.outer = p.replans(len(st.Args) > 0), outer
	switch p.stmt.Form {
	case classify.Query:
		r.query(p.stmt, rows)
	case classify.Unread: // its text was too long to be kept
		r.objects(p.stmt.Relations, p.stmt.Class, p.stmt.Command, rows)
	}
	p.runs++
	r.replanned = false
	r.base.CommandText, r.sql, r.filled, r.params = outer, sql, filled, params
}

// arguments prints the arguments of EXECUTE for the statement that t prepared.
func arguments(args []classify.Arg, t *text) []string {
	value := func(n int) string {
		if n > len(args) {
			return ""
		}
		return args[n-1].Text
	}
	var out []string
	for i, a := range args {
		if a.Known {
			shown, _ := classify.RedactValue(a.Text)
			if t.hides(i+1, value) {
				shown = classify.Redacted
			}
			out = append(out, shown)
		}
	}
	return out
}

// unread makes events by the command tag alone.
func (r *run) unread(st *classify.Statement, command string, rows int64) {
	class := st.Class
	if class == "" {
		class = classify.ClassOf(command)
	}
	switch command {
	case "SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "COPY":
		r.objects(st.Relations, class, command, rows)
	default:
		r.one(r.part(), class, command, activity.NoRows, r.bound())
	}
}

// objects makes one event a relation, all of one command; one without object if
// there is none.
func (r *run) objects(rels []classify.Relation, class activity.Class, command string, rows int64) {
	found, hidden := r.resolve(rels)
	if len(found) == 0 {
		if !hidden {
			r.one(r.part(), class, command, rows, r.bound())
		}
		return
	}
	sub := r.part()
	for _, o := range found {
		e := r.one(sub, class, command, rows, r.bound())
		e.ObjectType, e.ObjectName = o.kind, o.name
	}
}

// query makes the events of SELECT, INSERT, UPDATE, DELETE and MERGE.
func (r *run) query(st *classify.Statement, rows int64) {
	if a := r.analysis(st); a != nil {
		r.analysed(a, st, rows)
		return
	}
	found, hidden := r.resolve(st.Relations)
	found = append(found, r.functions(st.Functions)...)
	if len(found) == 0 {
		if !hidden {
			r.one(r.part(), st.Class, st.Command, rows, r.bound())
		}
		return
	}
	r.accesses(found, rows)
}

// accesses makes one event for each of a query's relations.
func (r *run) accesses(all []found, rows int64) {
	sub := r.part()
	for _, o := range all {
		class, command := accessOf(o.access)
		e := r.one(sub, class, command, rows, r.bound())
		e.ObjectType, e.ObjectName = o.kind, o.name
	}
}

func accessOf(a classify.Access) (activity.Class, string) {
	switch a {
	case classify.Insert:
		return activity.ClassWrite, "INSERT"
	case classify.Update:
		return activity.ClassWrite, "UPDATE"
	case classify.Delete:
		return activity.ClassWrite, "DELETE"
	default:
		return activity.ClassRead, "SELECT"
	}
}

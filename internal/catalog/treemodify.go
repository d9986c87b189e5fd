package catalog

import (
	"github.com/das-local/das-local/internal/querytree"
)

// modify walks what belongs to INSERT, UPDATE, DELETE and MERGE.
func (w *walker) modify(l *level) []Call {
	q := l.q
	var out []Call
	if rel := w.t.target(q); rel != nil && q.Int("commandType") == cmdInsert {
		for _, g := range rel.generated {
			out = append(out, part(w.t.late(g.expr), Generated)...)
		}
	}
	for _, v := range q.Get("withCheckOptions").List {
		out = append(out, w.expr(v.Node.Get("qual"))...)
	}
	for _, v := range q.Get("returningList").List {
		out = append(out, w.expr(v.Node.Get("expr"))...)
	}
	if oc := q.Get("onConflict").Node; oc != nil {
		for _, v := range oc.Get("onConflictSet").List {
			out = append(out, w.expr(v.Node.Get("expr"))...)
		}
		out = append(out, w.expr(oc.Get("onConflictWhere"))...)
	}
	if unmatched(q)[bySource] { // the executor checks once more whether there is a match
		out = append(out, w.expr(q.Get("mergeJoinCondition"))...)
	}
	for _, v := range q.Get("mergeActionList").List {
		out = append(out, w.expr(v.Node.Get("qual"))...)
		missing := w.missing(q, v.Node.Int("commandType"))
		for _, te := range v.Node.Get("targetList").List {
			out = append(out, missing(te.Node.Int("resno"))...)
			out = append(out, w.expr(te.Node.Get("expr"))...)
		}
		out = append(out, missing(maxColumns)...)
	}
	return append(out, w.values(l)...)
}

// values walks the rows of VALUES in FROM, which the executor meets one by one: an INSERT has
// written the first before it meets the next.
func (w *walker) values(l *level) (out []Call) {
	eachRef(l.q.Get("jointree"), func(at int) {
		if at < 1 || at > len(l.rtes) || l.rtes[at-1].Node.Int("rtekind") != rteValues {
			return
		}
		for i, row := range l.rtes[at-1].Node.Get("values_lists").List {
			calls := w.expr(row)
			if i > 0 && l.up == nil && l.q.Int("commandType") == cmdInsert {
				w.later = append(w.later, calls...)
			} else {
				out = append(out, calls...)
			}
		}
	})
	return out
}

// target is the table that a query writes, if it is one by itself.
func (t *tree) target(q *querytree.Node) *treeRelation {
	at := q.Int("resultRelation")
	rtes := q.Get("rtable").List
	if at < 1 || at > len(rtes) {
		return nil
	}
	if rel := t.relations[rtes[at-1].Node.OID("relid")]; rel != nil && rel.Kind == 'r' {
		return rel
	}
	return nil
}

// afterRow lists what the executor meets with the first row: CHECKs, then for new rows the
// indexes' expressions. An UPDATE may do without the indexes, so those stay away.
func (t *tree) afterRow(q *querytree.Node) (out []Call) {
	rel := t.target(q)
	if rel == nil {
		return nil
	}
	writes := map[int]bool{q.Int("commandType"): true}
	for _, v := range q.Get("mergeActionList").List {
		writes[v.Node.Int("commandType")] = true
	}
	if writes[cmdDelete] || !writes[cmdInsert] && !writes[cmdUpdate] {
		return nil
	}
	for _, c := range rel.checks {
		out = append(out, t.late(c)...)
	}
	if !writes[cmdUpdate] {
		for _, i := range rel.indexes {
			out = append(out, t.late(i.pred)...)
			out = append(out, t.late(i.exprs)...)
		}
	}
	return out
}

// late walks an expression that is planned while the statement runs.
func (t *tree) late(v querytree.Value) []Call {
	w := &walker{t: t, level: &level{q: &querytree.Node{}, ctes: map[string]*querytree.Node{}, pulled: map[int]*level{}}}
	calls := w.expr(v)
	for i := range w.planning {
		w.planning[i].Planning = false
	}
	return append(w.planning, calls...)
}

package catalog

import (
	"slices"

	"github.com/das-local/das-local/internal/querytree"
)

// assemble puts the calls of the query in hand in the order in which the executor meets them. from
// are those of its FROM clause.
func (w *walker) assemble(l *level, from []Call, exists bool, used map[int]bool) []Call {
	q := l.q
	sorted := len(q.Get("sortClause").List) > 0
	limited := !q.Get("limitCount").Null()
	refs := 0
	eachRef(q.Get("jointree"), func(int) { refs++ })
	var first, late []Call // of the target list
	for i, v := range q.Get("targetList").List {
		te := v.Node
		ref := te.Int("ressortgroupref") != 0
		if exists && !ref && !q.Bool("hasAggs") || used != nil && !ref && !used[i+1] && !used[0] && !w.t.volatile(te.Get("expr")) &&
			!q.Bool("hasTargetSRFs") {
			continue
		}
		calls := w.expr(te.Get("expr"))
		if sorted && !ref && (limited || w.t.volatile(te.Get("expr"))) {
			late = append(late, calls...)
		} else {
			first = append(first, calls...)
		}
	}
	tree := q.Get("jointree").Node
	quals := w.quals(tree.Get("quals"))
	having := w.quals(q.Get("havingQual"))
	var out []Call
	grouped := q.Bool("hasAggs") || len(q.Get("groupClause").List) > 0 || q.Bool("hasWindowFuncs")
	switch {
	case refs > 1:
		out = slices.Concat(quals, from, first)
	case grouped:
		out = slices.Concat(from, quals, having, first)
	default:
		out = slices.Concat(from, first, quals, having)
	}
	out = append(out, w.components(l)...)
	out = append(out, late...)
	for _, v := range q.Get("windowClause").List {
		out = append(out, w.expr(v.Node.Get("startOffset"))...)
		out = append(out, w.expr(v.Node.Get("endOffset"))...)
	}
	out = append(out, w.expr(q.Get("limitOffset"))...)
	out = append(out, w.expr(q.Get("limitCount"))...)
	return append(out, w.modify(l)...)
}

// modify walks what belongs to INSERT, UPDATE, DELETE and MERGE.
func (w *walker) modify(l *level) []Call {
	q := l.q
	var out []Call
	if rel := w.target(q); rel != nil && q.Int("commandType") == cmdInsert {
		for _, g := range rel.generated {
			out = append(out, w.t.late(g.expr)...)
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
	for _, v := range q.Get("mergeActionList").List {
		out = append(out, w.expr(v.Node.Get("qual"))...)
		for _, te := range v.Node.Get("targetList").List {
			out = append(out, w.expr(te.Node.Get("expr"))...)
		}
	}
	if w.version16Join(q) {
		out = append(out, w.quals(q.Get("mergeJoinCondition"))...)
	}
	eachRef(q.Get("jointree"), func(at int) {
		if at > 0 && at <= len(l.rtes) && l.rtes[at-1].Node.Int("rtekind") == rteValues {
			for _, row := range l.rtes[at-1].Node.Get("values_lists").List {
				out = append(out, w.expr(row)...)
			}
		}
	})
	return out
}

// version16Join: from version 17 on the condition of a MERGE stands apart.
func (w *walker) version16Join(q *querytree.Node) bool { return q.Has("mergeJoinCondition") }

// target is the relation that a query writes, if it can be known what belongs to it.
func (w *walker) target(q *querytree.Node) *treeRelation { return w.t.target(q) }

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
	cmd := q.Int("commandType")
	if cmd != cmdInsert && cmd != cmdUpdate {
		return nil
	}
	for _, c := range rel.checks {
		out = append(out, t.late(c)...)
	}
	if cmd == cmdInsert {
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

// components lists aggregates and window functions with what they are made of: functions first, then
// all arguments. Equal ones are one.
func (w *walker) components(l *level) (out []Call) {
	var args []Call
	var seen []string
	for _, n := range l.aggs {
		fn, window := n.OID("aggfnoid"), n.Kind == "WINDOWFUNC"
		if window {
			fn = n.OID("winfnoid")
		}
		k := fingerprint(querytree.Value{Node: n})
		if slices.Contains(seen, k) {
			continue
		}
		seen = append(seen, k)
		out = append(out, w.component(fn)...)
		if a := w.t.aggs[fn]; window {
			out = append(out, w.component(a.trans)...)
			out = append(out, w.component(a.final)...)
		} else {
			out = append(out, w.component(a.final)...)
			out = append(out, w.component(a.trans)...)
		}
		for _, f := range []string{"aggdirectargs", "args", "aggfilter"} {
			args = append(args, w.expr(n.Get(f))...)
		}
	}
	return append(out, args...)
}

func (w *walker) component(id uint32) []Call {
	if f := w.t.functions[id]; f != nil && f.Schema != "pg_catalog" {
		return []Call{{Function: *f, Component: true}}
	}
	return nil
}

// minMax gives the copies of the relations that the planner makes to find min() and max() by an index.
// Where it is open whether that is worth its while there are none.
func (w *walker) minMax(q *querytree.Node) (out []Used) {
	l := w.level
	if l == nil || l.q != q || !q.Bool("hasAggs") || q.Int("commandType") != cmdSelect || len(q.Get("groupClause").List) > 0 ||
		len(q.Get("groupingSets").List) > 0 || q.Bool("hasWindowFuncs") || !q.Get("setOperations").Null() || len(q.Get("cteList").List) > 0 {
		return nil
	}
	refs, at := 0, 0
	eachRef(q.Get("jointree"), func(i int) { refs++; at = i })
	if refs != 1 {
		return nil
	}
	var aggs []*querytree.Node
	aggregatesOf(q.Get("targetList"), &aggs)
	aggregatesOf(q.Get("havingQual"), &aggs)
	var seen []string
	for _, n := range aggs {
		args := n.Get("args").List
		if w.t.aggs[n.OID("aggfnoid")].sort == 0 || len(args) != 1 || !n.Get("aggfilter").Null() || len(n.Get("aggorder").List) > 0 {
			return nil
		}
		copies := w.indexed(q, at, args[0].Node.Get("expr"))
		if copies == nil {
			return nil
		}
		if k := fingerprint(querytree.Value{Node: n}); !slices.Contains(seen, k) {
			seen = append(seen, k)
			out = append(out, copies...)
		}
	}
	return out
}

// indexed follows a column through merged sub-selects to a relation that has an index on it, and
// lists the relations on the way.
func (w *walker) indexed(q *querytree.Node, at int, v querytree.Value) []Used {
	rtes := q.Get("rtable").List
	if !v.Is("VAR") || v.Node.Int("varno") != at || v.Node.Int("varlevelsup") != 0 || at < 1 || at > len(rtes) {
		return nil
	}
	column := v.Node.Int("varattno")
	rte := rtes[at-1].Node
	own := &walker{t: w.t}
	own.relations(q)
	switch rte.Int("rtekind") {
	case rteRelation:
		rel := w.t.relations[rte.OID("relid")]
		if rel == nil || rel.small || rel.Kind != 'r' && rel.Kind != 'm' {
			return nil
		}
		for _, i := range rel.indexes {
			if i.btree && i.first == column && column > 0 && i.pred.Null() {
				return own.rels
			}
		}
	case rteSubquery:
		sub := rte.Get("subquery").Node
		refs, inner := 0, 0
		eachRef(sub.Get("jointree"), func(i int) { refs++; inner = i })
		columns := sub.Get("targetList").List
		if refs != 1 || !w.simple(sub) || rte.Bool("security_barrier") || column < 1 || column > len(columns) {
			return nil
		}
		if below := w.indexed(sub, inner, columns[column-1].Node.Get("expr")); below != nil {
			return append(own.rels, below...)
		}
	}
	return nil
}

func aggregatesOf(v querytree.Value, out *[]*querytree.Node) {
	for _, e := range v.List {
		aggregatesOf(e, out)
	}
	switch n := v.Node; {
	case n == nil, n.Kind == "QUERY":
	case n.Kind == "AGGREF":
		*out = append(*out, n)
	default:
		for _, f := range n.Fields {
			aggregatesOf(f.Value, out)
		}
	}
}

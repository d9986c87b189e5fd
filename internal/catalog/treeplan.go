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
	refs := items(q)
	grouped := q.Bool("hasAggs") || len(q.Get("groupClause").List) > 0 || q.Bool("hasWindowFuncs")
	by := map[int]bool{} // GROUP BY's, which are computed below the groups
	for _, v := range q.Get("groupClause").List {
		by[v.Node.Int("tleSortGroupRef")] = true
	}
	missing := w.missing(q, q.Int("commandType"))
	exists = exists && w.t.plain(q)
	var below, first, late []Call // of the target list
	for i, v := range q.Get("targetList").List {
		te := v.Node
		ref := te.Int("ressortgroupref") != 0
		if exists || used != nil && !ref && !used[i+1] && !used[0] && !w.t.volatile(te.Get("expr")) &&
			!q.Bool("hasTargetSRFs") {
			continue
		}
		first = append(first, missing(te.Int("resno"))...)
		calls := w.expr(te.Get("expr"))
		switch {
		case by[te.Int("ressortgroupref")]:
			below = append(below, calls...)
		case sorted && !ref && (limited || w.t.volatile(te.Get("expr"))):
			late = append(late, calls...)
		default:
			first = append(first, calls...)
		}
	}
	first = append(first, missing(maxColumns)...)
	quals := w.where(l)
	pushed, having := w.having(q)
	quals = append(quals, pushed...)
	if l.empty {
		quals = nil
	}
	if n := l.minMax; n > 1 { // each has the conditions for itself
		from, quals = slices.Repeat(from, n), slices.Repeat(quals, n)
	}
	var out []Call
	switch {
	case refs > 1:
		out = slices.Concat(quals, from, below, first, having)
	case grouped:
		out = slices.Concat(from, below, quals, first, having)
	case tableFunction(q):
		out = slices.Concat(first, quals, from)
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

// where walks WHERE. If it is false, only what has been made a join is left of it.
func (w *walker) where(l *level) (out []Call) {
	v := l.q.Get("jointree").Node.Get("quals")
	if !l.never {
		return w.quals(v, mergeNullable(l.q))
	}
	for _, c := range conditions(v, nil) {
		if link, _ := joinable(c); link != nil {
			out = append(out, w.quals(c, nil)...)
		}
	}
	return out
}

// tableFunction says whether all that a query reads is XMLTABLE or JSON_TABLE.
func tableFunction(q *querytree.Node) (yes bool) {
	eachRef(q.Get("jointree"), func(at int) {
		rtes := q.Get("rtable").List
		yes = at >= 1 && at <= len(rtes) && rtes[at-1].Node.Int("rtekind") == rteTableFunc
	})
	return yes
}

// maxColumns is more than a table can have (MaxHeapAttributeNumber is 1600).
const maxColumns = 2000

// missing gives, for rising column numbers, the checks of the domains of the columns before that an INSERT does
// not name: the planner adds a NULL for each.
func (w *walker) missing(q *querytree.Node, command int) func(before int) []Call {
	rel := w.t.target(q)
	if rel == nil || command != cmdInsert || len(rel.columns) == 0 {
		return func(int) []Call { return nil }
	}
	next := 1
	return func(before int) (out []Call) {
		for ; next < before; next++ {
			for _, check := range w.t.domains[rel.columns[next]] {
				out = append(out, part(w.expr(check), Omitted)...)
			}
		}
		next = before + 1
		return out
	}
}

// having walks HAVING: conditions without aggregates are checked with WHERE.
func (w *walker) having(q *querytree.Node) (pushed, rest []Call) {
	v := q.Get("havingQual")
	list := []querytree.Value{v}
	if v.Is("BOOLEXPR") && v.Node.Get("boolop").Token == "and" {
		list = v.Node.Get("args").List
	}
	if v.Node == nil && v.List != nil { // as a list of conditions
		list = v.List
	}
	for _, c := range list {
		var aggs []*querytree.Node
		aggregatesOf(c, &aggs)
		if len(aggs) > 0 || len(q.Get("groupClause").List) == 0 || len(q.Get("groupingSets").List) > 0 || w.t.volatile(c) || hasQuery(c) {
			rest = append(rest, w.expr(c)...)
		} else {
			pushed = append(pushed, w.expr(c)...)
		}
	}
	return pushed, rest
}

// hasQuery says whether an expression has a sub-select.
func hasQuery(v querytree.Value) bool {
	for _, e := range v.List {
		if hasQuery(e) {
			return true
		}
	}
	if v.Node == nil {
		return false
	}
	if v.Node.Kind == "QUERY" {
		return true
	}
	for _, f := range v.Node.Fields {
		if hasQuery(f.Value) {
			return true
		}
	}
	return false
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
		order := []string{"aggdirectargs", "aggfilter", "args"}
		if window {
			order = []string{"args", "aggfilter"}
		}
		for _, f := range order {
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

package catalog

import (
	"github.com/das-local/das-local/internal/querytree"
)

// arms walks the queries of UNION and the like.
func (w *walker) arms(v querytree.Value) (out []Call) {
	eachRef(v, func(at int) {
		if at > 0 && at <= len(w.level.rtes) {
			part := w.level.rtes[at-1].Node.Get("subquery").Node
			w.never = v.Node.Bool("all") && w.unwanted(part)
			out = append(out, w.query(part, false)...)
		}
	})
	return out
}

// from walks a join tree's items and the conditions of its joins.
func (w *walker) from(v querytree.Value) (out []Call) {
	for _, e := range v.List {
		out = append(out, w.from(e)...)
	}
	if v.Node == nil {
		return out
	}
	switch v.Node.Kind {
	case "RANGETBLREF":
		out = w.item(v.Node.Int("rtindex"))
	case "FROMEXPR":
		out = w.from(v.Node.Get("fromlist"))
	case "JOINEXPR":
		out = append(w.from(v.Node.Get("larg")), w.from(v.Node.Get("rarg"))...)
		if on := w.quals(v.Node.Get("quals"), nullable(v.Node)); !w.lonely(v.Node) {
			out = append(out, on...)
		}
	}
	return out
}

// nullable are the entries that a sub-select in a join's condition may be joined with: for an outer join those of the
// side that may be missing, nil for all.
func nullable(join *querytree.Node) map[int]bool {
	allowed := map[int]bool{}
	side := ""
	switch join.Int("jointype") {
	case leftJoin:
		side = "rarg"
	case rightJoin:
		side = "larg"
	case fullJoin:
		return allowed
	default:
		return nil
	}
	eachRef(join.Get(side), func(at int) { allowed[at] = true })
	eachJoin(join.Get(side), func(at int) { allowed[at] = true })
	return allowed
}

const bySource, byTarget = 1, 2 // MergeMatchKind

// unmatched says which rows without a match MERGE does something with.
func unmatched(q *querytree.Node) map[int]bool {
	kinds := map[int]bool{}
	for _, v := range q.Get("mergeActionList").List {
		kinds[v.Node.Int("matchKind")] = true
		if v.Node.Has("matched") && !v.Node.Bool("matched") { // before version 17
			kinds[byTarget] = true
		}
	}
	return kinds
}

// mergeNullable is nullable for the join that the planner makes of MERGE: the target with what it is compared with.
func mergeNullable(q *querytree.Node) map[int]bool {
	outer := unmatched(q)
	allowed := map[int]bool{}
	switch {
	case outer[bySource] && outer[byTarget]:
	case outer[bySource]:
		eachRef(q.Get("jointree"), func(at int) { allowed[at] = true })
		eachJoin(q.Get("jointree"), func(at int) { allowed[at] = true })
	case outer[byTarget]:
		allowed[q.Int("resultRelation")] = true
	default:
		return nil
	}
	return allowed
}

// eachJoin calls f with the positions of the joins themselves.
func eachJoin(v querytree.Value, f func(at int)) {
	for _, e := range v.List {
		eachJoin(e, f)
	}
	switch {
	case v.Is("FROMEXPR"):
		eachJoin(v.Node.Get("fromlist"), f)
	case v.Is("JOINEXPR"):
		f(v.Node.Int("rtindex"))
		eachJoin(v.Node.Get("larg"), f)
		eachJoin(v.Node.Get("rarg"), f)
	}
}

// item walks an entry of the range table.
func (w *walker) item(at int) (out []Call) {
	l := w.level
	if at < 1 || at > len(l.rtes) {
		return nil
	}
	rte := l.rtes[at-1].Node
	switch rte.Int("rtekind") {
	case rteRelation:
		out = w.expr(rte.Get("tablesample"))
	case rteSubquery:
		out = w.subquery(at, rte.Get("subquery").Node, rte.Bool("security_barrier"), l)
	case rteFunction:
		for i, f := range rte.Get("functions").List {
			e := f.Node.Get("funcexpr")
			calls := w.rangeFunction(e)
			if i == 0 && len(rte.Get("functions").List) == 1 && !rte.Bool("funcordinality") && len(calls) > 0 {
				if c := &calls[len(calls)-1]; e.Is("FUNCEXPR") && c.OID == e.Node.OID("funcid") {
					c.From = true
				}
			}
			out = append(out, calls...)
		}
	case rteTableFunc:
		out = w.expr(rte.Get("tablefunc"))
	case rteValues:
		// The rows are met one by one, after all else: see assemble.
	case rteCTE:
		for up, n := l, rte.Int("ctelevelsup"); up != nil; up, n = up.up, n-1 {
			if n == 0 {
				if body := up.ctes[rte.Get("ctename").Token]; body != nil {
					out = w.subquery(at, body, false, up)
				}
				break
			}
		}
	}
	for _, qual := range rte.Get("securityQuals").List {
		out = append(out, w.expr(qual)...)
	}
	return out
}

// rangeFunction walks a function in FROM: its arguments start first.
func (w *walker) rangeFunction(v querytree.Value) []Call {
	if !v.Is("FUNCEXPR") {
		return w.expr(v)
	}
	calls := w.expr(v)
	if len(calls) > 1 && calls[0].OID == v.Node.OID("funcid") {
		calls = append(calls[1:len(calls):len(calls)], calls[0])
	}
	return calls
}

// subquery walks a sub-select of FROM, or the WITH query that stands there, which the planner merges if it is simple. around is
// the query that it was written in.
func (w *walker) subquery(at int, q *querytree.Node, barrier bool, around *level) []Call {
	l := w.level
	if w.steps++; w.steps > maxCalls {
		return nil
	}
	w.level = around
	in := w.enter(q)
	if around == l {
		in.at = at
	}
	defer func() { w.level = l }()
	if w.simple(q) && !barrier {
		l.pulled[at-1] = in
		w.relations(q)
		out := w.from(q.Get("jointree"))
		out = append(out, w.quals(q.Get("jointree").Node.Get("quals"), nil)...)
		return append(out, w.values(in)...)
	}
	used := map[int]bool{}
	columns(l.q, at, 0, used)
	return w.body(in, false, used)
}

// simple says whether the planner merges a sub-select into the query around it.
func (w *walker) simple(q *querytree.Node) bool {
	if q.Int("commandType") != cmdSelect || q.Bool("hasAggs") || q.Bool("hasWindowFuncs") || q.Bool("hasTargetSRFs") {
		return false
	}
	for _, f := range []string{"setOperations", "groupClause", "groupingSets", "havingQual", "sortClause", "distinctClause",
		"limitOffset", "limitCount", "rowMarks", "cteList"} {
		if v := q.Get(f); !v.Null() && (v.List == nil || len(v.List) > 0) {
			return false
		}
	}
	return !w.t.volatile(q.Get("targetList"))
}

// columns notes which columns of entry at the nodes below v read; depth is how many queries lie
// between. Column 0 stands for all of them.
func columns(n *querytree.Node, at, depth int, used map[int]bool) {
	for i := range n.Fields {
		columnsOf(n.Fields[i].Value, at, depth, used)
	}
}

func columnsOf(v querytree.Value, at, depth int, used map[int]bool) {
	for _, e := range v.List {
		columnsOf(e, at, depth, used)
	}
	switch n := v.Node; {
	case n == nil:
	case n.Kind == "VAR":
		if n.Int("varno") == at && n.Int("varlevelsup") == depth {
			used[n.Int("varattno")] = true
		}
	case n.Kind == "QUERY":
		columns(n, at, depth+1, used)
	default:
		columns(n, at, depth, used)
	}
}

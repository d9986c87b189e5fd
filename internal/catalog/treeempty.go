package catalog

import "github.com/das-local/das-local/internal/querytree"

// What cannot have rows, because a condition is false whatever the data, is not planned: neither its conditions nor
// what feeds it are met. Its columns are computed all the same, of no rows.

// empty says whether the planner knows that a query's FROM and WHERE have no rows.
func (w *walker) empty(q *querytree.Node) bool {
	return w.emptyFrom(q, q.Get("jointree"))
}

// emptyFrom says it of a part of a join tree.
func (w *walker) emptyFrom(q *querytree.Node, v querytree.Value) bool {
	for _, e := range v.List { // joined with each other
		if w.emptyFrom(q, e) {
			return true
		}
	}
	n := v.Node
	if n == nil {
		return false
	}
	switch n.Kind {
	case "FROMEXPR":
		return w.t.never(n.Get("quals")) || w.emptyFrom(q, n.Get("fromlist"))
	case "JOINEXPR":
		left, right := w.emptyFrom(q, n.Get("larg")), w.emptyFrom(q, n.Get("rarg"))
		switch n.Int("jointype") {
		case innerJoin:
			return left || right || w.t.never(n.Get("quals"))
		case leftJoin:
			return left
		case rightJoin:
			return right
		case fullJoin:
			return left && right
		}
	case "RANGETBLREF":
		return w.emptyItem(q, n.Int("rtindex"))
	}
	return false
}

const innerJoin, leftJoin, fullJoin, rightJoin = 0, 1, 2, 3 // JoinType

// lonely says whether an outer join has nothing to join with, so that nobody asks its condition; from version 16 on.
func (w *walker) lonely(join *querytree.Node) bool {
	if w.t.version < 160000 {
		return false
	}
	switch join.Int("jointype") {
	case leftJoin:
		return w.emptyFrom(w.level.q, join.Get("rarg"))
	case rightJoin:
		return w.emptyFrom(w.level.q, join.Get("larg"))
	}
	return false
}

// looksAtAll is the version from which on the planner finds a condition that is false among others of a relation.
const looksAtAll = 170000

// emptyItem says it of an entry of the range table.
func (w *walker) emptyItem(q *querytree.Node, at int) bool {
	rtes := q.Get("rtable").List
	if at < 1 || at > len(rtes) || rtes[at-1].Node.Int("rtekind") != rteSubquery {
		return false
	}
	rte := rtes[at-1].Node
	sub := rte.Get("subquery").Node
	if !scans(sub) || !w.empty(sub) {
		return false
	}
	merged := w.simple(sub) && !rte.Bool("security_barrier")
	alone := empty(q.Get("jointree").Node.Get("quals")) || items(q) > 1 || items(sub) > 1
	return !merged || alone || w.t.version >= looksAtAll
}

// never says whether a condition is known to be false.
func (t *tree) never(v querytree.Value) bool {
	val, known := t.truth(v)
	return known && !val
}

// scans says whether a query gives no rows if its FROM and WHERE have none, and the planner sees that.
func scans(q *querytree.Node) bool {
	if q.Int("commandType") != cmdSelect || q.Bool("hasAggs") || q.Bool("hasWindowFuncs") {
		return false
	}
	for _, f := range []string{"setOperations", "groupClause", "groupingSets", "havingQual", "sortClause", "distinctClause",
		"limitOffset", "limitCount", "rowMarks", "cteList"} {
		if !empty(q.Get(f)) {
			return false
		}
	}
	return true
}

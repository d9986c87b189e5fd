package catalog

import (
	"math"
	"strings"

	"github.com/das-local/das-local/internal/querytree"
)

// An EXISTS becomes a join if it is a condition of WHERE or ON by itself and simple enough. Else it is a plan
// apart, and if it could be looked up in a hash table as well, two: the planner cannot know yet which one
// will do. The relations of the one that is not used stay in the list that permissions are checked by.
//
//	EXISTS ─┬─ joins ──────────────▶ relations once
//	        └─ plan apart ─┬─ hashes ─▶ relations twice
//	                       └─ else ───▶ relations once

// exists walks an EXISTS that is a plan apart.
func (w *walker) exists(q *querytree.Node) []Call {
	first := len(w.rels)
	outer := w.outer
	w.outer = false
	calls := w.query(q, true)
	w.outer = outer
	if !outer && w.hashes(q) && len(w.rels) < maxCalls {
		w.rels = append(w.rels, w.rels[first:]...)
	}
	return calls
}

// around says how many levels out the queries are that have become one with the query in hand: it is
// itself an EXISTS that was made a join.
func (l *level) around() int { return 1 + l.merged }

// plain says whether the planner looks at nothing of an EXISTS but FROM and WHERE.
func (t *tree) plain(q *querytree.Node) bool {
	if q.Int("commandType") != cmdSelect {
		return false
	}
	for _, f := range []string{"hasAggs", "hasWindowFuncs", "hasTargetSRFs", "hasModifyingCTE"} {
		if q.Bool(f) {
			return false
		}
	}
	for _, f := range []string{"setOperations", "groupingSets", "havingQual", "limitOffset", "rowMarks"} {
		if !empty(q.Get(f)) {
			return false
		}
	}
	limit := q.Get("limitCount")
	if limit.Null() {
		return true
	}
	for limit.Is("FUNCEXPR") && len(limit.Node.Get("args").List) == 1 { // int8(1)
		limit = limit.Node.Get("args").List[0]
	}
	t.byText = true
	return limit.Is("CONST") && (limit.Node.Bool("constisnull") || int4(limit.Node.Get("constvalue").Rest) > 0)
}

func empty(v querytree.Value) bool {
	return v.Null() || v.Node == nil && len(v.List) == 0 && v.Token == ""
}

// joins says whether the planner makes a join of an EXISTS in a condition of the query in hand. allowed
// are the entries that a condition of an outer join may join with, nil for all.
func (w *walker) joins(q *querytree.Node, allowed map[int]bool) bool {
	where := q.Get("jointree").Node.Get("quals")
	outer := w.level.around()
	if !empty(q.Get("cteList")) || !w.t.plain(q) || fromRefers(q, outer) || !refers(where, 1, outer) || w.t.volatile(where) {
		return false
	}
	if w.level.merged > 0 { // either side of that join, but not both
		far := refers(where, 2, outer)
		return !far || !w.level.anti && !refers(where, 1, 1)
	}
	if allowed != nil {
		used := map[int]bool{}
		entries(where, 1, used)
		for at := range used {
			if !allowed[at] {
				return false
			}
		}
	}
	return true
}

// hashes says whether the planner also plans an EXISTS for a hash table: if what ties it to the query around are
// equations of something there and something in it, and its rows surely fit in memory.
func (w *walker) hashes(q *querytree.Node) bool {
	where := q.Get("jointree").Node.Get("quals")
	outer := w.level.around()
	if !w.t.plain(q) || fromRefers(q, outer) || w.t.volatile(where) {
		return false
	}
	if val, known := w.t.truth(where); known && !val {
		return false
	}
	width := 0
	for _, c := range conditions(where, nil) {
		left, right, ok := w.equation(c, outer)
		switch {
		case !ok && refers(c, 1, outer):
			return false
		case !ok:
		case refers(left, 0, 0) || hasQuery(left) || refers(right, 1, outer):
			return false
		default:
			width += typeWidth(right)
		}
	}
	const header = 24
	return width > 0 && w.t.rows(q)*float64(width+header) <= w.t.hashMemory
}

// equation splits a condition into what is of the query around and what is not.
func (w *walker) equation(c querytree.Value, outer int) (left, right querytree.Value, ok bool) {
	if !c.Is("OPEXPR") || !w.t.hashable[c.Node.OID("opno")] {
		return left, right, false
	}
	args := c.Node.Get("args").List
	switch {
	case len(args) != 2:
		return left, right, false
	case refers(args[0], 1, outer):
		return args[0], args[1], true
	}
	return args[1], args[0], refers(args[1], 1, outer)
}

// conditions takes AND apart.
func conditions(v querytree.Value, out []querytree.Value) []querytree.Value {
	list := v.List
	if v.Is("BOOLEXPR") && v.Node.Get("boolop").Token == "and" {
		list = v.Node.Get("args").List
	} else if v.Node != nil {
		return append(out, v)
	}
	for _, c := range list {
		out = conditions(c, out)
	}
	return out
}

// typeWidth is the width of a value, at most; generous where it varies.
func typeWidth(v querytree.Value) int {
	if v.Is("VAR") {
		switch v.Node.OID("vartype") {
		case 16, 18, 20, 21, 23, 26, 700, 701, 1082, 1083, 1114, 1184: // bool, "char", int8 … timestamptz
			return 8
		}
	}
	return 256
}

// rows is the most rows that the planner can expect of a query's FROM.
func (t *tree) rows(q *querytree.Node) float64 {
	if q.Bool("hasTargetSRFs") {
		return math.Inf(1)
	}
	n, sum := 1.0, 0.0
	eachRef(q.Get("jointree"), func(at int) { n *= t.entryRows(q, at) })
	if setop := q.Get("setOperations"); !setop.Null() {
		eachRef(setop, func(at int) { sum += t.entryRows(q, at) })
		return sum
	}
	return n
}

func (t *tree) entryRows(q *querytree.Node, at int) float64 {
	rtes := q.Get("rtable").List
	if at < 1 || at > len(rtes) {
		return math.Inf(1)
	}
	rte := rtes[at-1].Node
	switch rte.Int("rtekind") {
	case rteRelation:
		if n, ok := t.sizes[rte.OID("relid")]; ok {
			return max(n, 1)
		}
	case rteSubquery:
		return t.rows(rte.Get("subquery").Node)
	case rteValues:
		return float64(len(rte.Get("values_lists").List))
	case rteCTE:
		for _, v := range q.Get("cteList").List {
			if v.Node.Get("ctename").Token == rte.Get("ctename").Token && rte.Int("ctelevelsup") == 0 && !v.Node.Bool("cterecursive") {
				return t.rows(v.Node.Get("ctequery").Node)
			}
		}
	}
	return math.Inf(1)
}

// fromRefers says whether FROM, its WHERE aside, reads the query around.
func fromRefers(q *querytree.Node, outer int) bool {
	return refers(q.Get("rtable"), 1, outer) || refers(q.Get("cteList"), 1, outer) || refers(q.Get("jointree").Node.Get("fromlist"), 1, outer)
}

// refers says whether an expression has a column of a query that lies from low to high levels out.
func refers(v querytree.Value, low, high int) bool {
	for _, e := range v.List {
		if refers(e, low, high) {
			return true
		}
	}
	n := v.Node
	switch {
	case n == nil:
		return false
	case n.Kind == "VAR":
		up := n.Int("varlevelsup")
		return low <= up && up <= high
	case n.Kind == "QUERY":
		low, high = low+1, high+1
	}
	for _, f := range n.Fields {
		if strings.HasPrefix(f.Name, "joinaliasvars") || f.Name == "eref" {
			continue
		}
		if refers(f.Value, low, high) {
			return true
		}
	}
	return false
}

// entries notes the entries of the range table, depth levels out, that an expression reads.
func entries(v querytree.Value, depth int, used map[int]bool) {
	for _, e := range v.List {
		entries(e, depth, used)
	}
	switch n := v.Node; {
	case n == nil:
	case n.Kind == "VAR":
		if n.Int("varlevelsup") == depth {
			used[n.Int("varno")] = true
		}
	default:
		if n.Kind == "QUERY" {
			depth++
		}
		for _, f := range n.Fields {
			entries(f.Value, depth, used)
		}
	}
}

package catalog

import (
	"slices"
	"strings"

	"github.com/das-local/das-local/internal/querytree"
)

// The planner finds min() and max() by an index if it can: each is a query of its own, which has all relations of
// the one around it.

// minMax gives the copies of the relations that the planner makes to find min() and max() by an index.
// Where it is open whether that is worth its while there are none: for few rows, or if only some of the
// relations that inherit from one, or of the parts of UNION ALL, have the index.
func (w *walker) minMax(q *querytree.Node) (out []Used) {
	l := w.level
	if l == nil || l.q != q || !q.Bool("hasAggs") || q.Int("commandType") != cmdSelect || len(q.Get("groupClause").List) > 0 ||
		len(q.Get("groupingSets").List) > 1 || q.Bool("hasWindowFuncs") || !q.Get("setOperations").Null() || len(q.Get("cteList").List) > 0 {
		return nil
	}
	refs, at := 0, 0
	eachRef(q.Get("jointree"), func(i int) { refs++; at = i })
	if refs != 1 || w.joined(q) {
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
			l.minMax = 0
			return nil
		}
		if k := fingerprint(querytree.Value{Node: n}); !slices.Contains(seen, k) {
			seen = append(seen, k)
			out = append(out, copies...)
			l.minMax++
		}
	}
	return out
}

// joined says whether a sub-select in WHERE may be joined with the query in hand.
func (w *walker) joined(q *querytree.Node) bool {
	for _, c := range conditions(q.Get("jointree").Node.Get("quals"), nil) {
		link, _ := joinable(c)
		if link != nil && (link.Int("subLinkType") != existsSubLink || w.joins(link.Get("subselect").Node, nil)) {
			return true
		}
	}
	return false
}

// indexed follows an expression through merged sub-selects to a relation that has an index on it, and
// lists the relations on the way. All rows have a constant in order. Of what is computed, indexes of
// expressions have the order.
func (w *walker) indexed(q *querytree.Node, at int, v querytree.Value) []Used {
	if constant, _ := w.t.constant(v); constant {
		return w.column(q, at, anyColumn)
	}
	if !v.Is("VAR") {
		return w.relation(q, at, func(rel *treeRelation, inherit bool) bool { return rel.computes(fingerprintOf(v, at), inherit) })
	}
	if v.Node.Int("varno") != at || v.Node.Int("varlevelsup") != 0 {
		return nil
	}
	return w.column(q, at, v.Node.Int("varattno"))
}

// relation lists the relations of q if its entry at is one whose index the planner would use: serves says
// that there is one, or none is needed.
func (w *walker) relation(q *querytree.Node, at int, serves func(rel *treeRelation, inherit bool) bool) []Used {
	rtes := q.Get("rtable").List
	if at < 1 || at > len(rtes) {
		return nil
	}
	rte := rtes[at-1].Node
	rel := w.t.relations[rte.OID("relid")]
	if rte.Int("rtekind") != rteRelation || rel == nil || rel.Kind != 'r' && rel.Kind != 'm' && rel.Kind != 'p' {
		return nil
	}
	inherit := rte.Bool("inh")
	if !inherit && len(rel.leaves) > 0 {
		return nil // not taken for ten pages, like other tables that were never analysed
	}
	if !serves(rel, inherit) {
		return nil
	}
	own := &walker{t: w.t}
	own.relations(q)
	return own.rels
}

// anyColumn is one that any order has in order.
const anyColumn = -1000

func (w *walker) column(q *querytree.Node, at, column int) []Used {
	rtes := q.Get("rtable").List
	if at < 1 || at > len(rtes) {
		return nil
	}
	rte := rtes[at-1].Node
	switch rte.Int("rtekind") {
	case rteRelation:
		fixed := w.fixed(q, at)
		return w.relation(q, at, func(rel *treeRelation, inherit bool) bool {
			if column == anyColumn || fixed[column] {
				// The cost is about the same for few rows. Then the plan wins that workers may run, if there
				// is one: none may that reads the query around.
				return !rel.few || refers(q.Get("jointree"), 1, maxCalls)
			}
			return rel.ordered(column, fixed, inherit)
		})
	case rteSubquery:
		sub := rte.Get("subquery").Node
		if setop := sub.Get("setOperations"); !setop.Null() {
			return w.arm(sub, setop, column)
		}
		refs, inner := 0, 0
		eachRef(sub.Get("jointree"), func(i int) { refs++; inner = i })
		columns := sub.Get("targetList").List
		if refs != 1 || !w.simple(sub) || w.joined(sub) || rte.Bool("security_barrier") || column != anyColumn && (column < 1 || column > len(columns)) {
			return nil
		}
		var below []Used
		if column == anyColumn {
			below = w.column(sub, inner, column)
		} else {
			below = w.indexed(sub, inner, columns[column-1].Node.Get("expr"))
		}
		if below != nil {
			own := &walker{t: w.t}
			own.relations(q)
			return append(own.rels, below...)
		}
	}
	return nil
}

// arm lists the relations of UNION ALL whose parts all have a column in order.
func (w *walker) arm(q *querytree.Node, setop querytree.Value, column int) (out []Used) {
	if column == anyColumn || !w.appended(q, setop) {
		return nil
	}
	ok := true
	eachRef(setop, func(at int) {
		below := w.column(q, at, column)
		ok = ok && below != nil
		out = append(out, below...)
	})
	if !ok {
		return nil
	}
	return out
}

// appended says whether the planner merges the parts of a set operation into the query around: all are UNION ALL
// of plain columns of the types that come out.
func (w *walker) appended(q *querytree.Node, v querytree.Value) bool {
	rtes := q.Get("rtable").List
	for _, f := range []string{"sortClause", "limitOffset", "limitCount", "rowMarks", "cteList"} {
		if !empty(q.Get(f)) {
			return false
		}
	}
	const union = 1 // SetOperation
	n := v.Node
	if n == nil || n.Kind != "SETOPERATIONSTMT" || n.Int("op") != union || !n.Bool("all") {
		return false
	}
	types := n.Get("colTypes").List
	if len(types) > 0 && types[0].Token == "o" {
		types = types[1:]
	}
	for _, side := range []querytree.Value{n.Get("larg"), n.Get("rarg")} {
		if side.Is("SETOPERATIONSTMT") {
			if !w.appended(q, side) {
				return false
			}
			continue
		}
		at := side.Node.Int("rtindex")
		if at < 1 || at > len(rtes) {
			return false
		}
		columns := rtes[at-1].Node.Get("subquery").Node.Get("targetList").List
		if len(columns) != len(types) {
			return false
		}
		for i, te := range columns {
			if e := te.Node.Get("expr"); !e.Is("VAR") || e.Node.Get("vartype").Token != types[i].Token {
				return false
			}
		}
	}
	return true
}

// ordered says whether an index has a column of a relation in order, and of all those that inherit from it if inherit is
// set.
func (r *treeRelation) ordered(column int, fixed map[int]bool, inherit bool) bool {
	return r.has(inherit, func(i index) bool { return i.serves(column, fixed) })
}

// computes says the same of an expression, as fingerprintOf gives it.
func (r *treeRelation) computes(expr string, inherit bool) bool {
	return r.has(inherit, func(i index) bool {
		return i.btree && i.pred.Null() && len(i.keys) > 0 && i.keys[0] == 0 && len(i.exprs.List) > 0 && fingerprintOf(i.exprs.List[0], 1) == expr
	})
}

// has says whether the planner takes an index that serves.
func (r *treeRelation) has(inherit bool, serves func(index) bool) bool {
	if r.open {
		return false
	}
	if !inherit || len(r.leaves) == 0 {
		return slices.ContainsFunc(r.indexes, serves)
	}
	for _, indexes := range r.leaves {
		if !slices.ContainsFunc(indexes, serves) {
			return false
		}
	}
	return true
}

// serves says whether an index has a column in order, once those in fixed are given.
func (i *index) serves(column int, fixed map[int]bool) bool {
	if !i.btree || !i.pred.Null() && !notNull(i.pred, column) || column < 1 {
		return false
	}
	for _, k := range i.keys {
		if k == column {
			return true
		}
		if !fixed[k] {
			return false
		}
	}
	return false
}

// notNull says whether an index leaves out no more than the rows whose column is NULL, as min() and max() do.
func notNull(pred querytree.Value, column int) bool {
	for len(pred.List) == 1 {
		pred = pred.List[0]
	}
	const isNotNull = 1 // NullTestType
	arg := pred.Node.Get("arg")
	return pred.Is("NULLTEST") && pred.Node.Int("nulltesttype") == isNotNull && arg.Is("VAR") && arg.Node.Int("varattno") == column
}

// fixed are the columns of an entry that WHERE sets equal to a constant, or to something of a query around.
func (w *walker) fixed(q *querytree.Node, at int) map[int]bool {
	out := map[int]bool{}
	for _, c := range conditions(q.Get("jointree").Node.Get("quals"), nil) {
		if !c.Is("OPEXPR") || len(c.Node.Get("args").List) != 2 {
			continue
		}
		f := w.t.callee(c.Node)
		a, b := c.Node.Get("args").List[0], c.Node.Get("args").List[1]
		if refers(a, 1, maxCalls) {
			a, b = b, a
		}
		if f != nil && strings.HasSuffix(f.Name, "eq") && a.Is("VAR") && a.Node.Int("varno") == at && a.Node.Int("varlevelsup") == 0 &&
			w.given(b) {
			out[a.Node.Int("varattno")] = true
		}
	}
	return out
}

// given says whether an expression has one value for all rows of the query that it is of.
func (w *walker) given(v querytree.Value) bool {
	if constant, _ := w.t.constant(v); constant {
		return true
	}
	return v.Is("VAR") && v.Node.Int("varlevelsup") > 0
}

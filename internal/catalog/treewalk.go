package catalog

import (
	"slices"

	"github.com/das-local/das-local/internal/querytree"
)

// Numbers of PostgreSQL's enums as trees print them; these have never changed.
const (
	cmdSelect, cmdUpdate, cmdInsert, cmdDelete, cmdMerge = 1, 2, 3, 4, 5 // CmdType; 5 is UTILITY before version 15

	rteRelation, rteSubquery, rteJoin, rteFunction, rteTableFunc, rteValues, rteCTE = 0, 1, 2, 3, 4, 5, 6 // RTEKind

	permInsert, permSelect, permUpdate, permDelete = 1, 2, 4, 8 // AclMode
)

// maxCalls bounds what an analysis lists, and with it copies of views and WITH queries.
const maxCalls = 4096

// A walker goes through one query as the planner does, and notes what the executor will meet.
type walker struct {
	t        *tree
	rels     []Used
	planning []Call // calls that the planner makes
	sub      []Call // of plans apart: WITH queries and sub-selects in expressions; they start first
	later    []Call // of rows of VALUES after the first
	level    *level // the query in hand
	outer    bool   // what is walked stands in for a column of a query around that one
	never    bool   // the next query has no rows that anybody wants
	steps    int
}

// A level is a query whose expressions are walked.
type level struct {
	q    *querytree.Node
	up   *level
	rtes []querytree.Value
	ctes map[string]*querytree.Node // those to be merged where they are read
	// pulled are the sub-selects merged into this query, by position in rtes: a column of theirs is the
	// expression behind it.
	pulled map[int]*level
	aggs   []*querytree.Node // aggregates and window functions in its expressions
	minMax int               // how many min() and max() are found by an index
	merged int               // how many queries around it are one with it: an EXISTS that was made a join
	anti   bool              // it was NOT EXISTS
	empty  bool              // its FROM and WHERE have no rows
	never  bool              // because a condition around it is false
	at     int               // where it stands in the range table of the level above; 0 if not in FROM
}

func (t *tree) queries() []*Query {
	out := []*Query{}
	for _, v := range t.root.List {
		if !v.Is("QUERY") {
			continue
		}
		q := v.Node
		w := &walker{t: t}
		one := &Query{Command: t.command(q), Original: q.Int("querySource") == 0 || q.Bool("canSetTag")}
		for _, rte := range q.Get("rtable").List {
			one.RowSecurity = one.RowSecurity || !rte.Node.Get("securityQuals").Null()
		}
		calls := w.query(q, false)
		one.Relations = w.rels
		one.Calls = slices.Concat(w.planning, w.sub, calls)
		one.AfterRow = append(t.afterRow(q), w.later...)
		out = append(out, one)
	}
	return out
}

func (t *tree) command(q *querytree.Node) string {
	switch q.Int("commandType") {
	case cmdSelect:
		return "SELECT"
	case cmdUpdate:
		return "UPDATE"
	case cmdInsert:
		return "INSERT"
	case cmdDelete:
		return "DELETE"
	case cmdMerge:
		if t.version >= 150000 {
			return "MERGE"
		}
	}
	return "UTILITY"
}

// query walks a query. exists: it stands in EXISTS, so that nobody looks at its columns.
func (w *walker) query(q *querytree.Node, exists bool) []Call {
	if w.steps++; w.steps > maxCalls {
		return nil
	}
	l := w.enter(q)
	defer func() { w.level = l.up }()
	return w.body(l, exists, nil)
}

// enter makes q the query in hand.
func (w *walker) enter(q *querytree.Node) *level {
	l := &level{q: q, up: w.level, never: w.never, rtes: q.Get("rtable").List, ctes: map[string]*querytree.Node{}, pulled: map[int]*level{}}
	w.level, w.never = l, false
	return l
}

// body walks the query in hand. used, if not nil, are the columns that the outer query reads.
func (w *walker) body(l *level, exists bool, used map[int]bool) []Call {
	q := l.q
	w.with(q)
	w.relations(q)
	apart := len(w.sub)
	from := w.from(q.Get("jointree"))
	if on := q.Get("mergeJoinCondition"); !on.Null() { // from version 17 on it is not WHERE's
		from = append(from, w.quals(on, mergeNullable(q))...)
	}
	if l.empty = l.never || w.empty(q); l.empty {
		from = nil
		if items(q) == 1 && len(l.pulled) == 0 { // not even planned; those of a join are, each by itself
			w.sub = w.sub[:apart]
		}
	}
	if setop := q.Get("setOperations"); !setop.Null() {
		from = append(from, w.arms(setop)...)
	}
	return w.assemble(l, from, exists, used)
}

// with plans the WITH queries that stay apart.
func (w *walker) with(q *querytree.Node) {
	for _, v := range q.Get("cteList").List {
		c := v.Node
		body := c.Get("ctequery").Node
		refs, dml := c.Int("cterefcount"), body.Int("commandType") != cmdSelect
		if refs == 0 && !dml {
			continue // the planner drops it
		}
		const always, never = 1, 2
		how := c.Int("ctematerialized")
		merged := how == never || how != always && refs == 1
		if merged && !dml && !c.Bool("cterecursive") && q.Int("commandType") == cmdSelect &&
			!w.t.volatile(c.Get("ctequery")) && !writes(c.Get("ctequery")) {
			w.level.ctes[c.Get("ctename").Token] = body
			continue
		}
		calls := w.query(body, false)
		w.sub = append(w.sub, calls...)
	}
}

// relations notes the range-table entries that need a permission.
func (w *walker) relations(q *querytree.Node) {
	perms := q.Get("rteperminfos").List // from version 16 on
	for _, v := range q.Get("rtable").List {
		rte := v.Node
		need := rte.Int("requiredPerms")
		if at := rte.Int("perminfoindex"); at > 0 && at <= len(perms) {
			need = perms[at-1].Node.Int("requiredPerms")
		}
		rel := w.t.relations[rte.OID("relid")]
		if rel == nil || need == 0 || len(w.rels) >= maxCalls {
			continue
		}
		u := Used{Relation: rel.Relation, Access: Read}
		if k := rte.Get("relkind").Token; k != "" {
			u.Kind = k[0] // 'c' is EXCLUDED
		}
		switch {
		case need&permInsert != 0:
			u.Access = Insert
		case need&permUpdate != 0 && q.Int("commandType") != cmdSelect: // there it is FOR UPDATE's
			u.Access = Update
		case need&permDelete != 0:
			u.Access = Delete
		}
		w.rels = append(w.rels, u)
	}
	w.unplanned(q)
	w.rels = append(w.rels, w.minMax(q)...)
}

// unplanned notes the relations of sub-selects that no plan is made for: they stay in the
// list that the server checks permissions by.
func (w *walker) unplanned(q *querytree.Node) {
	planned := map[int]bool{}
	eachRef(q.Get("jointree"), func(at int) { planned[at] = true })
	eachRef(q.Get("setOperations"), func(at int) { planned[at] = true })
	for i, v := range q.Get("rtable").List {
		if v.Node.Int("rtekind") == rteSubquery && !planned[i+1] {
			w.relations(v.Node.Get("subquery").Node)
		}
	}
}

// eachRef calls f with the positions that a join tree or a set operation names.
func eachRef(v querytree.Value, f func(at int)) {
	for _, e := range v.List {
		eachRef(e, f)
	}
	if v.Node == nil {
		return
	}
	switch v.Node.Kind {
	case "RANGETBLREF":
		f(v.Node.Int("rtindex"))
	case "FROMEXPR":
		eachRef(v.Node.Get("fromlist"), f)
	case "JOINEXPR", "SETOPERATIONSTMT":
		eachRef(v.Node.Get("larg"), f)
		eachRef(v.Node.Get("rarg"), f)
	}
}

// items is how many entries a query's FROM has.
func items(q *querytree.Node) (n int) {
	eachRef(q.Get("jointree"), func(int) { n++ })
	return n
}

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

// writes says whether a tree has a query that is not a SELECT.
func writes(v querytree.Value) bool {
	for _, e := range v.List {
		if writes(e) {
			return true
		}
	}
	if v.Node == nil {
		return false
	}
	if v.Node.Kind == "QUERY" && v.Node.Int("commandType") != cmdSelect {
		return true
	}
	for _, f := range v.Node.Fields {
		if writes(f.Value) {
			return true
		}
	}
	return false
}

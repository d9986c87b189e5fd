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

package classify

import (
	pg_query "github.com/pganalyze/pg_query_go/v6"
)

// cte is one WITH query in sight.
type cte struct {
	name string
	got  *collector
	// refs are the WITH queries that read it, nil standing for the statement
	// itself.
	refs  []*cte
	inner bool // it may be merged into the only place that reads it
	never bool // NOT MATERIALIZED: merged wherever it is read
	dml   bool
	self  bool // RECURSIVE and reads itself
}

// scope is a WITH clause's queries, seen from the inside of a statement.
type scope struct {
	up    *scope
	ctes  []*cte
	owner *cte // whose body this is; nil: as up
}

func (s *scope) find(name string) (*cte, *scope) {
	for ; s != nil; s = s.up {
		for i := len(s.ctes) - 1; i >= 0; i-- {
			if s.ctes[i].name == name {
				return s.ctes[i], s
			}
		}
	}
	return nil, nil
}

// within says whose body s lies in.
func (s *scope) within() *cte {
	for ; s != nil; s = s.up {
		if s.owner != nil {
			return s.owner
		}
	}
	return nil
}

// collector gathers what a query touches, in range-table order.
type collector struct {
	rels  []Relation
	funcs []Function
	tail  []Relation // of WITH queries: after all else
	sets  []Effect   // of set_config
}

func (c *collector) relation(r *pg_query.RangeVar, a Access) {
	c.rels = append(c.rels, Relation{Schema: r.Schemaname, Name: r.Relname, Access: a})
}

// query reads a SELECT, INSERT, UPDATE, DELETE or MERGE node.
func (c *collector) query(n *pg_query.Node, sc *scope) bool {
	switch v := n.GetNode().(type) {
	case *pg_query.Node_SelectStmt:
		c.selects(v.SelectStmt, sc)
	case *pg_query.Node_InsertStmt:
		c.insert(v.InsertStmt, sc)
	case *pg_query.Node_UpdateStmt:
		c.update(v.UpdateStmt, sc)
	case *pg_query.Node_DeleteStmt:
		c.deletes(v.DeleteStmt, sc)
	case *pg_query.Node_MergeStmt:
		c.merge(v.MergeStmt, sc)
	default:
		return false
	}
	return true
}

// with opens a WITH clause; the function it returns closes it, once every
// reader has been seen.
func (c *collector) with(w *pg_query.WithClause, sc *scope) (*scope, func()) {
	if w == nil {
		return sc, func() {}
	}
	in := &scope{up: sc}
	all := make([]*cte, 0, len(w.Ctes))
	bodies := make([]*pg_query.Node, 0, len(w.Ctes))
	for _, n := range w.Ctes {
		e := n.GetCommonTableExpr()
		if e == nil {
			continue
		}
		_, isSelect := e.Ctequery.GetNode().(*pg_query.Node_SelectStmt)
		all = append(all, &cte{
			name: e.Ctename, got: &collector{}, dml: !isSelect,
			inner: isSelect && e.Ctematerialized != pg_query.CTEMaterialize_CTEMaterializeAlways,
			never: e.Ctematerialized == pg_query.CTEMaterialize_CTEMaterializeNever,
		})
		bodies = append(bodies, e.Ctequery)
	}
	if w.Recursive {
		in.ctes = all
	}
	for i, e := range all {
		e.got.query(bodies[i], &scope{up: in, owner: e})
		e.got.rels = append(e.got.rels, e.got.tail...)
		e.got.tail = nil
		if !w.Recursive {
			in.ctes = all[:i+1]
		}
	}
	return in, func() { c.closeWith(all) }
}

// closeWith adds what is left of the WITH queries: those nobody reads are dropped
// by the planner, and with them what only they read.
func (c *collector) closeWith(all []*cte) {
	uses := make(map[*cte]int, len(all))
	for i := len(all) - 1; i >= 0; i-- {
		e := all[i]
		live := 0
		for _, by := range e.refs {
			if n, mine := uses[by]; !mine || n > 0 {
				live++
			}
		}
		merged := e.inner && !e.self && !e.got.writes()
		switch {
		case e.dml:
			uses[e] = 1
		case len(e.refs) == 0:
			uses[e] = 0
		case merged && e.never:
			uses[e] = live
		case merged && len(e.refs) == 1:
			uses[e] = live
		default:
			uses[e] = 1
		}
	}
	for _, e := range all {
		for range uses[e] {
			c.tail = append(c.tail, e.got.rels...)
			c.funcs = append(c.funcs, e.got.funcs...)
			c.sets = append(c.sets, e.got.sets...)
		}
	}
}

func (c *collector) writes() bool {
	for _, r := range c.rels {
		if r.Access != Read {
			return true
		}
	}
	return false
}

func (c *collector) selects(s *pg_query.SelectStmt, sc *scope) {
	if s == nil {
		return
	}
	in, done := c.with(s.WithClause, sc)
	defer done()
	if s.Op > pg_query.SetOperation_SETOP_NONE {
		c.selects(s.Larg, in)
		c.selects(s.Rarg, in)
	}
	joined := len(s.FromClause) > 1 || len(s.FromClause) == 1 && s.FromClause[0].GetJoinExpr() != nil
	if joined {
		c.from(s.FromClause, in)
	}
	if !joined {
		// Names first: the functions of a FROM item start after the target list's.
		item := &collector{}
		item.from(s.FromClause, in)
		c.rels = append(c.rels, item.rels...)
		c.tail = append(c.tail, item.tail...)
		c.sets = append(c.sets, item.sets...)
		defer func() { c.funcs = append(c.funcs, item.funcs...) }()
	}
	c.exprs(s.TargetList, in)
	c.quals(s.WhereClause, in)
	for _, row := range s.ValuesLists {
		c.expr(row, in)
	}
	c.sortedOrGrouped(s, in)
	c.expr(s.HavingClause, in)
	c.exprs(s.WindowClause, in)
	c.exprs(s.DistinctClause, in)
	c.expr(s.LimitOffset, in)
	c.expr(s.LimitCount, in)
}

// sortedOrGrouped reads GROUP BY and ORDER BY: an expression that the target
// list has too is evaluated once.
func (c *collector) sortedOrGrouped(s *pg_query.SelectStmt, in *scope) {
	targets := map[string]bool{}
	seen := func(n *pg_query.Node) bool {
		if n.GetColumnRef() != nil || n.GetAConst() != nil {
			return true
		}
		if len(targets) == 0 {
			for _, t := range s.TargetList {
				targets[nodeKey(t.GetResTarget().GetVal())] = true
			}
		}
		key := nodeKey(n)
		if targets[key] {
			return true
		}
		targets[key] = true
		return false
	}
	for _, n := range s.GroupClause {
		if n.GetGroupingSet() != nil || !seen(n) {
			c.expr(n, in)
		}
	}
	for _, n := range s.SortClause {
		if by := n.GetSortBy(); by != nil && !seen(by.Node) {
			c.expr(by.Node, in)
		}
	}
}

func (c *collector) from(items []*pg_query.Node, sc *scope) {
	for _, n := range items {
		c.fromItem(n, sc)
	}
}

func (c *collector) fromItem(n *pg_query.Node, sc *scope) {
	switch v := n.GetNode().(type) {
	case *pg_query.Node_RangeVar:
		c.reads(v.RangeVar, sc)
	case *pg_query.Node_JoinExpr:
		c.fromItem(v.JoinExpr.Larg, sc)
		c.fromItem(v.JoinExpr.Rarg, sc)
		c.quals(v.JoinExpr.Quals, sc)
	case *pg_query.Node_RangeSubselect:
		c.query(v.RangeSubselect.Subquery, sc)
	case *pg_query.Node_RangeTableSample:
		c.fromItem(v.RangeTableSample.Relation, sc)
		c.exprs(v.RangeTableSample.Args, sc)
		c.expr(v.RangeTableSample.Repeatable, sc)
	default:
		c.expr(n, sc)
	}
}

// reads adds a relation, or counts a reference to a WITH query.
func (c *collector) reads(r *pg_query.RangeVar, sc *scope) {
	if r.Schemaname == "" && r.Catalogname == "" {
		if e, _ := sc.find(r.Relname); e != nil {
			by := sc.within()
			for s := sc; s != nil; s = s.up {
				if s.owner == e {
					e.self = true
					return
				}
			}
			e.refs = append(e.refs, by)
			return
		}
	}
	c.relation(r, Read)
}

package classify

import (
	pg_query "github.com/pganalyze/pg_query_go/v6"
)

func (c *collector) insert(s *pg_query.InsertStmt, sc *scope) {
	in, done := c.with(s.WithClause, sc)
	defer done()
	c.relation(s.Relation, Insert)
	if oc := s.OnConflictClause; oc != nil {
		x := exprScope{c: c, sc: in}
		x.excluded = true
		x.nodes(oc.TargetList)
		x.node(oc.WhereClause)
		x.excluded = false
		if x.sawExcluded {
			c.rels = append(c.rels, Relation{
				Schema: s.Relation.Schemaname, Name: s.Relation.Relname, Access: Read, Excluded: true,
			})
		}
		if oc.Infer != nil {
			x.nodes(oc.Infer.IndexElems)
			x.node(oc.Infer.WhereClause)
		}
	}
	c.query(s.SelectStmt, in)
	c.exprs(s.ReturningList, in)
}

func (c *collector) update(s *pg_query.UpdateStmt, sc *scope) {
	in, done := c.with(s.WithClause, sc)
	defer done()
	c.relation(s.Relation, Update)
	c.from(s.FromClause, in)
	c.exprs(s.TargetList, in)
	c.quals(s.WhereClause, in)
	c.exprs(s.ReturningList, in)
}

func (c *collector) deletes(s *pg_query.DeleteStmt, sc *scope) {
	in, done := c.with(s.WithClause, sc)
	defer done()
	c.relation(s.Relation, Delete)
	c.from(s.UsingClause, in)
	c.quals(s.WhereClause, in)
	c.exprs(s.ReturningList, in)
}

func (c *collector) merge(s *pg_query.MergeStmt, sc *scope) {
	in, done := c.with(s.WithClause, sc)
	defer done()
	access := Read
	for _, n := range s.MergeWhenClauses {
		switch n.GetMergeWhenClause().GetCommandType() {
		case pg_query.CmdType_CMD_INSERT:
			access = Insert
		case pg_query.CmdType_CMD_UPDATE:
			if access != Insert {
				access = Update
			}
		case pg_query.CmdType_CMD_DELETE:
			if access == Read {
				access = Delete
			}
		}
	}
	c.relation(s.Relation, access)
	c.fromItem(s.SourceRelation, in)
	c.expr(s.JoinCondition, in)
	for _, n := range s.MergeWhenClauses {
		w := n.GetMergeWhenClause()
		c.expr(w.GetCondition(), in)
		c.exprs(w.GetTargetList(), in)
		c.exprs(w.GetValues(), in)
	}
	c.exprs(s.ReturningList, in)
}

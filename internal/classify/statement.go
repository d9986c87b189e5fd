package classify

import (
	"slices"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/das-local/das-local/internal/activity"
)

// statement reads one statement's tree. text is its part of the text.
func statement(text string, n *pg_query.Node) *Statement {
	if q := readQuery(n); q != nil {
		q.Text = text
		return q
	}
	s := &Statement{Form: Utility, Command: commandOf(text)}
	switch v := n.GetNode().(type) {
	case *pg_query.Node_SelectStmt: // SELECT INTO; the rest is a query
		s.createAs(v.SelectStmt.IntoClause, 'r')
		s.Command = "SELECT INTO"
		inner := &collector{}
		inner.selects(v.SelectStmt, nil)
		s.Inner = fromCollector(inner, "SELECT")
		s.Inner.Text = withoutInto(text)
	case *pg_query.Node_CreateTableAsStmt:
		readCreateAs(s, text, v.CreateTableAsStmt)
	case *pg_query.Node_CopyStmt:
		readCopy(s, text, v.CopyStmt)
	case *pg_query.Node_ExplainStmt:
		s.Form, s.Analyze = Explain, analyzes(v.ExplainStmt)
		s.Inner = statement(explained(text), v.ExplainStmt.Query)
	case *pg_query.Node_PrepareStmt:
		s.Form, s.Name = Prepare, v.PrepareStmt.Name
		s.Inner = statement(after(text, "as"), v.PrepareStmt.Query)
		s.Inner.Types = preparedTypes(text)
	case *pg_query.Node_ExecuteStmt:
		s.Form, s.Name = Execute, v.ExecuteStmt.Name
		readArgs(s, v.ExecuteStmt.Params)
	case *pg_query.Node_DeclareCursorStmt:
		s.Form, s.Name = Declare, v.DeclareCursorStmt.Portalname
		s.Inner = statement(after(text, "for"), v.DeclareCursorStmt.Query)
	case *pg_query.Node_RefreshMatViewStmt:
		s.Form, s.NoData = Refresh, v.RefreshMatViewStmt.SkipData
		s.Relations = []Relation{rangeVar(v.RefreshMatViewStmt.Relation, Read)}
	case *pg_query.Node_CallStmt:
		s.Form = Call
		c := &collector{}
		x := exprScope{c: c}
		x.call(v.CallStmt.Funccall)
		s.Functions = c.funcs
	case *pg_query.Node_DoStmt:
		s.Form = Do
	default:
		readFunctions(s, n)
	}
	if s.Command == "" {
		s.Command = bareCommand(n)
	}
	s.Class = classOf(s)
	s.Effects = append(s.Effects, effects(n, s.Command)...)
	return s
}

// bareCommand is for nodes without a text of their own, as below EXPLAIN.
func bareCommand(n *pg_query.Node) string {
	switch v := n.GetNode().(type) {
	case *pg_query.Node_ExecuteStmt:
		return "EXECUTE"
	case *pg_query.Node_CreateTableAsStmt:
		if v.CreateTableAsStmt.Objtype == pg_query.ObjectType_OBJECT_MATVIEW {
			return "CREATE MATERIALIZED VIEW"
		}
		return "CREATE TABLE AS"
	case *pg_query.Node_DeclareCursorStmt:
		return "DECLARE CURSOR"
	case *pg_query.Node_RefreshMatViewStmt:
		return "REFRESH MATERIALIZED VIEW"
	}
	return ""
}

// readQuery gives the statement of a SELECT (without INTO) or DML node.
func readQuery(n *pg_query.Node) *Statement {
	command := ""
	switch v := n.GetNode().(type) {
	case *pg_query.Node_SelectStmt:
		if intoClause(v.SelectStmt) != nil {
			v.SelectStmt.IntoClause = intoClause(v.SelectStmt)
			return nil
		}
		command = "SELECT"
	case *pg_query.Node_InsertStmt:
		command = "INSERT"
	case *pg_query.Node_UpdateStmt:
		command = "UPDATE"
	case *pg_query.Node_DeleteStmt:
		command = "DELETE"
	case *pg_query.Node_MergeStmt:
		command = "MERGE"
	default:
		return nil
	}
	c := &collector{}
	c.query(n, nil)
	s := fromCollector(c, command)
	if sel := n.GetSelectStmt(); sel != nil {
		describeSelect(s, sel)
	}
	return s
}

// describeSelect says what a function or a view with this body is like.
func describeSelect(s *Statement, v *pg_query.SelectStmt) {
	if v.Op > pg_query.SetOperation_SETOP_NONE || len(v.DistinctClause) > 0 || len(v.GroupClause) > 0 ||
		v.HavingClause != nil || len(v.WindowClause) > 0 || len(v.ValuesLists) > 0 || v.LimitOffset != nil ||
		v.LimitCount != nil || v.WithClause != nil {
		return
	}
	if len(v.FromClause) == 1 && v.FromClause[0].GetRangeVar() != nil && len(s.Relations) > 0 {
		s.Updatable = !slices.ContainsFunc(v.TargetList, hasAggregate)
	}
	if len(v.FromClause) == 0 && v.WhereClause == nil && len(v.SortClause) == 0 && len(v.TargetList) == 1 {
		val := v.TargetList[0].GetResTarget().GetVal()
		s.Scalar = !hasSubLink(val)
		s.Strict = s.Scalar && strict(val)
	}
}

// intoClause finds INTO, which stands in the first arm of a UNION.
func intoClause(s *pg_query.SelectStmt) *pg_query.IntoClause {
	for ; s != nil; s = s.Larg {
		if s.IntoClause != nil {
			return s.IntoClause
		}
	}
	return nil
}

func fromCollector(c *collector, command string) *Statement {
	s := &Statement{Form: Query, Command: command, Relations: append(c.rels, c.tail...), Functions: c.funcs}
	s.Class = activity.ClassRead
	if command != "SELECT" {
		s.Class = activity.ClassWrite
	}
	s.Effects = c.sets
	return s
}

func rangeVar(r *pg_query.RangeVar, a Access) Relation {
	return Relation{Schema: r.GetSchemaname(), Name: r.GetRelname(), Access: a}
}

// classOf looks through the statements whose class is that of another one.
func classOf(s *Statement) activity.Class {
	switch {
	case s.Form == Prepare && s.Inner.Form == Query:
		return s.Inner.Class
	case s.Form == Explain && s.Analyze && s.Inner.Class == activity.ClassWrite,
		s.Form == Explain && s.Analyze && s.Inner.Form == CreateAs:
		return s.Inner.Class
	case s.Form == Copy && len(s.Relations) > 0 && s.Relations[0].Access == Insert:
		return activity.ClassWrite
	}
	return ClassOf(s.Command)
}

func (s *Statement) createAs(into *pg_query.IntoClause, kind byte) {
	s.Form, s.NoData = CreateAs, into.GetSkipData()
	if r := into.GetRel(); r != nil {
		s.Effects = append(s.Effects, created(r, kind))
	}
}

func readCreateAs(s *Statement, text string, v *pg_query.CreateTableAsStmt) {
	kind := byte('r')
	if v.Objtype == pg_query.ObjectType_OBJECT_MATVIEW {
		kind = 'm'
		s.Command = "CREATE MATERIALIZED VIEW"
	} else {
		s.Command = "CREATE TABLE AS"
	}
	s.createAs(v.Into, kind)
	s.IfNotExists = v.IfNotExists
	s.Inner = statement(withoutData(after(text, "as")), v.Query)
}

func readCopy(s *Statement, text string, v *pg_query.CopyStmt) {
	if v.Query != nil {
		s.Form = CopyOut
		s.Inner = statement(parenthesised(text), v.Query)
		return
	}
	s.Form = Copy
	for _, n := range v.Attlist {
		s.Columns = append(s.Columns, n.GetString_().GetSval())
	}
	access := Read
	if v.IsFrom {
		access = Insert
	}
	s.Relations = []Relation{rangeVar(v.Relation, access)}
	c := &collector{}
	c.expr(v.WhereClause, nil)
	s.Functions = c.funcs
}

// analyzes says whether the last ANALYZE option is on.
func analyzes(v *pg_query.ExplainStmt) bool {
	on := false
	for _, n := range v.Options {
		d := n.GetDefElem()
		if d.GetDefname() != "analyze" {
			continue
		}
		on = true
		switch a := d.GetArg().GetNode().(type) {
		case *pg_query.Node_Integer:
			on = a.Integer.Ival != 0
		case *pg_query.Node_Boolean:
			on = a.Boolean.Boolval
		case *pg_query.Node_String_:
			switch strings.ToLower(a.String_.Sval) {
			case "false", "off", "0", "no":
				on = false
			}
		}
	}
	return on
}

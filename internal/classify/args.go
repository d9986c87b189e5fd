package classify

import (
	"strconv"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v6"
)

// readArgs reads the arguments of EXECUTE.
func readArgs(s *Statement, params []*pg_query.Node) {
	c := &collector{}
	for _, p := range params {
		text, ok := constText(p)
		s.Args = append(s.Args, Arg{Text: text, Known: ok, Null: constNull(p)})
		c.expr(p, nil)
	}
	s.Functions = c.funcs
}

// integers prints an array of integers. How other elements are printed depends on their type.
func integers(elements []*pg_query.Node) (string, bool) {
	list := make([]string, len(elements))
	for i, e := range elements {
		text, ok := constText(e)
		if _, err := strconv.ParseInt(text, 10, 64); !ok || err != nil || e.GetTypeCast() != nil || e.GetAConst().GetSval() != nil {
			return "", false
		}
		list[i] = text
	}
	return "{" + strings.Join(list, ",") + "}", true
}

// constNull says whether an expression is NULL, perhaps of a type that is named.
func constNull(n *pg_query.Node) bool {
	for n.GetTypeCast() != nil {
		n = n.GetTypeCast().Arg
	}
	return n.GetAConst().GetIsnull()
}

// constText prints a constant; NULL and what only the server can compute are
// not known.
func constText(n *pg_query.Node) (string, bool) {
	switch v := n.GetNode().(type) {
	case *pg_query.Node_AConst:
		switch c := v.AConst.Val.(type) {
		case *pg_query.A_Const_Ival:
			return strconv.Itoa(int(c.Ival.GetIval())), true
		case *pg_query.A_Const_Fval:
			return c.Fval.GetFval(), true
		case *pg_query.A_Const_Sval:
			return c.Sval.GetSval(), true
		case *pg_query.A_Const_Boolval:
			if c.Boolval.GetBoolval() {
				return "t", true
			}
			return "f", true
		}
	case *pg_query.Node_TypeCast:
		return constText(v.TypeCast.Arg)
	case *pg_query.Node_AArrayExpr:
		return integers(v.AArrayExpr.Elements)
	case *pg_query.Node_AExpr:
		if v.AExpr.Lexpr == nil && len(v.AExpr.Name) == 1 && v.AExpr.Name[0].GetString_().GetSval() == "-" {
			if t, ok := constText(v.AExpr.Rexpr); ok {
				return "-" + t, true
			}
		}
	}
	return "", false
}

// readFunctions notes the calls that a utility evaluates while it runs: defaults of
// new columns, expressions of new indexes.
func readFunctions(s *Statement, n *pg_query.Node) {
	c := &collector{}
	switch v := n.GetNode().(type) {
	case *pg_query.Node_IndexStmt:
		for _, p := range v.IndexStmt.IndexParams {
			c.expr(p.GetIndexElem().GetExpr(), nil)
		}
		c.expr(v.IndexStmt.WhereClause, nil)
		if len(c.funcs) > 0 && v.IndexStmt.Relation != nil {
			table := rangeVar(v.IndexStmt.Relation, Read)
			s.Table = &table
		}
	case *pg_query.Node_AlterTableStmt:
		for _, n := range v.AlterTableStmt.Cmds {
			cmd := n.GetAlterTableCmd()
			switch cmd.GetSubtype() {
			case pg_query.AlterTableType_AT_AddColumn, pg_query.AlterTableType_AT_AlterColumnType,
				pg_query.AlterTableType_AT_AddConstraint:
				if !cmd.GetDef().GetConstraint().GetSkipValidation() { // NOT VALID: no row is looked at
					c.expr(cmd.GetDef(), nil)
				}
			}
		}
	}
	s.Functions = c.funcs
}

package classify

import (
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// contains looks for a node that match accepts.
func contains(m protoreflect.Message, match func(*pg_query.Node) bool) bool {
	if n, ok := m.Interface().(*pg_query.Node); ok && match(n) {
		return true
	}
	found := false
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case fd.Message() == nil:
		case fd.IsList():
			for i := 0; i < v.List().Len() && !found; i++ {
				found = contains(v.List().Get(i).Message(), match)
			}
		default:
			found = contains(v.Message(), match)
		}
		return !found
	})
	return found
}

func hasSubLink(n *pg_query.Node) bool {
	return n != nil && contains(n.ProtoReflect(), func(n *pg_query.Node) bool { return n.GetSubLink() != nil })
}

// aggregates are those of views that people write; a view with another one is
// not updatable either, but nobody writes to it.
func hasAggregate(n *pg_query.Node) bool {
	return contains(n.ProtoReflect(), func(n *pg_query.Node) bool {
		f := n.GetFuncCall()
		if f == nil {
			return false
		}
		name := ""
		if len(f.Funcname) > 0 {
			name = f.Funcname[len(f.Funcname)-1].GetString_().GetSval()
		}
		return f.AggStar || f.Over != nil || f.AggFilter != nil || f.AggDistinct || slices.Contains(
			[]string{"count", "sum", "avg", "min", "max", "array_agg", "string_agg", "bool_and", "bool_or",
				"json_agg", "jsonb_agg", "generate_series", "unnest"}, name)
	})
}

// strict says whether an expression is made of operators, casts and calls only.
func strict(n *pg_query.Node) bool {
	switch v := n.GetNode().(type) {
	case *pg_query.Node_AConst, *pg_query.Node_ColumnRef, *pg_query.Node_ParamRef:
		return true
	case *pg_query.Node_TypeCast:
		return strict(v.TypeCast.Arg)
	case *pg_query.Node_AExpr:
		return v.AExpr.Kind == pg_query.A_Expr_Kind_AEXPR_OP &&
			(v.AExpr.Lexpr == nil || strict(v.AExpr.Lexpr)) && strict(v.AExpr.Rexpr)
	case *pg_query.Node_FuncCall:
		return !slices.ContainsFunc(v.FuncCall.Args, func(a *pg_query.Node) bool { return !strict(a) })
	}
	return false
}

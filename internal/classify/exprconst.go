package classify

import (
	pg_query "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

func unwrapCast(n *pg_query.Node) *pg_query.Node {
	for n.GetTypeCast() != nil {
		n = n.GetTypeCast().Arg
	}
	return n
}

// constBool evaluates true, false, NULL as false, and their AND, OR, NOT as far as
// the planner can without data.
func constBool(n *pg_query.Node) (val, known bool) {
	if c := n.GetAConst(); c != nil {
		if b, ok := c.Val.(*pg_query.A_Const_Boolval); ok {
			return b.Boolval.GetBoolval(), true
		}
		return false, false
	}
	b := n.GetBoolExpr()
	if b == nil {
		return false, false
	}
	switch b.Boolop {
	case pg_query.BoolExprType_NOT_EXPR:
		val, known = constBool(b.Args[0])
		return !val, known
	case pg_query.BoolExprType_AND_EXPR, pg_query.BoolExprType_OR_EXPR:
		decides := b.Boolop == pg_query.BoolExprType_OR_EXPR
		all := true
		for _, a := range b.Args {
			v, k := constBool(a)
			if k && v == decides {
				return decides, true
			}
			all = all && k
		}
		return !decides, all
	}
	return false, false
}

// isConst says whether an argument is the same for every row: a literal, or
// made of literals by casts, signs, ROW and ARRAY.
func isConst(n *pg_query.Node) bool {
	switch v := n.GetNode().(type) {
	case *pg_query.Node_AConst:
		return true
	case *pg_query.Node_TypeCast:
		return isConst(v.TypeCast.Arg)
	case *pg_query.Node_NamedArgExpr:
		return isConst(v.NamedArgExpr.Arg)
	case *pg_query.Node_AExpr:
		return v.AExpr.Kind == pg_query.A_Expr_Kind_AEXPR_OP &&
			(v.AExpr.Lexpr == nil || isConst(v.AExpr.Lexpr)) && isConst(v.AExpr.Rexpr)
	case *pg_query.Node_AArrayExpr:
		for _, e := range v.AArrayExpr.Elements {
			if !isConst(e) {
				return false
			}
		}
		return true
	}
	return false
}

// nodeKey is equal for equal expressions, wherever they stand in the text.
func nodeKey(n *pg_query.Node) string {
	if n == nil {
		return ""
	}
	c := proto.Clone(n)
	dropLocations(c.ProtoReflect())
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(c)
	if err != nil {
		return ""
	}
	return string(b)
}

func dropLocations(m protoreflect.Message) {
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case fd.Name() == "location", fd.Name() == "name_location":
			m.Clear(fd)
		case fd.Message() == nil:
		case fd.IsList():
			for i := range v.List().Len() {
				dropLocations(v.List().Get(i).Message())
			}
		default:
			dropLocations(v.Message())
		}
		return true
	})
}

package classify

import (
	pg_query "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// exprScope walks expressions. Queries inside of them are read where they
// stand; what the planner folds away is not.
type exprScope struct {
	c  *collector
	sc *scope
	// excluded: look for EXCLUDED.column.
	excluded    bool
	sawExcluded bool
}

func (c *collector) expr(n *pg_query.Node, sc *scope) {
	if n != nil {
		x := exprScope{c: c, sc: sc}
		x.node(n)
	}
}

func (c *collector) exprs(list []*pg_query.Node, sc *scope) {
	for _, n := range list {
		c.expr(n, sc)
	}
}

// quals reads WHERE and ON: sub-selects that the planner makes joins of are
// taken out before anything is folded, so they stay.
func (c *collector) quals(n *pg_query.Node, sc *scope) {
	b := n.GetBoolExpr()
	if b == nil || b.Boolop != pg_query.BoolExprType_AND_EXPR {
		c.expr(n, sc)
		return
	}
	if _, known := constBool(n); !known {
		for _, a := range b.Args {
			c.quals(a, sc)
		}
		return
	}
	for _, a := range b.Args {
		link := a.GetSubLink()
		if not := a.GetBoolExpr(); not != nil && not.Boolop == pg_query.BoolExprType_NOT_EXPR {
			link = not.Args[0].GetSubLink()
		}
		if link != nil && (link.SubLinkType == pg_query.SubLinkType_EXISTS_SUBLINK ||
			link.SubLinkType == pg_query.SubLinkType_ANY_SUBLINK) {
			c.expr(a, sc)
		}
	}
}

func (x *exprScope) nodes(list []*pg_query.Node) {
	for _, n := range list {
		x.node(n)
	}
}

func (x *exprScope) node(n *pg_query.Node) {
	switch v := n.GetNode().(type) {
	case nil, *pg_query.Node_AConst, *pg_query.Node_ParamRef, *pg_query.Node_SetToDefault:
	case *pg_query.Node_ColumnRef:
		x.column(v.ColumnRef)
	case *pg_query.Node_ResTarget:
		x.node(v.ResTarget.Val)
		x.nodes(v.ResTarget.Indirection)
	case *pg_query.Node_AExpr:
		x.node(v.AExpr.Lexpr)
		x.node(v.AExpr.Rexpr)
	case *pg_query.Node_TypeCast:
		x.node(v.TypeCast.Arg)
	case *pg_query.Node_BoolExpr:
		if _, known := constBool(n); !known {
			x.nodes(v.BoolExpr.Args)
		}
	case *pg_query.Node_FuncCall:
		x.call(v.FuncCall)
	case *pg_query.Node_SubLink:
		x.node(v.SubLink.Testexpr)
		x.c.query(v.SubLink.Subselect, x.sc)
	case *pg_query.Node_MultiAssignRef:
		if v.MultiAssignRef.Colno == 1 { // (a, b) = (SELECT …) has its source once for each column
			x.node(v.MultiAssignRef.Source)
		}
	case *pg_query.Node_CaseExpr:
		x.cases(v.CaseExpr)
	case *pg_query.Node_CoalesceExpr:
		x.coalesce(v.CoalesceExpr)
	case *pg_query.Node_RangeVar:
		x.c.reads(v.RangeVar, x.sc)
	case *pg_query.Node_SelectStmt:
		x.c.selects(v.SelectStmt, x.sc)
	case *pg_query.Node_RangeFunction:
		x.rangeFunction(v.RangeFunction)
	case *pg_query.Node_LockingClause, *pg_query.Node_TypeName:
	default:
		x.generic(n.ProtoReflect())
	}
}

func (x *exprScope) rangeFunction(r *pg_query.RangeFunction) {
	first := len(x.c.funcs)
	for _, f := range r.Functions {
		for _, item := range f.GetList().GetItems() {
			x.node(item)
		}
	}
	if !r.IsRowsfrom && !r.Ordinality && len(r.Coldeflist) == 0 && first < len(x.c.funcs) {
		x.c.funcs[first].From = true
	}
}

// generic walks the fields of a node of any kind.
func (x *exprScope) generic(m protoreflect.Message) {
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if fd.Message() == nil {
			return true
		}
		if fd.IsList() {
			for i := range v.List().Len() {
				x.message(v.List().Get(i).Message())
			}
			return true
		}
		x.message(v.Message())
		return true
	})
}

func (x *exprScope) message(m protoreflect.Message) {
	switch v := m.Interface().(type) {
	case *pg_query.Node:
		x.node(v)
	case *pg_query.SelectStmt:
		x.c.selects(v, x.sc)
	case *pg_query.FuncCall:
		x.call(v)
	case *pg_query.TypeName, *pg_query.Alias:
	default:
		x.generic(m)
	}
}

func (x *exprScope) column(r *pg_query.ColumnRef) {
	if x.excluded && len(r.Fields) > 1 && r.Fields[0].GetString_().GetSval() == "excluded" {
		x.sawExcluded = true
	}
}

// call notes a function, then what its arguments call.
func (x *exprScope) call(f *pg_query.FuncCall) {
	names := f.Funcname
	fn := Function{Args: len(f.Args), Variadic: f.FuncVariadic, Const: !f.AggStar}
	if len(names) > 0 {
		fn.Name = names[len(names)-1].GetString_().GetSval()
	}
	if len(names) > 1 {
		fn.Schema = names[len(names)-2].GetString_().GetSval()
	}
	for _, a := range f.Args {
		if !isConst(a) {
			fn.Const = false
			break
		}
	}
	if f.AggWithinGroup {
		fn.Args += len(f.AggOrder)
	}
	if fn.Name == "set_config" && (fn.Schema == "" || fn.Schema == "pg_catalog") && len(f.Args) == 3 {
		x.setConfig(f.Args)
	}
	if fn.Name != "" && fn.Schema != "pg_catalog" {
		x.c.funcs = append(x.c.funcs, fn)
	}
	x.nodes(f.Args)
	for _, n := range f.AggOrder {
		x.node(n.GetSortBy().GetNode())
	}
	x.node(f.AggFilter)
	if f.Over != nil {
		x.nodes(f.Over.PartitionClause)
		x.nodes(f.Over.OrderClause)
		x.node(f.Over.StartOffset)
		x.node(f.Over.EndOffset)
	}
}

// setConfig notes what set_config sets, if its arguments tell.
func (x *exprScope) setConfig(args []*pg_query.Node) {
	name, ok := constText(args[0])
	value, known := constText(args[1])
	local, _ := constBool(unwrapCast(args[2]))
	if ok && known {
		x.c.sets = append(x.c.sets, Effect{
			Kind: SetParameter, Name: lowerASCII(name), Values: []string{value}, Local: local, List: true,
		})
	}
}

// cases reads CASE, without the branches that constant conditions cut off.
func (x *exprScope) cases(e *pg_query.CaseExpr) {
	x.node(e.Arg)
	for _, n := range e.Args {
		w := n.GetCaseWhen()
		val, known := constBool(w.GetExpr())
		if e.Arg == nil && known && !val {
			continue
		}
		x.node(w.GetExpr())
		x.node(w.GetResult())
		if e.Arg == nil && known {
			return
		}
	}
	x.node(e.Defresult)
}

// coalesce reads the arguments before the first constant that is not NULL.
func (x *exprScope) coalesce(e *pg_query.CoalesceExpr) {
	for _, a := range e.Args {
		x.node(a)
		if c := unwrapCast(a).GetAConst(); c != nil && !c.Isnull {
			return
		}
	}
}

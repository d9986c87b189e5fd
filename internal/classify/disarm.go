package classify

import (
	"strconv"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// A disarmer takes the string literals out of a tree, and notes the changes of the text that do the same.
type disarmer struct {
	text    string
	tokens  tokens
	cuts    []cut
	done    map[*pg_query.A_Const]bool
	refused bool
}

// message walks nodes of every kind.
func (d *disarmer) message(m protoreflect.Message) {
	if d.refused || !d.look(m.Interface()) {
		return
	}
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case fd.Message() == nil:
		case fd.IsList():
			for i := range v.List().Len() {
				d.message(v.List().Get(i).Message())
			}
		default:
			d.message(v.Message())
		}
		return !d.refused
	})
}

// look takes the literals of one node out; false leaves what is below it alone.
func (d *disarmer) look(m protoreflect.ProtoMessage) bool {
	switch v := m.(type) {
	case *pg_query.A_Const:
		d.constant(v)
	case *pg_query.TypeCast:
		d.prefixed(v)
	case *pg_query.FuncCall:
		d.extract(v)
	case *pg_query.A_Expr:
		if v.Kind == pg_query.A_Expr_Kind_AEXPR_DISTINCT || v.Kind == pg_query.A_Expr_Kind_AEXPR_NOT_DISTINCT {
			d.distinct(v.Lexpr)
			d.distinct(v.Rexpr)
		}
	case *pg_query.TypeName:
		for _, n := range v.Typmods {
			if _, text := n.GetAConst().GetVal().(*pg_query.A_Const_Sval); text {
				d.refused = true
			}
		}
		return false
	case *pg_query.JsonOutput:
		d.refused = d.refused || !builtIn(v.TypeName)
	case *pg_query.JsonTableColumn:
		d.refused = d.refused || v.TypeName != nil && !builtIn(v.TypeName)
	case *pg_query.JsonTablePathSpec:
		d.path(v)
	}
	return !d.refused
}

// constant makes NULL of a literal.
func (d *disarmer) constant(c *pg_query.A_Const) {
	if d.done[c] {
		return
	}
	d.done[c] = true
	switch v := c.Val.(type) {
	case *pg_query.A_Const_Bsval:
		digits := v.Bsval.GetBsval()
		d.refused = d.refused || digits == "" || strings.Trim(digits[1:], "0123456789abcdefABCDEF") != ""
	case *pg_query.A_Const_Sval:
		i, known := d.tokens.at[c.Location]
		end, literal := d.tokens.literal(i)
		switch {
		case !known:
			d.refused = true
		case literal:
			// Blanks keep it apart from the words around.
			d.cuts = append(d.cuts, cut{from: c.Location, to: end, text: " NULL ", at: 1, value: v.Sval.GetSval()})
			c.Val, c.Isnull = nil, true
		default: // a keyword, as in NORMALIZE(x, NFC)
			d.refused = d.refused || d.tokens.list[i].KeywordKind == pg_query.KeywordKind_NO_KEYWORD
		}
	}
}

// distinct is for an operand of IS DISTINCT FROM. A bare NULL would make a null test of it (transformAExprDistinct).
func (d *disarmer) distinct(n *pg_query.Node) {
	c := n.GetAConst()
	v, text := c.GetVal().(*pg_query.A_Const_Sval)
	if !text {
		return
	}
	i, known := d.tokens.at[c.Location]
	end, literal := d.tokens.literal(i)
	if !known || !literal {
		d.refused = true
		return
	}
	const before = " CAST("
	d.cuts = append(d.cuts, cut{from: c.Location, to: end, text: before + "NULL AS pg_catalog.unknown) ", at: len(before), value: v.Sval.GetSval()})
	c.Val, c.Isnull = nil, true
	d.done[c] = true
	unknown := &pg_query.TypeName{Names: []*pg_query.Node{pg_query.MakeStrNode("pg_catalog"), pg_query.MakeStrNode("unknown")}, Typemod: -1}
	n.Node = &pg_query.Node_TypeCast{TypeCast: &pg_query.TypeCast{Arg: &pg_query.Node{Node: &pg_query.Node_AConst{AConst: c}}, TypeName: unknown}}
}

// prefixed is for a type before a literal, which must be a literal there: DATE '2020-01-01', N'…'.
func (d *disarmer) prefixed(c *pg_query.TypeCast) {
	arg := c.Arg.GetAConst()
	v, text := arg.GetVal().(*pg_query.A_Const_Sval)
	if c.Location >= 0 || !text {
		return
	}
	i, known := d.tokens.at[arg.Location]
	end, literal := d.tokens.literal(i)
	if !known || !literal || c.TypeName == nil || c.TypeName.Location < 0 || c.TypeName.Location >= arg.Location {
		d.refused = true
		return
	}
	d.done[arg] = true
	name, named := typeText(c.TypeName)
	switch {
	case named:
		const before = " CAST("
		d.cuts = append(d.cuts, cut{from: c.TypeName.Location, to: end, text: before + "NULL AS " + name + ") ", at: len(before), value: v.Sval.GetSval()})
		arg.Val, arg.Isnull = nil, true
	case isInterval(c.TypeName): // its fields follow the literal
		d.cuts = append(d.cuts, cut{from: arg.Location, to: end, text: " " + zero + " ", at: 1, value: v.Sval.GetSval()})
		v.Sval.Sval = zero[1 : len(zero)-1]
	default:
		d.refused = true
	}
}

// builtIn says whether a type is pg_catalog's own, whatever the search path: the grammar makes such of INT and the like.
func builtIn(t *pg_query.TypeName) bool {
	return t != nil && len(t.Names) == 2 && t.Names[0].GetString_().GetSval() == "pg_catalog"
}

// path is for a path of JSON_TABLE, which must be a literal and is of type jsonpath.
func (d *disarmer) path(p *pg_query.JsonTablePathSpec) {
	c := p.String_.GetAConst()
	v, text := c.GetVal().(*pg_query.A_Const_Sval)
	if !text {
		return
	}
	i, known := d.tokens.at[c.Location]
	end, literal := d.tokens.literal(i)
	if !known || !literal { // the server's own, of the column's name
		d.refused = true
		return
	}
	d.done[c] = true
	d.cuts = append(d.cuts, cut{from: c.Location, to: end, text: " " + root + " ", at: 1, value: v.Sval.GetSval()})
	v.Sval.Sval = root[1 : len(root)-1]
}

func isInterval(t *pg_query.TypeName) bool {
	return len(t.Names) == 2 && t.Names[0].GetString_().GetSval() == "pg_catalog" && t.Names[1].GetString_().GetSval() == "interval"
}

// typeText writes the type of a prefix, whose names the grammar has replaced by those of the catalogue; false for one
// that has no such form.
func typeText(t *pg_query.TypeName) (string, bool) {
	if len(t.Names) == 0 || isInterval(t) && len(t.Typmods) > 0 || t.Setof || t.PctType || len(t.ArrayBounds) > 0 {
		return "", false
	}
	var b strings.Builder
	for i, n := range t.Names {
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(`"` + strings.ReplaceAll(n.GetString_().GetSval(), `"`, `""`) + `"`)
	}
	for i, n := range t.Typmods {
		ival, ok := n.GetAConst().GetVal().(*pg_query.A_Const_Ival)
		if !ok {
			return "", false
		}
		b.WriteString([2]string{"(", ", "}[min(i, 1)] + strconv.Itoa(int(ival.Ival.GetIval())))
	}
	if len(t.Typmods) > 0 {
		b.WriteByte(')')
	}
	return b.String(), true
}

// extract is for EXTRACT('year' FROM …) and EXTRACT("year" FROM …), which take no NULL. The function is pg_catalog's own,
// and its argument a text.
func (d *disarmer) extract(f *pg_query.FuncCall) {
	if f.Funcformat != pg_query.CoercionForm_COERCE_SQL_SYNTAX || len(f.Funcname) != 2 || len(f.Args) != 2 ||
		f.Funcname[0].GetString_().GetSval() != "pg_catalog" || f.Funcname[1].GetString_().GetSval() != "extract" {
		return
	}
	c := f.Args[0].GetAConst()
	v, text := c.GetVal().(*pg_query.A_Const_Sval)
	i, known := d.tokens.at[c.GetLocation()]
	if !text || !known || !d.tokens.is(i-2, pg_query.Token_EXTRACT) {
		return
	}
	end, literal := d.tokens.literal(i)
	switch {
	case literal:
	case d.tokens.is(i, pg_query.Token_IDENT):
		end = d.tokens.list[i].End
	default:
		return
	}
	const field = "year"
	d.done[c] = true
	d.cuts = append(d.cuts, cut{from: c.Location, to: end, text: " " + field + " ", at: 1, value: v.Sval.GetSval()})
	v.Sval.Sval = field
}

package catalog

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/das-local/das-local/internal/querytree"
)

// quals walks WHERE and ON. Sub-selects that the planner makes joins of are taken out before
// anything is folded, so they stay. allowed are the entries that an outer join lets them join with, nil for all.
func (w *walker) quals(v querytree.Value, allowed map[int]bool) (out []Call) {
	if link, not := joinable(v); link != nil {
		sub := link.Get("subselect").Node
		if link.Int("subLinkType") != existsSubLink {
			out = w.expr(link.Get("testexpr"))
			return append(out, w.query(sub, false)...)
		}
		if !w.joins(sub, allowed) {
			return w.expr(v)
		}
		l := w.enter(sub)
		defer func() { w.level = l.up }()
		l.merged, l.anti = l.up.merged+1, not
		return w.body(l, true, nil)
	}
	if v.Is("OPEXPR") && w.t.byIndex[v.Node.OID("opno")] {
		return w.expr(v.Node.Get("args")) // it is open whether an index answers it, or its function
	}
	if !v.Is("BOOLEXPR") || v.Node.Get("boolop").Token != "and" {
		return w.expr(v)
	}
	_, known := w.t.truth(v)
	for _, a := range v.Node.Get("args").List {
		if link, _ := joinable(a); !known || link != nil {
			out = append(out, w.quals(a, allowed)...)
		}
	}
	return out
}

// joinable gives the EXISTS or ANY, or NOT EXISTS, that a condition is.
func joinable(v querytree.Value) (link *querytree.Node, not bool) {
	n := v.Node
	if n != nil && n.Kind == "BOOLEXPR" && n.Get("boolop").Token == "not" && len(n.Get("args").List) == 1 {
		n, not = n.Get("args").List[0].Node, true
	}
	if n == nil || n.Kind != "SUBLINK" {
		return nil, false
	}
	if k := n.Int("subLinkType"); k == existsSubLink || k == anySubLink && !not {
		return n, not
	}
	return nil, false
}

// constants says whether all values are constants, and whether one of them is NULL.
func (t *tree) constants(v querytree.Value) (all, null bool) {
	all = true
	for _, e := range v.List {
		c, n := t.constant(e)
		all = all && c
		null = null || n
	}
	return all, null
}

// constant says whether the planner makes a constant of an expression, and if that is NULL.
func (t *tree) constant(v querytree.Value) (constant, null bool) {
	n := v.Node
	if n == nil {
		return v.List != nil && len(v.List) == 0, false
	}
	switch n.Kind {
	case "CONST":
		return true, n.Bool("constisnull")
	case "PARAM":
		const external = 0
		return n.Int("paramkind") == external, false
	case "RELABELTYPE", "COERCEVIAIO", "NAMEDARGEXPR", "COLLATE", "COLLATEEXPR":
		return t.constant(n.Get("arg"))
	case "NULLTEST":
		c, _ := t.constant(n.Get("arg"))
		return c, false
	case "ARRAY", "ARRAYEXPR":
		c, _ := t.constants(n.Get("elements"))
		return c, false
	case "ROW", "ROWEXPR":
		c, _ := t.constants(n.Get("args"))
		return c, false
	case "FUNCEXPR", "OPEXPR":
		f := t.callee(n)
		if f == nil {
			return false, false
		}
		all, null := t.constants(n.Get("args"))
		if null && f.Strict && !f.ReturnsSet {
			return true, true
		}
		return all && f.Volatile == 'i' && !f.ReturnsSet && f.Kind == 'f', false
	case "BOOLEXPR":
		_, known := t.truth(v)
		return known, false
	}
	return false, false
}

// truth evaluates a condition as far as the planner can without data; NULL is false.
func (t *tree) truth(v querytree.Value) (val, known bool) {
	n := v.Node
	if n == nil {
		return false, false
	}
	switch n.Kind {
	case "CONST":
		const boolOID = 16
		if n.OID("consttype") != boolOID {
			return false, false
		}
		value := n.Get("constvalue").Rest
		return strings.HasPrefix(value, "[ 1"), !strings.HasPrefix(value, unread)
	case "NULLTEST":
		const isNull = 0
		c, null := t.constant(n.Get("arg"))
		return null == (n.Int("nulltesttype") == isNull), c
	case "OPEXPR":
		return t.compare(n, querytree.Value{})
	case "BOOLEXPR":
		return t.logic(n)
	}
	return false, false
}

// equality are the OIDs of functions that are true of constants with the same bytes and false of others
// (booleq, int2eq, int4eq, texteq, int8eq). PostgreSQL never changes them.
//
//nolint:gochecknoglobals // table
var equality = map[uint32]bool{60: true, 63: true, 65: true, 67: true, 467: true}

// ordering are those of int4lt, int4ne, int4gt, int4le and int4ge, by which outcomes of cmp.Compare they are
// true of.
//
//nolint:gochecknoglobals // table
var ordering = map[uint32][]int{66: {-1}, 144: {-1, 1}, 147: {1}, 149: {-1, 0}, 150: {0, 1}}

// compare evaluates an operator between two constants; subject is what CASE compares with.
func (t *tree) compare(n *querytree.Node, subject querytree.Value) (val, known bool) {
	f := t.callee(n)
	args := n.Get("args").List
	if f == nil || len(args) != 2 {
		return false, false
	}
	x, y := args[0], args[1]
	if x.Is("CASETESTEXPR") {
		x = subject
	}
	if !x.Is("CONST") || !y.Is("CONST") {
		return false, false
	}
	return t.compareConstants(f, x.Node, y.Node)
}

// compareConstants is compare for two CONSTs.
func (t *tree) compareConstants(f *Function, x, y *querytree.Node) (val, known bool) {
	if x.Bool("constisnull") || y.Bool("constisnull") {
		return false, f.Strict
	}
	t.byText = true
	a, b := x.Get("constvalue").Rest, y.Get("constvalue").Rest
	if strings.HasPrefix(a, unread) || strings.HasPrefix(b, unread) {
		return false, false
	}
	switch {
	case equality[f.OID]:
		return a == b, true
	case f.OID == like:
		return matches(textOf(a), textOf(b)), true
	}
	if outcomes := ordering[f.OID]; outcomes != nil {
		return slices.Contains(outcomes, cmp.Compare(int4(a), int4(b))), true
	}
	return false, false
}

// int4 reads the bytes of a constant of type int4 as a little-endian server prints them.
func int4(bytes string) int32 {
	var n uint32
	for i, f := range strings.Fields(strings.Trim(bytes, "[] ")) {
		if b, err := strconv.Atoi(f); err == nil && i < 4 {
			n |= uint32(byte(b)) << (8 * i)
		}
	}
	return int32(n)
}

func (t *tree) logic(n *querytree.Node) (val, known bool) {
	args := n.Get("args").List
	op := n.Get("boolop").Token
	if op == "not" && len(args) == 1 {
		val, known = t.truth(args[0])
		return !val, known
	}
	decides := op == "or"
	all := true
	for _, a := range args {
		v, k := t.truth(a)
		if k && v == decides {
			return decides, true
		}
		all = all && k
	}
	return !decides, all
}

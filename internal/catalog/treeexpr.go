package catalog

import (
	"strings"

	"github.com/das-local/das-local/internal/querytree"
)

// expr lists the calls of an expression, the outer before the inner.
func (w *walker) expr(v querytree.Value) (out []Call) {
	if w.steps++; w.steps > 64*maxCalls {
		return nil
	}
	for _, e := range v.List {
		out = append(out, w.expr(e)...)
	}
	n := v.Node
	if n == nil {
		return out
	}
	switch n.Kind {
	case "CONST", "PARAM", "SETTODEFAULT":
	case "VAR":
		return w.variable(n)
	case "FUNCEXPR", "OPEXPR", "DISTINCTEXPR", "NULLIFEXPR", "SCALARARRAYOPEXPR":
		return w.call(n)
	case "AGGREF", "WINDOWFUNC":
		if n.Int("agglevelsup") == 0 {
			w.level.aggs = append(w.level.aggs, n)
		} else { // of a query around; what its arguments read counts here
			for _, f := range []string{"aggdirectargs", "args", "aggfilter"} {
				out = append(out, w.expr(n.Get(f))...)
			}
		}
	case "SUBLINK":
		out = w.expr(n.Get("testexpr"))
		sub := n.Get("subselect").Node
		if n.Int("subLinkType") == existsSubLink {
			w.sub = append(w.sub, w.exists(sub)...)
		} else {
			w.sub = append(w.sub, w.query(sub, false)...)
		}
	case "BOOLEXPR":
		if _, known := w.t.truth(v); !known {
			return w.expr(n.Get("args"))
		}
	case "CASE", "CASEEXPR":
		return w.cases(n)
	case "COALESCE", "COALESCEEXPR":
		for _, a := range n.Get("args").List {
			out = append(out, w.expr(a)...)
			if constant, null := w.t.constant(a); constant && !null {
				break
			}
		}
	case "COERCETODOMAIN":
		out = w.expr(n.Get("arg"))
		for _, check := range w.t.domains[n.OID("resulttype")] {
			out = append(out, part(w.expr(check), Domain)...)
		}
	case "QUERY":
		calls := w.query(n, false)
		w.sub = append(w.sub, calls...)
	default:
		for _, f := range n.Fields {
			if f.Value.Node != nil || f.Value.List != nil {
				out = append(out, w.expr(f.Value)...)
			}
		}
	}
	return out
}

// part marks calls.
func part(calls []Call, p Part) []Call {
	for i := range calls {
		calls[i].Part = p
	}
	return calls
}

const existsSubLink, anySubLink = 0, 2 // SubLinkType

// variable walks the expression behind a column of a join or of a merged sub-select.
func (w *walker) variable(n *querytree.Node) []Call {
	l := w.level
	for up := n.Int("varlevelsup"); up > 0 && l != nil; up-- {
		l = l.up
	}
	at := n.Int("varno")
	if l == nil || at < 1 || at > len(l.rtes) {
		return nil
	}
	column := n.Int("varattno")
	var list []querytree.Value
	in := l
	if sub := l.pulled[at-1]; sub != nil {
		in = sub
		for _, te := range sub.q.Get("targetList").List {
			list = append(list, te.Node.Get("expr"))
		}
	} else if rte := l.rtes[at-1].Node; rte.Int("rtekind") == rteJoin {
		list = rte.Get("joinaliasvars").List
	}
	was, outer := w.level, w.outer
	w.level, w.outer = in, w.outer || n.Int("varlevelsup") > 0
	defer func() { w.level, w.outer = was, outer }()
	switch {
	case column == 0:
		return w.expr(querytree.Value{List: list})
	case column > 0 && column <= len(list):
		return w.expr(list[column-1])
	}
	return nil
}

// callee is the function that a node calls, nil if it is not known.
func (t *tree) callee(n *querytree.Node) *Function {
	id := n.OID("opfuncid")
	if n.Kind == "FUNCEXPR" {
		id = n.OID("funcid")
	} else if id == 0 {
		id = t.operators[n.OID("opno")]
	}
	return t.functions[id]
}

func (w *walker) call(n *querytree.Node) []Call {
	f := w.t.callee(n)
	args := n.Get("args")
	if f == nil || f.Schema == "pg_catalog" {
		if _, null := w.t.constant(querytree.Value{Node: n}); null {
			return nil // folded, with what it calls
		}
		return w.expr(args)
	}
	constant, null := w.t.constants(args)
	switch {
	case null && f.Strict && !f.ReturnsSet:
		return nil
	case constant && f.Volatile == 'i' && f.Kind == 'f' && !f.ReturnsSet && n.Kind != "SCALARARRAYOPEXPR":
		w.expr(args) // what folds there
		w.planning = append(w.planning, Call{Function: *f, Planning: true})
		return nil
	}
	return append([]Call{{Function: *f, Component: n.Kind == "SCALARARRAYOPEXPR"}}, w.expr(args)...)
}

// cases walks CASE without the branches that constant conditions cut off.
func (w *walker) cases(n *querytree.Node) []Call {
	arg := n.Get("arg")
	out := w.expr(arg)
	for _, v := range n.Get("args").List {
		test := v.Node.Get("expr")
		val, known := w.t.truth(test)
		if arg.Is("CONST") && test.Is("OPEXPR") {
			val, known = w.t.compare(test.Node, arg)
		}
		if known && !val {
			continue
		}
		if !known {
			out = append(out, w.expr(test)...)
		}
		out = append(out, w.expr(v.Node.Get("result"))...)
		if known {
			return out
		}
	}
	return append(out, w.expr(n.Get("defresult"))...)
}

// volatile says whether a tree calls a function that is or may be volatile.
func (t *tree) volatile(v querytree.Value) bool {
	for _, e := range v.List {
		if t.volatile(e) {
			return true
		}
	}
	n := v.Node
	if n == nil {
		return false
	}
	switch n.Kind {
	case "FUNCEXPR", "OPEXPR", "DISTINCTEXPR", "NULLIFEXPR", "SCALARARRAYOPEXPR":
		if f := t.callee(n); f == nil || f.Volatile == 'v' {
			return true
		}
	case "NEXTVALUEEXPR":
		return true
	}
	for _, f := range n.Fields {
		if t.volatile(f.Value) {
			return true
		}
	}
	return false
}

// fingerprint is equal for equal expressions, wherever they stand in the text.
func fingerprint(v querytree.Value) string { return fingerprintOf(v, 0) }

// fingerprintOf is equal for equal expressions of the columns of one entry, at, whatever its position.
func fingerprintOf(v querytree.Value, at int) string {
	var b strings.Builder
	printTree(&b, v, at)
	return b.String()
}

func printTree(b *strings.Builder, v querytree.Value, at int) {
	b.WriteString(v.Token)
	b.WriteString(v.Rest)
	for _, e := range v.List {
		b.WriteByte(' ')
		printTree(b, e, at)
	}
	if v.Node == nil {
		return
	}
	own := at > 0 && v.Node.Kind == "VAR" && v.Node.Int("varno") == at && v.Node.Int("varlevelsup") == 0
	b.WriteString("{" + v.Node.Kind)
	for _, f := range v.Node.Fields {
		switch f.Name {
		case "location", "aggno", "aggtransno", "resname", "ressortgroupref":
			continue
		case "varno", "varnosyn", "varnoold", "varattnosyn", "varoattno":
			if own {
				continue
			}
		}
		b.WriteString(" :" + f.Name + " ")
		printTree(b, f.Value, at)
	}
	b.WriteByte('}')
}

package catalog

import (
	"strconv"
	"strings"

	"github.com/das-local/das-local/internal/querytree"
)

// A condition on the columns of UNION ALL is one of each of its parts. Where a part has a constant for the column
// that makes it false, the part has no rows:
//
//	SELECT … FROM (SELECT 'a' AS k … UNION ALL SELECT 'b' …) x WHERE k = 'b'

// unwanted says whether a condition of the queries around is false of all rows of a part of the UNION ALL in hand.
func (w *walker) unwanted(part *querytree.Node) bool {
	l := w.level
	if l.at == 0 || l.up == nil {
		return false
	}
	p := pushed{t: w.t, whole: l, in: l.up, at: l.at, part: part}
	for around := l.up; around != nil; around = around.mergedInto() {
		for _, c := range conditions(around.q.Get("jointree").Node.Get("quals"), nil) {
			if p.falsifies(c, around) {
				return true
			}
		}
	}
	return false
}

// mergedInto is the level that a sub-select in FROM has become part of, or nil.
func (l *level) mergedInto() *level {
	if l.at > 0 && l.up != nil && l.up.pulled[l.at-1] == l {
		return l.up
	}
	return nil
}

// pushed puts the columns of a part in the place of those of the whole UNION ALL, which is entry at of a query.
type pushed struct {
	t     *tree
	whole *level
	in    *level
	at    int
	part  *querytree.Node
}

// falsifies says whether a condition compares constants, once the part's columns are put in, and is false of them.
func (p *pushed) falsifies(c querytree.Value, around *level) bool {
	args := c.Node.Get("args").List
	if !c.Is("OPEXPR") || len(args) != 2 {
		return false
	}
	f := p.t.callee(c.Node)
	x, y := p.constant(args[0], around), p.constant(args[1], around)
	if f == nil || x == nil || y == nil {
		return false
	}
	val, known := p.t.compareConstants(f, x, y)
	return known && !val
}

// constant is the CONST that an expression of a level stands for, or nil.
func (p *pushed) constant(v querytree.Value, in *level) *querytree.Node {
	n := v.Node
	if n == nil {
		return nil
	}
	switch n.Kind {
	case "CONST":
		return n
	case "RELABELTYPE":
		return p.constant(n.Get("arg"), in)
	case "COERCETODOMAIN":
		if len(p.t.domains[n.OID("resulttype")]) > 0 {
			return nil
		}
		return p.constant(n.Get("arg"), in)
	case "VAR":
		column, at := n.Int("varattno"), n.Int("varno")
		if column < 1 || n.Int("varlevelsup") != 0 {
			return nil
		}
		if in == p.in && at == p.at {
			return p.column(column, n.OID("vartype"))
		}
		if sub := in.pulled[at-1]; sub != nil {
			if list := sub.q.Get("targetList").List; column <= len(list) {
				return p.constant(list[column-1].Node.Get("expr"), sub)
			}
		}
	}
	return nil
}

// column is the constant that the part has for a column, if all parts have it of the type of the whole.
func (p *pushed) column(column int, typ uint32) *querytree.Node {
	same := true
	eachRef(p.whole.q.Get("setOperations"), func(at int) {
		if same = same && at >= 1 && at <= len(p.whole.rtes); !same {
			return
		}
		list := p.whole.rtes[at-1].Node.Get("subquery").Node.Get("targetList").List
		same = column <= len(list) && typeOf(list[column-1].Node.Get("expr").Node) == typ
	})
	if !same {
		return nil
	}
	return p.constant(p.part.Get("targetList").List[column-1].Node.Get("expr"), &level{})
}

// typeOf is the type of an expression; 0 for some.
func typeOf(n *querytree.Node) uint32 {
	if n != nil {
		for _, f := range []string{"vartype", "consttype", "resulttype", "funcresulttype", "opresulttype", "casetype", "aggtype"} {
			if n.Has(f) {
				return n.OID(f)
			}
		}
	}
	return 0
}

// like is the function of LIKE for texts, textlike.
const like = 850

// matches says whether a text may be like a pattern. Of single characters and escapes the server knows more.
func matches(text, pattern string) bool {
	if strings.ContainsAny(pattern, `_\`) {
		return true
	}
	parts := strings.Split(pattern, "%")
	last := len(parts) - 1
	if last == 0 {
		return text == pattern
	}
	text, begins := strings.CutPrefix(text, parts[0])
	if !begins {
		return false
	}
	for _, part := range parts[1:last] {
		_, after, found := strings.Cut(text, part)
		if !found {
			return false
		}
		text = after
	}
	return strings.HasSuffix(text, parts[last])
}

// textOf reads the bytes of a constant of a text type, as a little-endian server prints them: four bytes of length
// come first.
func textOf(bytes string) string {
	const header = 4
	var b []byte
	for _, f := range strings.Fields(strings.Trim(bytes, "[] ")) {
		n, _ := strconv.Atoi(f)
		b = append(b, byte(n))
	}
	return string(b[min(header, len(b)):])
}

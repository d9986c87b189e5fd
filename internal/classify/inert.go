package classify

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	pg_query "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"
)

// An Inert is the text of one query in which PostgreSQL's parse analysis finds nothing to evaluate: it may be analysed by
// a session with more rights than the text's author. Disarm alone makes one.
//
// Parse analysis looks names up and builds trees; a client's code runs in it where it makes a value of a literal. A string
// literal of no type yet becomes a constant of the type that its place asks for by that type's input function
// (coerce_type of parse_coerce.c, versions 12 to 17): of a composite, an array or a range that is record_in, array_in or
// range_in, which read an element of a domain by domain_in, which runs the domain's CHECK. A NULL is the same constant
// of unknown type, so that operators, overloads and columns resolve alike; but the input functions are strict (those of
// pseudo-types are not; they only fail), and a domain's own value is read by its base type and checked by the executor.
// So each string literal is a NULL here. These are left out altogether (see may and look):
//
//   - CALL: from version 14 on transformCallStmt puts in the defaults of polymorphic arguments, stored as literals
//     without a type, which it then reads (expand_function_arguments).
//   - JSON functions and columns of JSON_TABLE with a type that may be a domain: version 17 plans the CHECKs of a domain
//     to see whether it has any (DomainHasConstraints in parse_expr.c), and planning folds constants. The types that
//     the grammar itself puts into pg_catalog (int, varchar …, not text) are none.
//   - literals in a type's modifiers, and others that the grammar wants as literals.
//
// Numbers and bit strings become values by numeric_in and bit_in, parameters none. What rules, policies, defaults and
// views bring in was analysed when it was stored. A sampling method, an index or table access method and a foreign-data
// wrapper have handlers that parse analysis may call; only superusers can make such, as base types.
type Inert struct {
	text     string
	literals []Literal
}

// A Literal is a string literal that was taken out of an Inert text.
type Literal struct {
	// At is where its constant stands in the new text, in bytes; the server's trees have it as location.
	At    int
	Value string
}

// Text is what may be sent.
func (i Inert) Text() string { return i.text }

// Literals are those taken out, in their order. The caller must not change the slice.
func (i Inert) Literals() []Literal { return i.literals }

// Disarm makes a text inert. It fails (ok is false) for what is not one query that the parser here understands, and for
// all that it is not sure of. The result was parsed again: its tree is that of the text, but for the literals.
func Disarm(text string) (i Inert, ok bool) {
	defer func() {
		if recover() != nil {
			i, ok = Inert{}, false
		}
	}()
	if !utf8.ValidString(text) {
		return Inert{}, false
	}
	if !mayParse(text) {
		if literalFree(text) {
			return Inert{text: text}, true
		}
		return Inert{}, false
	}
	text = withoutComments(text)
	tree, ok := query(text)
	if !ok {
		return Inert{}, false
	}
	d := disarmer{text: text, done: map[*pg_query.A_Const]bool{}}
	if d.tokens, ok = scanned(text); !ok {
		return Inert{}, false
	}
	d.message(tree.ProtoReflect())
	if d.refused || !d.covered() {
		return Inert{}, false
	}
	if i = d.written(); !d.proves(i, tree) {
		return Inert{}, false
	}
	return i, true
}

// literalFree says of a text that is too large to be parsed here, a bulk INSERT of parameters say, that it is a query
// and can have no literal: there is no quote in it, nor a dollar sign but of parameters, nor a JSON function.
func literalFree(text string) bool {
	if strings.ContainsAny(text, "'\x00") || strings.Contains(strings.ToLower(text), "json") {
		return false
	}
	for i := range len(text) {
		if text[i] == '$' && (i+1 == len(text) || chars[text[i+1]]&chDigit == 0) {
			return false
		}
	}
	lex := lexer{s: text}
	first := lex.next()
	for first.is(text, "(") {
		first = lex.next()
	}
	return first.kind == tokWord && shapeStart(first.text(text))
}

// query parses a text that is one statement of a kind that may be analysed.
func query(text string) (*pg_query.Node, bool) {
	tree, err := pg_query.Parse(text)
	if err != nil || len(tree.Stmts) != 1 || !may(tree.Stmts[0].Stmt) {
		return nil, false
	}
	return tree.Stmts[0].Stmt, true
}

// may says whether a statement is a query, or one that parse analysis takes for the query in it.
func may(n *pg_query.Node) bool {
	switch v := n.GetNode().(type) {
	case *pg_query.Node_SelectStmt, *pg_query.Node_InsertStmt, *pg_query.Node_UpdateStmt, *pg_query.Node_DeleteStmt, *pg_query.Node_MergeStmt:
		return true
	case *pg_query.Node_DeclareCursorStmt:
		return may(v.DeclareCursorStmt.Query)
	case *pg_query.Node_ExplainStmt:
		return may(v.ExplainStmt.Query)
	case *pg_query.Node_CreateTableAsStmt:
		return may(v.CreateTableAsStmt.Query)
	}
	return false
}

// scanned gives the tokens of a text by where they begin, and those that are string literals.
func scanned(text string) (t tokens, ok bool) {
	result, err := pg_query.Scan(text)
	if err != nil {
		return tokens{}, false
	}
	t = tokens{list: result.Tokens, at: make(map[int32]int, len(result.Tokens))}
	for i, one := range t.list {
		t.at[one.Start] = i
	}
	return t, true
}

// tokens are those of PostgreSQL's own scanner.
type tokens struct {
	list []*pg_query.ScanToken
	at   map[int32]int // index by start
}

// is says whether token i is of that kind.
func (t tokens) is(i int, kind pg_query.Token) bool {
	return i >= 0 && i < len(t.list) && t.list[i].Token == kind
}

// literal says whether token i begins a string literal, and where that ends: U&'…' with its UESCAPE.
func (t tokens) literal(i int) (end int32, ok bool) {
	switch {
	case t.is(i, pg_query.Token_SCONST):
		return t.list[i].End, true
	case t.is(i, pg_query.Token_USCONST):
		if t.is(i+1, pg_query.Token_UESCAPE) && t.is(i+2, pg_query.Token_SCONST) {
			return t.list[i+2].End, true
		}
		return t.list[i].End, true
	}
	return 0, false
}

// What stands for literals that cannot be NULL, and whose types are fixed.
const (
	zero = "'0'" // of INTERVAL with fields
	root = "'$'" // paths of JSON_TABLE
)

// A cut is a change of the text.
type cut struct {
	from, to int32
	text     string
	at       int // of the constant in text
	value    string
}

// covered says whether all string literals are taken out.
func (d *disarmer) covered() bool {
	slices.SortFunc(d.cuts, func(a, b cut) int { return cmp.Compare(a.from, b.from) })
	for i := 1; i < len(d.cuts); i++ {
		if d.cuts[i].from < d.cuts[i-1].to {
			return false
		}
	}
	next := 0
	for _, t := range d.tokens.list {
		for next < len(d.cuts) && d.cuts[next].to <= t.Start {
			next++
		}
		if t.Token != pg_query.Token_SCONST && t.Token != pg_query.Token_USCONST {
			continue
		}
		if next == len(d.cuts) || t.Start < d.cuts[next].from || t.End > d.cuts[next].to {
			return false
		}
	}
	return true
}

func (d *disarmer) written() (i Inert) {
	var b strings.Builder
	last := int32(0)
	for _, c := range d.cuts {
		b.WriteString(d.text[last:c.from])
		i.literals = append(i.literals, Literal{At: b.Len() + c.at, Value: c.value})
		b.WriteString(c.text)
		last = c.to
	}
	b.WriteString(d.text[last:])
	i.text = b.String()
	return i
}

// proves says whether the new text means what the tree with its literals taken out does, and has no other literal.
func (d *disarmer) proves(i Inert, want *pg_query.Node) bool {
	if !mayParse(i.text) {
		return false
	}
	got, ok := query(i.text)
	if !ok {
		return false
	}
	t, ok := scanned(i.text)
	if !ok {
		return false
	}
	for n, one := range t.list {
		if _, ok := t.literal(n); !ok {
			continue
		}
		if is := i.text[one.Start:one.End]; is != zero && is != root {
			return false
		}
	}
	dropLocations(want.ProtoReflect())
	dropLocations(got.ProtoReflect())
	return proto.Equal(want, got)
}

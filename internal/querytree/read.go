package querytree

import (
	"errors"
	"strings"
)

// maxDepth bounds the nesting of what is read.
const maxDepth = 2000

// errTree is what all faults in a text are.
var errTree = errors.New("querytree: not a query tree")

// Read reads one value: a node, a list, or NULL.
func Read(text string) (Value, error) {
	r := reader{s: text}
	v, err := r.value(r.token(), 0)
	if err == nil && r.token() != "" {
		err = errTree
	}
	return v, err
}

// Unwrap undoes the line breaks of debug_pretty_print = off: at a blank if a line has one, else, after 78
// bytes, in the middle of a token.
func Unwrap(text string) string {
	if !strings.Contains(text, "\n") {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	for line := range strings.SplitSeq(text, "\n") {
		b.WriteString(line)
		if len(line) < lineLength || strings.Contains(line, " ") {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// lineLength is LINELEN of PostgreSQL's format_node_dump.
const lineLength = 78

// A reader takes tokens off a text.
type reader struct {
	s   string
	pos int
}

// token is the next token, empty at the end. One with a backslash keeps it: names are not
// needed, and so cannot be taken for structure.
func (r *reader) token() string {
	for r.pos < len(r.s) && blank(r.s[r.pos]) {
		r.pos++
	}
	from := r.pos
	for r.pos < len(r.s) {
		switch c := r.s[r.pos]; {
		case c == '\\' && r.pos+1 < len(r.s):
			r.pos += 2
			continue
		case c == '(' || c == ')' || c == '{' || c == '}':
			if r.pos == from {
				r.pos++
			}
			return r.s[from:r.pos]
		case blank(c):
			return r.s[from:r.pos]
		}
		r.pos++
	}
	return r.s[from:]
}

func blank(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// peek is the next token, which stays.
func (r *reader) peek() string {
	at := r.pos
	t := r.token()
	r.pos = at
	return t
}

func (r *reader) value(t string, depth int) (Value, error) {
	if depth > maxDepth {
		return Value{}, errTree
	}
	switch t {
	case "", ")", "}":
		return Value{}, errTree
	case "<>":
		return Value{}, nil
	case "{":
		n, err := r.node(depth + 1)
		return Value{Node: n}, err
	case "(":
		list := []Value{}
		for {
			t := r.token()
			if t == ")" {
				return Value{List: list}, nil
			}
			v, err := r.value(t, depth+1)
			if err != nil {
				return Value{}, err
			}
			list = append(list, v)
		}
	}
	return Value{Token: t}, nil
}

// node reads what follows an opening brace. A field has one value; the bytes of a
// constant, which follow its length, are its rest.
func (r *reader) node(depth int) (*Node, error) {
	n := &Node{Kind: r.token()}
	for {
		name := r.token()
		if name == "}" {
			return n, nil
		}
		if len(name) < 2 || name[0] != ':' {
			return nil, errTree
		}
		v, err := r.value(r.token(), depth)
		if err != nil {
			return nil, err
		}
		from := r.pos
		for p := r.peek(); p != "" && !strings.ContainsAny(p[:1], "{}():"); p = r.peek() {
			r.token()
		}
		v.Rest = strings.TrimSpace(r.s[from:r.pos])
		n.Fields = append(n.Fields, Field{name[1:], v})
	}
}

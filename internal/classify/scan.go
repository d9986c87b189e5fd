package classify

import "github.com/das-local/das-local/internal/activity"

// scan classifies a text without the parser: statements are cut at semicolons
// outside of parentheses and BEGIN ATOMIC … END, each told by its first keywords.
func scan(text string) []Statement {
	var out []Statement
	lex := lexer{s: text}
	depth, atomic := 0, 0
	from, to := -1, 0
	var prev token
	for {
		t := lex.next()
		end := t.kind == tokEOF
		if t.kind == tokPunct {
			switch text[t.from] {
			case '(', '[':
				depth++
			case ')', ']':
				depth = max(0, depth-1)
			case ';':
				end = depth == 0 && atomic == 0
			}
		}
		if t.kind == tokWord {
			switch {
			case t.is(text, "atomic") && prev.is(text, "begin"):
				atomic = 1
			case atomic > 0 && t.is(text, "case"):
				atomic++
			case atomic > 0 && t.is(text, "end"):
				atomic--
			}
		}
		if end {
			if from >= 0 {
				out = append(out, scanOne(text, from, to))
			}
			from = -1
		} else {
			if from < 0 {
				from = t.from
			}
			to = t.to
		}
		if t.kind == tokEOF {
			return out
		}
		prev = t
	}
}

func scanOne(text string, from, to int) Statement {
	s := Statement{Form: Unread, from: from, to: to, Command: commandOf(text[from:to])}
	s.Class = ClassOf(s.Command)
	switch s.Command {
	case "INSERT":
		s.target(text[from:to], Insert, "into")
	case "UPDATE":
		s.target(text[from:to], Update, "update")
	case "DELETE":
		s.target(text[from:to], Delete, "from")
	case "COPY":
		s.copies(text[from:to])
	case "PREPARE", "EXPLAIN":
		s.Class = activity.ClassMisc
	default:
		if changesCatalog(s.Command) {
			s.Effects = []Effect{{Kind: Catalog}}
		}
	}
	return s
}

// target reads the relation after the keyword.
func (s *Statement) target(text string, a Access, after string) {
	lex := lexer{s: text}
	depth := 0
	for {
		t := lex.next()
		switch {
		case t.kind == tokEOF:
			return
		case t.is(text, "("):
			depth++
		case t.is(text, ")"):
			depth--
		case depth == 0 && t.is(text, after):
			t = lex.next()
			if t.is(text, "only") {
				t = lex.next()
			}
			if r, ok := qualifiedName(&lex, t); ok {
				r.Access = a
				s.Relations = []Relation{r}
			}
			return
		}
	}
}

// copies reads COPY's relation and direction.
func (s *Statement) copies(text string) {
	lex := lexer{s: text}
	lex.next()
	t := lex.next()
	if t.is(text, "binary") {
		t = lex.next()
	}
	r, named := qualifiedName(&lex, t)
	depth := 0
	for ; t.kind != tokEOF; t = lex.next() {
		switch {
		case t.is(text, "("):
			depth++
		case t.is(text, ")"):
			depth--
		case depth == 0 && t.is(text, "from"):
			r.Access, s.Class = Insert, activity.ClassWrite
		case depth == 0 && t.is(text, "to"):
			r.Access = Read
		default:
			continue
		}
		if r.Access != 0 {
			break
		}
	}
	if named && r.Access != 0 {
		s.Relations = []Relation{r}
	}
}

// qualifiedName reads a.b.c from its first token; lex stands after that.
func qualifiedName(lex *lexer, t token) (Relation, bool) {
	var parts []string
	for {
		if t.kind != tokWord && t.kind != tokQuoted {
			return Relation{}, false
		}
		parts = append(parts, t.name(lex.s))
		at := lex.pos
		if dot := lex.next(); !dot.is(lex.s, ".") || len(parts) == 3 {
			lex.pos = at
			break
		}
		t = lex.next()
	}
	r := Relation{Name: parts[len(parts)-1]}
	if len(parts) > 1 {
		r.Schema = parts[len(parts)-2]
	}
	return r, true
}

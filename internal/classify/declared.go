package classify

// maxDeclaration bounds the tokens between a variable's name and its value.
const maxDeclaration = 12

// declared masks the value that a declaration gives to a variable or parameter with a secret's name:
// password CONSTANT text := '…' in PL/pgSQL, f(password text DEFAULT '…') of CREATE FUNCTION. A
// column's default is none.
func (r *redactor) declared() bool {
	look := r.lex
	depth := 0
	for n := range maxDeclaration {
		t := look.next()
		switch {
		case n > 0 && t.is(r.s, ":"):
			if !look.next().is(r.s, "=") {
				return false
			}
			return r.valueAt(look)
		case n > 0 && (t.is(r.s, "default") || t.is(r.s, "=")):
			if !r.routine && (r.depth == 0 || r.first == "create" || r.first == "alter") {
				return false
			}
			return r.valueAt(look)
		case t.is(r.s, "("), t.is(r.s, "["):
			depth++
		case t.is(r.s, ")"), t.is(r.s, "]"):
			if depth--; depth < 0 {
				return false
			}
		case t.is(r.s, ",") && depth > 0, t.is(r.s, "."), t.is(r.s, "%"), t.kind == tokNumber, t.kind == tokQuoted:
		case t.kind == tokWord && !clauseWord(lowerASCII(t.text(r.s))):
		default:
			return false
		}
	}
	return false
}

func (r *redactor) valueAt(at lexer) bool {
	r.lex = at
	r.maskNext()
	return true
}

// clauseWord says that a name before it was no declaration.
func clauseWord(w string) bool {
	switch w {
	case "from", "where", "and", "or", "is", "in", "as", "into", "using", "on", "then", "loop", "end", "like", "ilike", "between",
		"order", "group", "having", "limit", "union", "set", "values", "returning", "cast", "case", "when", "else":
		return true
	}
	return false
}

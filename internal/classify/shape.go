package classify

// A shape is the text of one SELECT, INSERT, UPDATE, DELETE, MERGE or VALUES
// with its comments gone and its literals blanked: statements that differ in
// literals only have one shape, and the shape, parsed, says all of them.
type shape struct {
	key      []byte
	from, to int // the statement's bounds in the text
}

// shaper builds a shape. Rows of VALUES after the first that hold only literals and
// runs of alike literals in IN (…) and ARRAY[…] are left out.
type shaper struct {
	shape
	s     string
	depth int

	rows    int // depth of the rows of VALUES; -1 outside of them
	rowFrom int // length of the key before the row and its comma
	rowN    int
	plain   bool // the row has held only literals so far

	list  bool   // inside IN (…) or ARRAY […], only literals so far
	item  string // the list's last item
	comma bool   // a comma of the list not yet written
}

// makeShape fails (ok is false) for any other text, and for those whose literals
// matter: set_config, UESCAPE, literals continued on the next line.
func makeShape(text string, buf []byte) (sh shape, ok bool) {
	b := shaper{s: text, rows: -1}
	b.key = buf[:0]
	lex := lexer{s: text}
	first := lex.next()
	open := first
	for open.kind == tokPunct && text[open.from] == '(' {
		open = lex.next()
	}
	if open.kind != tokWord || !shapeStart(text[open.from:open.to]) {
		return shape{key: b.key}, false
	}
	lex.pos = first.from
	b.from = first.from
	var prev token
	for {
		t := lex.next()
		if t.kind == tokEOF {
			break
		}
		if t.kind == tokPunct && text[t.from] == ';' {
			if !onlySemicolons(&lex) {
				return shape{key: b.key}, false
			}
			break
		}
		if !b.add(t, prev) {
			return shape{key: b.key}, false
		}
		prev = t
		b.to = t.to
	}
	b.flush()
	return b.shape, true
}

func shapeStart(w string) bool {
	switch len(w) {
	case 4:
		return equalFold(w, "with")
	case 5:
		return equalFold(w, "merge") || equalFold(w, "table")
	case 6:
		return equalFold(w, "select") || equalFold(w, "insert") || equalFold(w, "update") ||
			equalFold(w, "delete") || equalFold(w, "values")
	}
	return false
}

func onlySemicolons(lex *lexer) bool {
	for {
		t := lex.next()
		if t.kind == tokEOF {
			return true
		}
		if t.kind != tokPunct || lex.s[t.from] != ';' {
			return false
		}
	}
}

// add takes the next token; false gives up.
func (b *shaper) add(t, prev token) bool {
	switch t.kind {
	case tokString:
		if t.open || t.form == 'u' || prev.kind == tokString {
			return false
		}
		lit := "''"
		switch t.form {
		case 'n':
			lit = "N''"
		case 'b', 'x':
			lit = b.s[t.from:t.to]
		}
		b.literal(t, prev, lit)
	case tokNumber:
		b.literal(t, prev, numberShape(b.s[t.from:t.to]))
	case tokWord:
		return b.word(t, prev)
	case tokQuoted:
		if t.open || t.form == 'u' || t.to-t.from == len(`"set_config"`) && t.value(b.s) == "set_config" {
			return false
		}
		b.other(t, prev)
	case tokPunct:
		b.punct(t, prev)
	case tokOp:
		b.leaveList()
		if w := b.s[t.from:t.to]; w != "-" && w != "+" {
			b.plain = false
		}
		b.write(t, prev, b.s[t.from:t.to])
	default:
		b.literalLike(t, prev)
	}
	return true
}

func (b *shaper) word(t, prev token) bool {
	w := b.s[t.from:t.to]
	switch len(w) {
	case 4:
		if equalFold(w, "null") || equalFold(w, "true") {
			b.literalLike(t, prev)
			return true
		}
	case 5:
		if equalFold(w, "false") {
			b.literalLike(t, prev)
			return true
		}
	case 6:
		if equalFold(w, "values") {
			b.other(t, prev)
			b.rows, b.rowN = b.depth, 0
			b.rowFrom = len(b.key)
			return true
		}
	case 7:
		if equalFold(w, "uescape") {
			return false
		}
		if equalFold(w, "default") {
			b.literalLike(t, prev)
			return true
		}
	case 10:
		if equalFold(w, "set_config") {
			return false
		}
	}
	b.other(t, prev)
	return true
}

// numberShape keeps what decides a number's type.
func numberShape(w string) string {
	if len(w) > 1 && w[0] == '0' && chars[w[1]]&chWordStart != 0 {
		return w
	}
	for i := range len(w) {
		if chars[w[i]]&chDigit == 0 {
			if chars[w[i]]&chWordStart != 0 && w[i]|0x20 != 'e' {
				return w
			}
			return "1.0"
		}
	}
	switch {
	case len(w) < 10 || len(w) == 10 && w <= "2147483647":
		return "1"
	case len(w) < 19 || len(w) == 19 && w <= "9223372036854775807":
		return "3000000000"
	}
	return "1.0"
}

// literal writes a blanked literal, unless a list's last item was the same.
func (b *shaper) literal(t, prev token, lit string) {
	if b.list {
		if b.comma && b.item == lit {
			b.comma = false
			return
		}
		b.flush()
		b.item = lit
	}
	b.write(t, prev, lit)
}

// literalLike is for what makes no difference in a row of VALUES.
func (b *shaper) literalLike(t, prev token) {
	b.flush()
	b.item = ""
	b.write(t, prev, b.s[t.from:t.to])
}

func (b *shaper) other(t, prev token) {
	b.leaveList()
	b.plain = false
	if b.rows == b.depth && b.rowN > 0 {
		b.rows = -1
	}
	b.write(t, prev, b.s[t.from:t.to])
}

func (b *shaper) punct(t, prev token) {
	switch b.s[t.from] {
	case '(', '[':
		list := prev.is(b.s, "in") || prev.is(b.s, "array")
		b.leaveList()
		if b.rows == b.depth && b.s[t.from] == '(' {
			b.plain = true
		} else {
			b.plain = false
		}
		b.depth++
		b.write(t, prev, b.s[t.from:t.to])
		b.list, b.item = list, ""
	case ')', ']':
		b.leaveList()
		b.depth--
		b.write(t, prev, b.s[t.from:t.to])
		if b.rows == b.depth {
			if b.rowN > 0 && b.plain {
				b.key = b.key[:b.rowFrom]
			}
			b.rowN++
			b.rowFrom = len(b.key)
		} else if b.depth < b.rows {
			b.rows = -1
		}
	case ',':
		if b.list {
			b.flush()
			b.comma = true
			return
		}
		b.write(t, prev, ",")
	default:
		b.other(t, prev)
	}
}

func (b *shaper) leaveList() {
	b.flush()
	b.list, b.item = false, ""
}

// flush writes the comma that is still owed.
func (b *shaper) flush() {
	if b.comma {
		b.comma = false
		b.key = append(b.key, ',')
	}
}

// write appends a token, with one blank where the text had any.
func (b *shaper) write(t, prev token, as string) {
	if t.from != prev.to && len(b.key) > 0 {
		b.key = append(b.key, ' ')
	}
	b.key = append(b.key, as...)
}

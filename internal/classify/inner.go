package classify

import "strings"

// find is the first such word outside of parentheses, and the lexer behind it.
func find(text, word string) (t token, lex lexer, found bool) {
	lex = lexer{s: text}
	depth := 0
	for t = lex.next(); t.kind != tokEOF; t = lex.next() {
		switch {
		case t.is(text, "("):
			depth++
		case t.is(text, ")"):
			depth--
		case depth == 0 && t.is(text, word):
			return t, lex, true
		}
	}
	return t, lex, false
}

// after is the text behind the first such word outside of parentheses; empty if there is none.
func after(text, word string) string {
	if t, _, found := find(text, word); found {
		return text[t.to:]
	}
	return ""
}

// parenthesised is what stands in the first pair of parentheses.
func parenthesised(text string) string {
	lex := lexer{s: text}
	depth, from := 0, 0
	for t := lex.next(); t.kind != tokEOF; t = lex.next() {
		switch {
		case t.is(text, "("):
			if depth == 0 {
				from = t.to
			}
			depth++
		case t.is(text, ")"):
			if depth--; depth == 0 {
				return text[from:t.from]
			}
		}
	}
	return ""
}

// explained is the statement behind EXPLAIN and its options.
func explained(text string) string {
	lex := lexer{s: text}
	lex.next()
	from := lex.pos
	t := lex.next()
	for t.is(text, "analyze") || t.is(text, "analyse") || t.is(text, "verbose") {
		from = lex.pos
		t = lex.next()
	}
	if !t.is(text, "(") {
		return text[from:]
	}
	if first := lex.next(); first.is(text, "(") || first.kind == tokWord && shapeStart(text[first.from:first.to]) {
		return text[from:] // a query in parentheses
	}
	depth := 1
	for t = lex.next(); t.kind != tokEOF; t = lex.next() {
		if t.is(text, "(") {
			depth++
		} else if t.is(text, ")") {
			if depth--; depth == 0 {
				return text[lex.pos:]
			}
		}
	}
	return ""
}

// preparedTypes are the types in PREPARE name (type, …) AS.
func preparedTypes(text string) (types []string) {
	lex := lexer{s: text}
	lex.next()
	lex.next()
	if !lex.next().is(text, "(") {
		return nil
	}
	depth, from := 0, lex.pos
	for t := lex.next(); t.kind != tokEOF; t = lex.next() {
		switch {
		case depth == 0 && (t.is(text, ",") || t.is(text, ")")):
			types = append(types, strings.TrimSpace(text[from:t.from]))
			from = t.to
			if t.is(text, ")") {
				return types
			}
		case t.is(text, "("):
			depth++
		case t.is(text, ")"):
			depth--
		}
	}
	return nil
}

// withoutData takes WITH [NO] DATA off the end.
func withoutData(text string) string {
	lex := lexer{s: text}
	var last [3]token
	for t := lex.next(); t.kind != tokEOF; t = lex.next() {
		last[0], last[1], last[2] = last[1], last[2], t
	}
	switch {
	case !last[2].is(text, "data"):
	case last[1].is(text, "with"):
		return text[:last[1].from]
	case last[1].is(text, "no") && last[0].is(text, "with"):
		return text[:last[0].from]
	}
	return text
}

// withoutInto blanks INTO and the name behind it.
func withoutInto(text string) string {
	if t, lex, found := find(text, "into"); found {
		return text[:t.from] + text[endOfInto(text, lex):]
	}
	return ""
}

// endOfInto is where the name of INTO [TEMPORARY …] [TABLE] name ends.
func endOfInto(text string, lex lexer) int {
	t := lex.next()
	for _, w := range []string{"local", "global", "temporary", "temp", "unlogged", "table"} {
		if t.is(text, w) {
			t = lex.next()
		}
	}
	end := t.to
	for lex.next().is(text, ".") {
		end = lex.next().to
	}
	return end
}

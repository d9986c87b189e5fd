package classify

import "strings"

// literal reads a string literal and those joined to it, by a line end or by ||, and
// masks it whole or the secrets in it.
func (r *redactor) literal(t token, whole bool) {
	escape, clause := byte('\\'), 0
	if t.form == 'u' {
		escape, clause = escapeOf(r.s, t)
	}
	if r.unsureAt < 0 && t.form == 0 && strings.Contains(r.s[t.from:t.to], `\'`) {
		r.unsureAt = t.from
	}
	value := valueOf(r.s, t)
	var joined strings.Builder
	from, to, single := t.from, t.to, true
	for {
		look := r.lex
		n := look.next()
		joins := n.is(r.s, "||")
		if joins {
			n = look.next()
		}
		if n.kind != tokString {
			break
		}
		next := ""
		if joins {
			next = valueOf(r.s, n)
		} else {
			n, next = r.continued(t.form, escape, n, &look)
		}
		if single {
			joined.WriteString(value)
		}
		joined.WriteString(next)
		to, single = n.to, false
		r.lex = look
		t.open = n.open
	}
	if !single {
		value = joined.String()
	}
	if clause > to {
		r.lex.pos, to = clause, clause
	}
	whole = whole || r.hanging || r.unsure(t) || r.inRole && !r.prev.is(r.s, "until") || r.rest && !r.prev.is(r.s, "language")
	if r.role || whole {
		r.hid(value)
		if single {
			a, b := t.body(r.s)
			r.hid(r.s[a:b])
		}
	}
	if whole {
		r.edits = append(r.edits, edit{from, r.past(t, to), "'" + Redacted + "'"})
		return
	}
	var shown string
	var changed, hanging bool
	if suspicious(value) {
		r.part(value)
		shown, changed, hanging = redactValue(value, r.depth+1)
		hanging = hanging || r.built && endsInPassword(value)
		r.hanging = r.hanging || hanging
		r.rest = r.rest || changed && strings.HasSuffix(shown, " "+Redacted)
	} else {
		shown = value
	}
	if r.prev.is(r.s, "program") {
		command := maskCommand(shown)
		shown, changed = command, changed || command != shown
	}
	switch {
	case changed:
		r.hidWords(value, shown)
		r.edits = append(r.edits, edit{from, r.past(t, to), relit(r.s, t, single, shown)})
	case r.wary && !hanging && !r.prev.is(r.s, "language"):
		r.hid(value)
		r.edits = append(r.edits, edit{from, r.past(t, to), "'" + Redacted + "'"})
	}
}

// continued reads a literal that continues one of that form on another line.
func (r *redactor) continued(form, escape byte, n token, look *lexer) (token, string) {
	if form == 'e' && n.form == 0 {
		n.to, n.open = quoted(r.s, n.from+1, '\'', true)
		look.pos = n.to
	}
	from, to := n.body(r.s)
	if n.form != 0 {
		form = n.form
	}
	return n, decode(r.s[from:to], form, escape, tokString)
}

// part notes that a literal holds the beginning of a role statement.
func (r *redactor) part(value string) {
	if r.built {
		return
	}
	lex := lexer{s: value}
	for range 8 {
		t := lex.next()
		if t.is(value, "create") || t.is(value, "alter") {
			t = lex.next()
			r.built = t.is(value, "role") || t.is(value, "user") || t.is(value, "group") || t.kind == tokEOF
		}
		if r.built || t.kind == tokEOF {
			return
		}
	}
}

// past is where a masked literal ends. One that ends in a backslash may be longer than it
// seems, if standard_conforming_strings is off: the rest of the text goes with it.
func (r *redactor) past(t token, to int) int {
	if t.form == 0 && !t.open && to-2 > t.from && r.s[to-2] == '\\' {
		r.lex.pos = len(r.s)
		return len(r.s)
	}
	return to
}

// relit writes a literal again with another value.
func relit(s string, t token, single bool, value string) string {
	if single && t.form == '$' {
		from, _ := t.body(s)
		tag := s[t.from:from]
		if !strings.Contains(value, tag) {
			return tag + value + tag
		}
	}
	end := "'"
	if t.open {
		end = ""
	}
	return "'" + strings.ReplaceAll(value, "'", "''") + end
}

// unsure says that the text ends where a U& literal's escape character would be named.
func (r *redactor) unsure(t token) bool {
	if t.form != 'u' {
		return false
	}
	if _, end := escapeOf(r.s, t); end > 0 {
		return false
	}
	look := lexer{s: r.s, pos: t.to}
	n := look.next()
	if n.kind == tokWord && strings.HasPrefix("uescape", lowerASCII(n.text(r.s))) {
		n = look.next()
	}
	from, to := t.body(r.s)
	return (t.open || n.kind == tokEOF || n.open) && escapes(r.s[from:to])
}

// escapes says whether another character than the backslash seems to begin escapes.
func escapes(raw string) bool {
	for i := range len(raw) {
		if c := raw[i]; c != '\\' && c < 0x80 && chars[c]&(chWordStart|chDigit|chSpace) == 0 {
			rest := strings.TrimPrefix(raw[i+1:], "+")
			if _, n := digits(rest, 16, 4); n == 4 || n == len(rest) {
				return true
			}
		}
	}
	return false
}

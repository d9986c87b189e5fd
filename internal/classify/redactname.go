package classify

import (
	"strconv"
	"strings"
)

// roleStatement looks at what follows CREATE or ALTER ROLE.
func (r *redactor) roleStatement(alter bool) {
	look := r.lex
	name := look.next()
	if name.is(r.s, "mapping") {
		return
	}
	if alter {
		t := look.next()
		if t.is(r.s, "set") || t.is(r.s, "reset") || t.is(r.s, "rename") || t.is(r.s, "in") && look.next().is(r.s, "database") {
			r.exempt = true // unless a bare PASSWORD comes after all
			return
		}
	}
	r.role, r.inRole = true, true
}

// option masks the literal after a name such as password: an option's value, a
// named argument.
func (r *redactor) option(t token) {
	name := r.name(t)
	if !secretName(name) && !(r.options && optionName(name)) {
		return
	}
	if secretName(name) && r.declared() {
		return
	}
	look := r.lex
	r.skipEscape(t, &look)
	at := look
	v := look.next()
	switch {
	case v.is(r.s, ":"):
		if !look.next().is(r.s, "=") {
			return
		}
	case v.is(r.s, "=>"):
	case v.is(r.s, "="):
		// In a DML statement it is a column's name; but the server's own are secret, and so is what a
		// line of pg_hba.conf has.
		hba := strings.HasPrefix(r.first, "host") || r.first == "local"
		if !r.options && r.first != "create" && r.first != "alter" && !hba && !strings.HasPrefix(name, "rolpass") {
			return
		}
	case v.kind == tokString, r.options && (v.kind == tokWord || v.kind == tokQuoted || v.kind == tokNumber):
		look = at
	case v.kind == tokOp && r.s[v.from] == '%' && r.depth > 0:
		r.hanging = true // a template for format
		return
	default:
		return
	}
	r.lex = look
	r.maskNext()
}

// name gives the identifier that a word or quoted identifier stands for, with the escape
// character that UESCAPE names.
func (r *redactor) name(t token) string {
	if t.kind == tokQuoted {
		return valueOf(r.s, t)
	}
	return t.name(r.s)
}

// skipEscape moves look over the UESCAPE clause that follows a U& token.
func (r *redactor) skipEscape(t token, look *lexer) {
	if t.form == 'u' {
		if _, end := escapeOf(r.s, t); end > 0 {
			look.pos = end
		}
	}
}

// quotedName masks a connection string that stands in double quotes by mistake.
func (r *redactor) quotedName(t token) {
	value := t.value(r.s)
	if shown := maskLoose(value); shown != value {
		r.hidWords(value, shown)
		r.hid(value)
		r.edits = append(r.edits, edit{t.from, t.to, `"` + strings.ReplaceAll(shown, `"`, `""`) + `"`})
	}
}

// maskNext masks the next literal, parameter or bare value.
func (r *redactor) maskNext() {
	look := r.lex
	t := look.next()
	switch t.kind {
	case tokString:
		r.lex = look
		r.literal(t, true)
	case tokParam:
		r.lex = look
		r.param(t)
	case tokNumber, tokWord, tokQuoted:
		r.lex = look
		r.mask(t)
	default:
		return
	}
	r.prev = t
}

func (r *redactor) mask(t token) {
	r.hid(t.name(r.s))
	r.edits = append(r.edits, edit{t.from, t.to, Redacted})
}

func (r *redactor) param(t token) {
	if n, err := strconv.Atoi(r.s[t.from+1 : t.to]); err == nil {
		r.hide(n)
	}
}

func (r *redactor) hide(n int) {
	if r.params == nil {
		r.params = map[int]bool{}
	}
	r.params[n] = true
}

// setting masks the value of SET name = value, if the name says so. A name without a dot may be the
// column of an UPDATE.
func (r *redactor) setting() {
	look := r.lex
	t := look.next()
	if t.is(r.s, "local") || t.is(r.s, "session") {
		t = look.next()
	}
	name, ok := qualifiedName(&look, t)
	if !ok || !secretName(name.Name) {
		return
	}
	statement := r.first == "set" || r.first == "alter" || r.first == "create"
	if !statement && name.Schema == "" && !strings.Contains(name.Name, ".") {
		return
	}
	if t = look.next(); !t.is(r.s, "to") && !t.is(r.s, "=") {
		return
	}
	r.lex = look
	r.prev = t
	for {
		r.maskNext()
		look = r.lex
		if t = look.next(); !t.is(r.s, ",") {
			return
		}
		r.lex = look
	}
}

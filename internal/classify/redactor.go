package classify

import (
	"strconv"
	"strings"
)

type edit struct {
	from, to int
	with     string
}

// A redactor goes once through a text's tokens.
type redactor struct {
	s     string
	lex   lexer
	depth int // of literals within literals

	edits   []edit
	role    bool         // a role statement is in the text
	params  map[int]bool // $n in the place of a secret
	collect bool         // fill secrets
	secrets []string     // what was taken out

	first  string // the statement's first word; "" at its start
	prev   token
	inRole bool // inside a role statement
	exempt bool // inside ALTER ROLE … SET, RESET or RENAME
	// hanging: a literal ended where a password must follow, as in
	// 'password=' || $1 and format('… PASSWORD %L', …).
	hanging bool
}

func (r *redactor) run() (string, bool) {
	r.lex.s = r.s
	for {
		t := r.lex.next()
		if t.kind == tokEOF {
			break
		}
		r.token(t)
		r.prev = t
	}
	return r.result()
}

func (r *redactor) token(t token) {
	switch t.kind {
	case tokPunct:
		if r.s[t.from] == ';' {
			r.first, r.inRole, r.exempt, r.hanging = "", false, false, false
		}
	case tokString:
		r.literal(t, false)
	case tokParam:
		if r.hanging {
			r.param(t)
		}
	case tokQuoted:
		r.option(t)
	case tokWord:
		r.word(t)
	}
}

func (r *redactor) word(t token) {
	w := lowerASCII(t.text(r.s))
	switch {
	case r.first != "":
	case w == "begin", w == "then", w == "else", w == "loop", w == "declare", w == "do", w == "execute":
		// What follows may begin a statement of a PL/pgSQL body.
	default:
		r.first = w
	}
	switch w {
	case "role", "user", "group":
		if r.prev.is(r.s, "create") || r.prev.is(r.s, "alter") {
			r.roleStatement(r.prev.is(r.s, "alter"))
		}
	case "set":
		if r.first == "set" || r.first == "alter" || r.first == "create" {
			r.setting()
		}
	case "set_config":
		r.setConfig()
	case "by":
		if r.prev.is(r.s, "identified") {
			r.maskNext()
		}
	default:
		if r.exempt && w == passwordWord && !r.prev.is(r.s, ".") {
			r.role, r.inRole = true, true
		}
		if r.inRole && w == passwordWord {
			look := r.lex
			if v := look.next(); v.kind == tokWord || v.kind == tokNumber {
				r.hid(v.text(r.s))
			}
		}
		r.option(t)
	}
}

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
	if !secretName(t.name(r.s)) {
		return
	}
	look := r.lex
	v := look.next()
	if v.is(r.s, "=>") {
		r.lex = look
		r.maskNext()
		return
	}
	if v.is(r.s, ":") {
		if eq := look.next(); eq.is(r.s, "=") {
			r.lex = look
			r.maskNext()
		}
		return
	}
	if v.kind == tokString {
		r.maskNext()
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
		if r.params == nil {
			r.params = map[int]bool{}
		}
		r.params[n] = true
	}
}

// setting masks the value of SET name = value, if the name says so.
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

// setConfig masks set_config's second argument, if its first one says so.
func (r *redactor) setConfig() {
	look := r.lex
	if t := look.next(); !t.is(r.s, "(") && t.kind != tokQuoted {
		return
	}
	t := look.next()
	if t.kind != tokString || !secretName(t.value(r.s)) {
		return
	}
	if t = look.next(); !t.is(r.s, ",") {
		return
	}
	r.lex = look
	depth := 0
	for {
		t = look.next()
		switch {
		case t.kind == tokEOF, depth == 0 && (t.is(r.s, ",") || t.is(r.s, ")")):
			return
		case t.is(r.s, "("):
			depth++
		case t.is(r.s, ")"):
			depth--
		case t.kind == tokString:
			r.lex = look
			r.literal(t, true)
			look = r.lex
		case t.kind == tokParam:
			r.param(t)
		}
		r.lex = look
		r.prev = t
	}
}

// literal reads a string literal and those joined to it, by a line end or by ||, and
// masks it whole or the secrets in it.
func (r *redactor) literal(t token, whole bool) {
	value := r.value(t)
	var joined strings.Builder
	from, to, single := t.from, t.to, true
	for {
		look := r.lex
		n := look.next()
		if n.is(r.s, "||") {
			n = look.next()
		}
		if n.kind != tokString {
			break
		}
		if single {
			joined.WriteString(value)
		}
		joined.WriteString(r.value(n))
		to, single = n.to, false
		r.lex = look
		t.open = n.open
	}
	if !single {
		value = joined.String()
	}
	whole = whole || r.hanging || r.inRole && !r.prev.is(r.s, "until")
	if r.role || whole {
		r.hid(value)
		if single {
			a, b := t.body(r.s)
			r.hid(r.s[a:b])
		}
	}
	if whole {
		r.edits = append(r.edits, edit{from, to, "'" + Redacted + "'"})
		return
	}
	if !suspicious(value) {
		return
	}
	shown, changed, hanging := redactValue(value, r.depth+1)
	r.hanging = r.hanging || hanging
	if changed {
		r.hidWords(value, shown)
		r.edits = append(r.edits, edit{from, to, relit(r.s, t, single, shown)})
	}
}

// value decodes a literal, with the escape character that UESCAPE names.
func (r *redactor) value(t token) string {
	if t.form == 'u' {
		look := lexer{s: r.s, pos: t.to}
		if look.next().is(r.s, "uescape") {
			if esc := look.next(); esc.kind == tokString && len(esc.value(r.s)) == 1 {
				from, to := t.body(r.s)
				raw := strings.ReplaceAll(r.s[from:to], esc.value(r.s), `\`)
				return strings.ReplaceAll(unescapeUnicode(raw), "''", "'")
			}
		}
	}
	return t.value(r.s)
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

// maxSecrets bounds what is looked for in an error message.
const maxSecrets = 4096

// hid notes what was taken out, for the error message that may quote it.
func (r *redactor) hid(secret string) {
	if r.collect && len(secret) > 2 && len(r.secrets) < maxSecrets {
		r.secrets = append(r.secrets, secret)
	}
}

// hidWords notes the words of before that are not in after.
func (r *redactor) hidWords(before, after string) {
	if !r.collect {
		return
	}
	kept := map[string]bool{}
	apart := func(c rune) bool { return strings.ContainsRune(" \t\n'\"=:@/,;()", c) }
	for w := range strings.FieldsFuncSeq(after, apart) {
		kept[w] = true
	}
	for w := range strings.FieldsFuncSeq(before, apart) {
		if !kept[w] {
			r.hid(w)
		}
	}
}

// result applies the edits, and the cut that a role statement asks for.
func (r *redactor) result() (string, bool) {
	cut := -1
	if r.role {
		if i := indexFold(r.s, passwordWord); i >= 0 {
			cut = i + len(passwordWord)
		}
	}
	if cut < 0 && len(r.edits) == 0 {
		return r.s, false
	}
	var b strings.Builder
	at := 0
	for _, e := range r.edits {
		if cut >= 0 && e.from >= cut {
			break
		}
		if e.from < at {
			continue
		}
		b.WriteString(r.s[at:e.from])
		at = e.to
		if cut >= 0 && e.to > cut {
			with := e.with
			if i := indexFold(with, passwordWord); i >= 0 {
				with = with[:i+len(passwordWord)]
			}
			b.WriteString(with)
			at = cut
			break
		}
		b.WriteString(e.with)
	}
	if cut >= 0 {
		b.WriteString(r.s[min(at, cut):cut])
		b.WriteString(" " + Redacted)
		return b.String(), true
	}
	b.WriteString(r.s[at:])
	return b.String(), true
}

package classify

import (
	"slices"
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
	depth int  // of literals within literals
	roles bool // role statements of the text itself are all that matters

	edits   []edit
	role    bool         // a role statement is in the text
	params  map[int]bool // $n in the place of a secret
	collect bool         // fill secrets
	called  int          // bytes read for calls of set_config
	// unsureAt is where the first literal is with a backslash before a quote, which may end elsewhere; -1: nowhere.
	unsureAt int
	secrets  []string // what was taken out

	first  string // the statement's first word; "" at its start
	prev   token
	inRole bool // inside a role statement
	exempt bool // inside ALTER ROLE … SET, RESET or RENAME
	// hanging: a literal ended where a password must follow, as in
	// 'password=' || $1 and format('… PASSWORD %L', …).
	hanging bool
	hung    bool // the text was hanging somewhere
	built   bool // a literal holds a role statement, or the beginning of one
	options bool // after OPTIONS
	routine bool // in CREATE FUNCTION or PROCEDURE
	// rest: a role statement was taken out of a literal; what it is put together with, by replace
	// say, comes in the same statement.
	rest bool
	open bool // a quote is not closed
	// wary: the password may be in any literal, since a statement is put together that
	// takes it from elsewhere, such as a variable.
	wary bool
}

// run gives the text without its secrets.
func (r *redactor) run() (string, bool) {
	r.read()
	if r.depth == 0 && r.unsureAt >= 0 {
		r.readOtherwise()
	}
	return r.result()
}

// read finds what is to be taken out. A text that puts a statement with a password
// together is read twice.
func (r *redactor) read() {
	r.pass()
	if r.hung && !r.wary {
		*r = redactor{s: r.s, lex: lexer{escapes: r.lex.escapes}, depth: r.depth, collect: r.collect, wary: true}
		r.pass()
		r.hung = true
	}
}

// readOtherwise reads the text as with standard_conforming_strings = off, where other literals are in
// it. If that finds other secrets, it ends before the first literal that may be another.
func (r *redactor) readOtherwise() {
	o := redactor{s: r.s, lex: lexer{escapes: true}, collect: r.collect}
	o.read()
	if !o.role && len(o.edits) == 0 || o.role == r.role && slices.Equal(o.edits, r.edits) {
		return
	}
	r.secrets = append(r.secrets, o.secrets...)
	r.edits = slices.DeleteFunc(r.edits, func(e edit) bool { return e.to > r.unsureAt })
	r.edits = append(r.edits, edit{r.unsureAt, len(r.s), Redacted})
	for n := range o.params {
		r.hide(n)
	}
}

func (r *redactor) pass() {
	r.lex.s, r.lex.pos, r.unsureAt = r.s, 0, -1
	for {
		t := r.lex.next()
		if t.kind == tokEOF {
			break
		}
		r.token(t)
		r.hung = r.hung || r.hanging
		r.prev = t
		r.open = r.open || t.open || r.prev.open
	}
	// The text does not end where its quotes do: which words are in them is open too.
	if !r.roles && (r.open || r.lex.open) && givesPassword(r.s) {
		r.role = true
	}
}

// maxLooks bounds where givesPassword looks: what follows may be a comment up to the end.
const maxLooks = 50

// givesPassword says whether a constant follows the word anywhere, or may do so.
func givesPassword(s string) bool {
	at := 0
	for range maxLooks {
		i := indexFold(s[at:], passwordWord)
		if i < 0 {
			return false
		}
		at += i + len(passwordWord)
		lex := lexer{s: s, pos: at}
		if t := lex.next(); t.kind == tokString || t.kind == tokQuoted {
			return true
		}
	}
	return true
}

func (r *redactor) token(t token) {
	switch t.kind {
	case tokPunct:
		if r.s[t.from] == ';' {
			r.first = ""
			r.inRole, r.exempt, r.hanging, r.options, r.routine, r.rest = false, false, false, false, false, false
		}
	case tokString, tokParam, tokQuoted:
		if r.roles {
			return
		}
	}
	switch t.kind {
	case tokString:
		r.literal(t, false)
	case tokParam:
		if r.hanging {
			r.param(t)
		}
	case tokQuoted:
		name := r.name(t)
		if name == "set_config" {
			r.setConfig()
			return
		}
		if r.secretCall(name) {
			return
		}
		r.option(t)
		r.quotedName(t)
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
	if r.roles && w != "role" && w != "user" && w != "group" {
		return
	}
	switch w {
	case "role", "user", "group":
		if r.prev.is(r.s, "create") || r.prev.is(r.s, "alter") || r.prev.is(r.s, "replace") && r.first == "create" {
			r.roleStatement(r.prev.is(r.s, "alter"))
		}
	case "set":
		r.setting()
	case "set_config":
		r.setConfig()
	case "uescape":
		look := r.lex
		if t := look.next(); t.kind == tokString && len(t.value(r.s)) == 1 {
			r.lex = look // of an identifier
		}
	case "options":
		r.options = true
	case "function", "procedure":
		r.routine = r.routine || r.first == "create"
	case "for":
		if r.first == "set" && r.prev.is(r.s, passwordWord) {
			r.hanging = true // another product's SET PASSWORD FOR name = '…'
		}
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
		if !r.secretCall(w) {
			r.option(t)
		}
	}
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
	apart := func(c rune) bool { return strings.ContainsRune(" \t\n'\"=:@/,;()&?", c) }
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

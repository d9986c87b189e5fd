package classify

import (
	"strconv"
	"strings"
)

// maxCalled bounds, in lengths of the text, how much of it is read for the calls of set_config in it.
const maxCalled = 16

// setConfig masks set_config's value if the name is a secret's. The name may be put together,
// cast, in parentheses, or given by its argument's name.
func (r *redactor) setConfig() {
	look := r.lex
	if !look.next().is(r.s, "(") {
		return
	}
	start := look
	c := callOf(r.s, look)
	if r.called += c.to - start.pos; r.called > maxCalled*len(r.s) {
		// Calls within calls, more than anybody writes: each literal up to the end may be a value.
		c = &configCall{nameEnd: start.pos, to: len(r.s)}
	} else if !c.secret() {
		return
	}
	r.lex = start
	for r.lex.pos < c.to {
		t := r.lex.next()
		switch t.kind {
		case tokEOF:
			return
		case tokString:
			if !c.isName(t) {
				r.literal(t, true)
			}
		case tokParam:
			if !c.isName(t) {
				r.param(t)
			}
		}
		r.prev = t
	}
}

// A configCall is what stands in the parentheses of set_config.
type configCall struct {
	named    bool // by =>
	name     strings.Builder
	nameEnd  int // of the first argument
	nameNum  int // $n, if that is the name
	valueNum int
	secretAt [2]int // the named argument's literal
	to       int
}

func callOf(s string, lex lexer) *configCall {
	c := &configCall{nameEnd: -1}
	depth, arg := 0, 0
	for {
		t := lex.next()
		c.to = t.to
		switch {
		case t.kind == tokEOF, depth == 0 && t.is(s, ")"):
			if c.nameEnd < 0 {
				c.nameEnd = t.from
			}
			return c
		case t.is(s, "("), t.is(s, "["):
			depth++
		case t.is(s, ")"), t.is(s, "]"):
			depth--
		case t.is(s, ",") && depth == 0:
			if arg == 0 {
				c.nameEnd = t.from
			}
			arg++
		case t.is(s, "=>"):
			c.named = true
		case t.kind == tokString:
			v := valueOf(s, t)
			if _, end := escapeOf(s, t); t.form == 'u' && end > 0 {
				lex.pos = end
			}
			if arg == 0 {
				c.name.WriteString(v)
			}
			if secretName(v) {
				c.secretAt = [2]int{t.from, t.to}
			}
		case t.kind == tokParam && arg < 2:
			n, _ := strconv.Atoi(s[t.from+1 : t.to])
			if arg == 0 {
				c.nameNum = n
			} else {
				c.valueNum = n
			}
		}
	}
}

func (c *configCall) secret() bool {
	if c.named {
		return c.secretAt[1] > 0
	}
	return secretName(c.name.String())
}

func (c *configCall) isName(t token) bool {
	if c.named {
		return t.from == c.secretAt[0]
	}
	return t.from < c.nameEnd
}

// SettingParams gives, for each set_config($name, $value, …) of a text, the number of the name's
// parameter by that of the value's; nil if there are none.
func SettingParams(text string) map[int]int {
	if indexFold(text, "set_config") < 0 {
		return nil
	}
	var out map[int]int
	lex, called := lexer{s: text}, 0
	for t := lex.next(); t.kind != tokEOF; t = lex.next() {
		if t.kind != tokWord && t.kind != tokQuoted || t.name(text) != "set_config" || !lex.next().is(text, "(") {
			continue
		}
		c := callOf(text, lex)
		if called += c.to - lex.pos; called > maxCalled*len(text) {
			return out // no server takes calls that deep
		}
		if c.nameNum > 0 && c.valueNum > 0 {
			if out == nil {
				out = map[int]int{}
			}
			out[c.valueNum] = c.nameNum
		}
	}
	return out
}

// SecretSetting says whether the value of a setting of that name is to be hidden.
func SecretSetting(name string) bool { return secretName(name) }

// MaskLiterals hides each string literal of a text: of EXECUTE, whose arguments stand where the
// prepared statement has a password.
func MaskLiterals(text string) string {
	var b strings.Builder
	lex := lexer{s: text}
	at := 0
	for t := lex.next(); t.kind != tokEOF; t = lex.next() {
		if t.kind == tokString {
			b.WriteString(text[at:t.from])
			b.WriteString("'" + Redacted + "'")
			at = t.to
		}
	}
	b.WriteString(text[at:])
	return b.String()
}

package classify

import "strings"

type kind uint8

const (
	tokEOF    kind = iota
	tokWord        // bare identifier or keyword
	tokQuoted      // "identifier", U&"identifier"
	tokString      // any string literal
	tokNumber
	tokParam // $1
	tokOp    // run of operator characters
	tokPunct // one of ( ) [ ] , ; : . or a byte that starts nothing
)

// A token is a slice of the text. Blanks and comments are between tokens.
type token struct {
	kind kind
	// form of a string or quoted identifier: 0 plain, 'e', 'u', 'b', 'x', 'n',
	// '$' for dollar quotes.
	form byte
	open bool // it ends with the text, not with its closing quote
	from int
	to   int
}

// A lexer cuts text into tokens by PostgreSQL's rules with
// standard_conforming_strings on. It never fails: what is not SQL comes out as
// punctuation, what is not closed reaches to the end of the text.
type lexer struct {
	s    string
	pos  int
	open bool // a block comment ends with the text
	// escapes: a backslash is one in every literal, as with standard_conforming_strings = off.
	escapes bool
}

// Character classes of PostgreSQL's scan.l.
const (
	chSpace = 1 << iota
	chWordStart
	chDigit
	chOp
	chDollar
)

// chars is indexed by byte.
var chars = charTable() //nolint:gochecknoglobals // read-only table

func charTable() (t [256]uint8) {
	for _, c := range " \t\n\r\f\v" {
		t[c] = chSpace
	}
	for c := 'a'; c <= 'z'; c++ {
		t[c], t[c-'a'+'A'] = chWordStart, chWordStart
	}
	t['_'] = chWordStart
	for c := 0x80; c < 0x100; c++ {
		t[c] = chWordStart
	}
	for c := '0'; c <= '9'; c++ {
		t[c] = chDigit
	}
	for _, c := range "+-*/<>=~!@#%^&|`?" {
		t[c] = chOp
	}
	t['$'] = chDollar
	return t
}

func (l *lexer) next() token {
	l.skip()
	s, i := l.s, l.pos
	if i >= len(s) {
		return token{kind: tokEOF, from: len(s), to: len(s)}
	}
	t := token{kind: tokPunct, from: i, to: i + 1}
	c := s[i]
	switch cls := chars[c]; {
	case cls&chWordStart != 0:
		l.word(&t)
	case cls&chDigit != 0, c == '.' && i+1 < len(s) && chars[s[i+1]]&chDigit != 0:
		t.kind, t.to = tokNumber, number(s, i)
	case c == '\'':
		t.kind = tokString
		if l.escapes {
			t.form = 'e'
		}
		t.to, t.open = quoted(s, i+1, '\'', l.escapes)
	case c == '"':
		t.kind = tokQuoted
		t.to, t.open = quoted(s, i+1, '"', false)
	case cls&chDollar != 0:
		l.dollar(&t)
	case cls&chOp != 0:
		t.kind, t.to = tokOp, operator(s, i)
	}
	l.pos = t.to
	return t
}

// skip moves over blanks and comments.
func (l *lexer) skip() {
	s, i := l.s, l.pos
	for i < len(s) {
		switch {
		case chars[s[i]]&chSpace != 0:
			i++
		case s[i] == '-' && i+1 < len(s) && s[i+1] == '-':
			for i < len(s) && s[i] != '\n' && s[i] != '\r' {
				i++
			}
		case s[i] == '/' && i+1 < len(s) && s[i+1] == '*':
			i, l.open = blockComment(s, i)
		default:
			l.pos = i
			return
		}
	}
	l.pos = i
}

// blockComment gives the end of the comment, which may hold comments, at i.
func blockComment(s string, i int) (end int, open bool) {
	depth := 0
	for i < len(s) {
		switch {
		case s[i] == '/' && i+1 < len(s) && s[i+1] == '*':
			depth++
			i += 2
		case s[i] == '*' && i+1 < len(s) && s[i+1] == '/':
			depth--
			i += 2
			if depth == 0 {
				return i, false
			}
		default:
			i++
		}
	}
	return len(s), true
}

// word reads an identifier, or a literal whose prefix looks like one.
func (l *lexer) word(t *token) {
	s, i := l.s, t.from
	if i+1 < len(s) {
		switch c, n := s[i]|0x20, s[i+1]; {
		case n == '\'' && (c == 'e' || c == 'b' || c == 'x' || c == 'n'):
			t.kind, t.form = tokString, c
			t.to, t.open = quoted(s, i+2, '\'', c == 'e')
			return
		case c == 'u' && n == '&' && i+2 < len(s) && (s[i+2] == '\'' || s[i+2] == '"'):
			t.kind, t.form = tokString, 'u'
			if s[i+2] == '"' {
				t.kind = tokQuoted
			}
			t.to, t.open = quoted(s, i+3, s[i+2], false)
			return
		}
	}
	for i < len(s) && chars[s[i]]&(chWordStart|chDigit|chDollar) != 0 {
		i++
	}
	t.kind, t.to = tokWord, i
}

// quoted finds the end of a literal whose first byte is at i; a doubled quote
// belongs to it, and with escapes whatever follows a backslash.
func quoted(s string, i int, quote byte, escapes bool) (end int, open bool) {
	for i < len(s) {
		switch {
		case s[i] == quote:
			if i+1 >= len(s) || s[i+1] != quote {
				return i + 1, false
			}
			i += 2
		case escapes && s[i] == '\\':
			i += 2
		default:
			i++
		}
	}
	return len(s), true
}

func number(s string, i int) int {
	start := i
	for i < len(s) {
		c := s[i]
		switch {
		case chars[c]&(chDigit|chWordStart) != 0 && c < 0x80:
			// Digits, exponents, 0x1F, 1_000; "1and" is junk to newer servers.
			if (c|0x20) == 'e' && i+1 < len(s) && (s[i+1] == '+' || s[i+1] == '-') && i > start &&
				!(s[start] == '0' && start+1 < len(s) && s[start+1]|0x20 == 'x') {
				i++
			}
			i++
		case c == '.' && (i+1 >= len(s) || s[i+1] != '.'):
			i++
		default:
			return i
		}
	}
	return i
}

// dollar reads $1, $$…$$ or $tag$…$tag$.
func (l *lexer) dollar(t *token) {
	s, i := l.s, t.from+1
	for i < len(s) && chars[s[i]]&chDigit != 0 {
		i++
	}
	if i > t.from+1 {
		t.kind, t.to = tokParam, i
		return
	}
	if i < len(s) && chars[s[i]]&chWordStart != 0 {
		for i < len(s) && chars[s[i]]&(chWordStart|chDigit) != 0 {
			i++
		}
	}
	if i >= len(s) || s[i] != '$' {
		return
	}
	tag := s[t.from : i+1]
	t.kind, t.form = tokString, '$'
	if end := strings.Index(s[i+1:], tag); end >= 0 {
		t.to = i + 1 + end + len(tag)
		return
	}
	t.to, t.open = len(s), true
}

func operator(s string, i int) int {
	start := i
	for i < len(s) && chars[s[i]]&chOp != 0 {
		if i > start && i+1 < len(s) &&
			(s[i] == '-' && s[i+1] == '-' || s[i] == '/' && s[i+1] == '*') {
			break
		}
		i++
	}
	return i
}

func (t token) text(s string) string { return s[t.from:t.to] }

// is says whether t is the keyword or punctuation w, which is in lower case.
func (t token) is(s, w string) bool {
	if t.kind != tokWord && t.kind != tokPunct && t.kind != tokOp || t.to-t.from != len(w) {
		return false
	}
	return equalFold(s[t.from:t.to], w)
}

// equalFold compares ASCII without case; lower is in lower case.
func equalFold(s, lower string) bool {
	if len(s) != len(lower) {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// lowerASCII folds an identifier as the server does.
func lowerASCII(s string) string {
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if 'A' <= b[i] && b[i] <= 'Z' {
					b[i] |= 0x20
				}
			}
			return string(b)
		}
	}
	return s
}

package classify

import (
	"strings"
	"unicode/utf8"
)

// body gives the bounds of what stands between a literal's quotes.
func (t token) body(s string) (from, to int) {
	from, to = t.from, t.to
	switch {
	case t.form == '$':
		n := strings.IndexByte(s[from+1:to], '$') + 2
		from += n
		if !t.open {
			to -= n
		}
		return from, max(from, to)
	case t.form == 'u':
		from += 3
	case t.form != 0:
		from += 2
	default:
		from++
	}
	if !t.open {
		to--
	}
	return min(from, t.to), max(min(from, t.to), to)
}

// value decodes a string literal or quoted identifier. What is malformed stays
// as it is written.
func (t token) value(s string) string {
	from, to := t.body(s)
	return decode(s[from:to], t.form, '\\', t.kind)
}

// name gives the identifier a word or quoted identifier stands for.
func (t token) name(s string) string {
	if t.kind == tokQuoted {
		return t.value(s)
	}
	return lowerASCII(t.text(s))
}

// unescape decodes the backslashes and doubled quotes of an E” literal.
func unescape(raw string) string {
	var b strings.Builder
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if c == '\'' && i+1 < len(raw) && raw[i+1] == '\'' {
			i++
		}
		if c != '\\' || i+1 >= len(raw) {
			b.WriteByte(c)
			continue
		}
		i++
		switch c = raw[i]; c {
		case 'b':
			b.WriteByte('\b')
		case 'f':
			b.WriteByte('\f')
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 't':
			b.WriteByte('\t')
		case 'x':
			v, n := digits(raw[i+1:], 16, 2)
			if n == 0 {
				b.WriteByte('x')
				continue
			}
			b.WriteByte(byte(v))
			i += n
		case 'u', 'U':
			want := 4
			if c == 'U' {
				want = 8
			}
			v, n := digits(raw[i+1:], 16, want)
			if n < want || v > utf8.MaxRune {
				b.WriteByte(c)
				continue
			}
			b.WriteRune(v)
			i += n
		case '0', '1', '2', '3', '4', '5', '6', '7':
			v, n := digits(raw[i:], 8, 3)
			b.WriteByte(byte(v))
			i += n - 1
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// escapeOf gives the escape character of a U& token, which a UESCAPE clause after it, and after the
// literals that continue it, may name; end is where that clause ends, or 0.
func escapeOf(s string, t token) (escape byte, end int) {
	look := lexer{s: s, pos: t.to}
	n := look.next()
	for t.kind == tokString && n.kind == tokString && n.form == 0 {
		n = look.next()
	}
	if n.is(s, "uescape") {
		if n = look.next(); n.kind == tokString && len(n.value(s)) == 1 {
			return n.value(s)[0], n.to
		}
	}
	return '\\', 0
}

// valueOf is token.value with the escape character that UESCAPE names.
func valueOf(s string, t token) string {
	if t.form != 'u' {
		return t.value(s)
	}
	escape, _ := escapeOf(s, t)
	from, to := t.body(s)
	return decode(s[from:to], 'u', escape, t.kind)
}

// decode decodes what stands between quotes, of a literal of that form or of one that continues it.
func decode(raw string, form, escape byte, k kind) string {
	q := "'"
	if k == tokQuoted {
		q = `"`
	}
	switch form {
	case '$', 'b', 'x':
		return raw
	case 'e':
		if strings.IndexByte(raw, '\\') >= 0 {
			return unescape(raw)
		}
	case 'u':
		if strings.IndexByte(raw, escape) >= 0 {
			raw = unescapeUnicode(raw, escape)
		}
	}
	return strings.ReplaceAll(raw, q+q, q)
}

// unescapeUnicode decodes \0041 and \+000041 of U& literals, whose escape character may be another.
func unescapeUnicode(raw string, escape byte) string {
	var b strings.Builder
	for i := 0; i < len(raw); i++ {
		if raw[i] != escape || i+1 >= len(raw) {
			b.WriteByte(raw[i])
			continue
		}
		if raw[i+1] == escape {
			b.WriteByte(escape)
			i++
			continue
		}
		skip, want := 1, 4
		if raw[i+1] == '+' {
			skip, want = 2, 6
		}
		v, n := digits(raw[i+skip:], 16, want)
		if n < want || v > utf8.MaxRune {
			b.WriteByte(escape)
			continue
		}
		b.WriteRune(v)
		i += skip + n - 1
	}
	return b.String()
}

// digits reads at most limit digits of base.
func digits(s string, base rune, limit int) (v rune, n int) {
	for n < len(s) && n < limit {
		c := rune(s[n])
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return v, n
		}
		if c >= base {
			return v, n
		}
		v = v*base + c
		n++
	}
	return v, n
}

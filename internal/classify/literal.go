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
	raw := s[from:to]
	switch t.form {
	case '$', 'b', 'x':
		return raw
	case 'e':
		if strings.IndexByte(raw, '\\') >= 0 {
			return unescape(raw)
		}
	case 'u':
		if strings.IndexByte(raw, '\\') >= 0 {
			raw = unescapeUnicode(raw)
		}
	}
	q := "'"
	if t.kind == tokQuoted {
		q = `"`
	}
	if strings.Contains(raw, q) {
		return strings.ReplaceAll(raw, q+q, q)
	}
	return raw
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

// unescapeUnicode decodes \0041 and \+000041 of U& literals; UESCAPE with
// another character is not looked for.
func unescapeUnicode(raw string) string {
	var b strings.Builder
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' || i+1 >= len(raw) {
			b.WriteByte(raw[i])
			continue
		}
		if raw[i+1] == '\\' {
			b.WriteByte('\\')
			i++
			continue
		}
		skip, want := 1, 4
		if raw[i+1] == '+' {
			skip, want = 2, 6
		}
		v, n := digits(raw[i+skip:], 16, want)
		if n < want || v > utf8.MaxRune {
			b.WriteByte('\\')
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

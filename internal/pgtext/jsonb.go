package pgtext

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

const maxJSONDepth = 1000

// jsonb prints a JSON text as jsonb does: members ordered by the key's length, then its
// bytes, the last of equal keys, one blank after colon and comma, numbers as
// numeric.
func (p *printer) jsonb(dst []byte, s string) ([]byte, bool) {
	j := jsonParser{p: p, s: s}
	dst, ok := j.value(dst, 0)
	j.blanks()
	return dst, ok && j.s == "" && utf8.ValidString(s)
}

type jsonParser struct {
	p *printer
	s string
}

func (j *jsonParser) blanks() { j.s = strings.TrimLeft(j.s, " \t\n\r") }

func (j *jsonParser) take(c byte) bool {
	j.blanks()
	if j.s == "" || j.s[0] != c {
		return false
	}
	j.s = j.s[1:]
	return true
}

func (j *jsonParser) value(dst []byte, depth int) ([]byte, bool) {
	j.blanks()
	if j.s == "" || depth > maxJSONDepth || len(dst) > j.p.max {
		return dst, false
	}
	switch c := j.s[0]; {
	case c == '{':
		return j.object(dst, depth)
	case c == '[':
		return j.array(dst, depth)
	case c == '"':
		str, ok := j.str()
		return appendJSONString(dst, str), ok
	case c == '-' || '0' <= c && c <= '9':
		return j.number(dst)
	}
	for _, word := range []string{"true", "false", "null"} {
		if rest, ok := strings.CutPrefix(j.s, word); ok {
			j.s = rest
			return append(dst, word...), true
		}
	}
	return dst, false
}

func (j *jsonParser) array(dst []byte, depth int) ([]byte, bool) {
	j.take('[')
	dst = append(dst, '[')
	if j.take(']') {
		return append(dst, ']'), true
	}
	for {
		var ok bool
		if dst, ok = j.value(dst, depth+1); !ok {
			return dst, false
		}
		if !j.take(',') {
			return append(dst, ']'), j.take(']')
		}
		dst = append(dst, ", "...)
	}
}

// member of an object, its value printed at buf[from:to].
type member struct {
	key      string
	from, to int
}

func (j *jsonParser) object(dst []byte, depth int) ([]byte, bool) {
	j.take('{')
	at := len(dst)
	var members []member
	if !j.take('}') {
		for {
			j.blanks()
			key, ok := j.str()
			if !ok || !j.take(':') {
				return dst, false
			}
			m := member{key: key, from: len(dst)}
			if dst, ok = j.value(dst, depth+1); !ok {
				return dst, false
			}
			m.to = len(dst)
			members = append(members, m)
			if !j.take(',') {
				break
			}
		}
		if !j.take('}') {
			return dst, false
		}
	}
	values := string(dst[at:])
	slices.SortStableFunc(members, func(a, b member) int {
		if c := cmp.Compare(len(a.key), len(b.key)); c != 0 {
			return c
		}
		return strings.Compare(a.key, b.key)
	})
	dst = append(dst[:at], '{')
	first := true
	for i, m := range members {
		if i+1 < len(members) && members[i+1].key == m.key {
			continue
		}
		if !first {
			dst = append(dst, ", "...)
		}
		first = false
		dst = append(appendJSONString(dst, m.key), ": "...)
		dst = append(dst, values[m.from-at:m.to-at]...)
	}
	return append(dst, '}'), true
}

// number takes what JSON's grammar allows.
func (j *jsonParser) number(dst []byte) ([]byte, bool) {
	n := 0
	for n < len(j.s) && strings.IndexByte("+-.eE0123456789", j.s[n]) >= 0 {
		n++
	}
	s := j.s[:n]
	j.s = j.s[n:]
	whole := strings.TrimPrefix(s, "-")
	d, ok := splitDecimal(s)
	dot := strings.IndexByte(whole, '.') >= 0
	if !ok || whole[0] == '+' || d.whole == "" || len(d.whole) > 1 && d.whole[0] == '0' || dot && d.frac == "" {
		return dst, false
	}
	return j.p.textNumeric(dst, s)
}

// str reads a string; \u0000 and lone surrogates are refused, as by jsonb.
func (j *jsonParser) str() (string, bool) {
	if j.s == "" || j.s[0] != '"' {
		return "", false
	}
	var b []byte
	for i := 1; i < len(j.s); i++ {
		switch c := j.s[i]; {
		case c == '"':
			j.s = j.s[i+1:]
			return string(b), true
		case c < 0x20:
			return "", false
		case c != '\\':
			b = append(b, c)
		default:
			r, n := unescapeJSON(j.s[i:])
			if n == 0 {
				return "", false
			}
			b = utf8.AppendRune(b, r)
			i += n - 1
		}
	}
	return "", false
}

// unescapeJSON reads one escape of n bytes, 0 if it is invalid.
func unescapeJSON(s string) (r rune, n int) {
	if len(s) < 2 {
		return 0, 0
	}
	if i := strings.IndexByte(`"\/bfnrt`, s[1]); i >= 0 {
		return rune("\"\\/\b\f\n\r\t"[i]), 2
	}
	r, ok := hexRune(s)
	if !ok || r == 0 {
		return 0, 0
	}
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	low, ok := hexRune(s[6:])
	if r = utf16.DecodeRune(r, low); !ok || r == utf8.RuneError {
		return 0, 0
	}
	return r, 12
}

func hexRune(s string) (r rune, ok bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	for i := 2; i < 6; i++ {
		v, ok := hexDigit(s[i])
		if !ok {
			return 0, false
		}
		r = r<<4 | rune(v)
	}
	return r, true
}

func appendJSONString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := range len(s) {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c >= 0x20:
			dst = append(dst, c)
		default:
			if k := strings.IndexByte("\b\f\n\r\t", c); k >= 0 {
				dst = append(dst, '\\', "bfnrt"[k])
			} else {
				dst = appendHexByte(append(dst, `\u00`...), c)
			}
		}
	}
	return append(dst, '"')
}

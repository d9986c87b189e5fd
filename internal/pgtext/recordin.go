package pgtext

import "strings"

// textRecord prints a composite's literal with every column normalised. Blanks belong to a column's
// value; a column without a character is NULL.
func (p *printer) textRecord(dst []byte, fields []uint32, s string) ([]byte, bool) {
	s = strings.Trim(s, pgSpace)
	if len(s) < 2 || s[0] != '(' || s[len(s)-1] != ')' {
		return dst, false
	}
	s = s[1:]
	dst = append(dst, '(')
	for i, oid := range fields {
		item, null, rest, ok := recordField(s)
		if !ok || (i == len(fields)-1) != (rest == ")") {
			return dst, false
		}
		s = rest[1:]
		if i > 0 {
			dst = append(dst, ',')
		}
		if null {
			continue
		}
		at := len(dst)
		if dst, ok = p.textElement(dst, oid, item); !ok {
			return dst, false
		}
		dst = quoteField(dst, at, `"\(),`+pgSpace)
	}
	return append(dst, ')'), len(fields) > 0
}

// recordField reads one column up to the comma or parenthesis, with which rest begins.
func recordField(s string) (item string, null bool, rest string, ok bool) {
	if s != "" && (s[0] == ',' || s[0] == ')') {
		return "", true, s, true
	}
	var b []byte
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			if i++; i == len(s) {
				return "", false, "", false
			}
			b = append(b, s[i])
		case c == '"' && quoted && i+1 < len(s) && s[i+1] == '"':
			b = append(b, c)
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ',' || c == ')'):
			return string(b), false, s[i:], true
		default:
			b = append(b, c)
		}
	}
	return "", false, "", false
}

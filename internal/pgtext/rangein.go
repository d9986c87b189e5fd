package pgtext

import (
	"strconv"
	"strings"
)

// parseRange reads one range literal from the head of s.
func (p *printer) parseRange(of subtype, s string) (r span, rest string, ok bool) {
	if len(s) >= 5 && strings.EqualFold(s[:5], "empty") {
		return span{empty: true}, s[5:], true
	}
	if s == "" || s[0] != '[' && s[0] != '(' {
		return r, s, false
	}
	r.lower.inclusive = s[0] == '['
	if s, ok = p.parseBound(&r.lower, of, s[1:], ","); !ok {
		return r, s, false
	}
	if s, ok = p.parseBound(&r.upper, of, s[1:], ")]"); !ok {
		return r, s, false
	}
	r.upper.inclusive = s[0] == ']'
	return r, s[1:], r.canonical(of)
}

// parseBound reads one end up to a character of stop, which stays in rest.
func (p *printer) parseBound(end *bound, of subtype, s, stop string) (rest string, ok bool) {
	if s != "" && strings.IndexByte(stop, s[0]) >= 0 {
		end.infinite = true
		return s, true
	}
	var b []byte
	quoted := false
	i := 0
scan:
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			if i++; i == len(s) {
				return s, false
			}
			b = append(b, s[i])
		case c == '"' && quoted && i+1 < len(s) && s[i+1] == '"':
			b = append(b, c)
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && strings.IndexByte(",)]", c) >= 0:
			break scan
		case !quoted && strings.IndexByte("([", c) >= 0:
			return s, false
		default:
			b = append(b, c)
		}
	}
	if i == len(s) || strings.IndexByte(stop, s[i]) < 0 {
		return s, false
	}
	return s[i:], p.parseValue(end, of, string(b))
}

// parseValue reads the value of an end.
func (p *printer) parseValue(end *bound, of subtype, s string) bool {
	if of.keyed() {
		s = strings.Trim(s, pgSpace)
	}
	switch of.oid {
	case oidInt4, oidInt8:
		bits := 32
		if of.oid == oidInt8 {
			bits = 64
		}
		n, err := strconv.ParseInt(s, 10, bits)
		end.key = n
		return err == nil
	case oidDate, oidTimestamp, oidTimestamptz:
		return p.parseStampValue(end, of, s)
	}
	out, ok := p.text(nil, of.oid, s)
	end.value = string(out)
	return ok && len(out) <= p.max
}

// parseStampValue reads a date or timestamp.
func (p *printer) parseStampValue(end *bound, of subtype, s string) bool {
	infinite, negative := strings.EqualFold(s, "infinity"), strings.EqualFold(s, "-infinity")
	t, ok := parseStamp(s)
	if !ok && !infinite && !negative {
		return false
	}
	if of.oid == oidDate {
		end.key = t.days
		if infinite {
			end.key = infDate
		} else if negative {
			end.key = negInfDate
		}
		return true
	}
	switch {
	case infinite:
		end.key = infTimestamp
	case negative:
		end.key = negInfTimestamp
	default:
		end.key, ok = p.instant(t, of.oid)
		return ok
	}
	return true
}

// textMultirange reads {[a,b),[c,d)}.
func (p *printer) textMultirange(dst []byte, of subtype, s string) ([]byte, bool) {
	s = strings.Trim(s, pgSpace)
	if len(s) < 2 || s[0] != '{' || s[len(s)-1] != '}' {
		return dst, false
	}
	s = strings.Trim(s[1:len(s)-1], pgSpace)
	var spans []span
	for s != "" {
		r, rest, ok := p.parseRange(of, s)
		if !ok {
			return dst, false
		}
		spans = append(spans, r)
		if s = strings.TrimLeft(rest, pgSpace); s == "" {
			break
		}
		if s[0] != ',' {
			return dst, false
		}
		if s = strings.TrimLeft(s[1:], pgSpace); s == "" {
			return dst, false
		}
	}
	return p.appendMultirange(dst, of, spans)
}

func appendInteger(dst []byte, n int64) []byte { return strconv.AppendInt(dst, n, 10) }

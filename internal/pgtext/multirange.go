package pgtext

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// binaryMultirange prints a count, then ranges with their lengths.
func (p *printer) binaryMultirange(dst []byte, of subtype, b []byte) ([]byte, bool) {
	if len(b) < 4 {
		return dst, false
	}
	n := int64(binary.BigEndian.Uint32(b))
	if b = b[4:]; n*5 > int64(len(b)) {
		return dst, false
	}
	spans := make([]span, 0, n)
	for range n {
		item, rest, null, ok := next(b)
		if !ok || null {
			return dst, false
		}
		b = rest
		r, ok := p.decodeRange(of, item)
		if !ok {
			return dst, false
		}
		spans = append(spans, r)
	}
	if len(b) != 0 {
		return dst, false
	}
	return p.appendMultirange(dst, of, spans)
}

// appendMultirange sorts the ranges, joins those that touch and drops the empty ones.
// Of equal bounds the later one is printed: numerics may differ in scale.
func (p *printer) appendMultirange(dst []byte, of subtype, spans []span) ([]byte, bool) {
	spans = slices.DeleteFunc(spans, func(r span) bool { return r.empty })
	if of.ordered() {
		slices.SortStableFunc(spans, func(a, b span) int {
			return cmp.Or(compareLower(of, a.lower, b.lower), compareUpper(of, a.upper, b.upper))
		})
	}
	joined := spans[:0]
	for _, r := range spans {
		if n := len(joined); n > 0 && touches(of, joined[n-1].upper, r.lower) {
			last := &joined[n-1]
			if compareLower(of, last.lower, r.lower) == 0 {
				last.lower = r.lower
			}
			if compareUpper(of, last.upper, r.upper) <= 0 {
				last.upper = r.upper
			}
			continue
		}
		joined = append(joined, r)
	}
	dst = append(dst, '{')
	for i, r := range joined {
		if i > 0 {
			dst = append(dst, ',')
		}
		var ok bool
		if dst, ok = p.appendRange(dst, of, r); !ok {
			return dst, false
		}
	}
	return append(dst, '}'), true
}

func compareLower(of subtype, a, b bound) int {
	switch {
	case a.infinite || b.infinite:
		return boolInt(b.infinite) - boolInt(a.infinite)
	case compareBound(of, a, b) != 0:
		return compareBound(of, a, b)
	}
	return boolInt(b.inclusive) - boolInt(a.inclusive)
}

func compareUpper(of subtype, a, b bound) int {
	switch {
	case a.infinite || b.infinite:
		return boolInt(a.infinite) - boolInt(b.infinite)
	case compareBound(of, a, b) != 0:
		return compareBound(of, a, b)
	}
	return boolInt(a.inclusive) - boolInt(b.inclusive)
}

// touches: no value lies between the end of one range and the start of the next.
func touches(of subtype, upper, lower bound) bool {
	if upper.infinite || lower.infinite {
		return true
	}
	c := compareBound(of, upper, lower)
	return c > 0 || c == 0 && (upper.inclusive || lower.inclusive)
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

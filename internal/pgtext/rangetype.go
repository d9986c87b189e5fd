package pgtext

import (
	"cmp"
	"encoding/binary"
	"math"
	"strings"
)

// subtype is what a range is made of.
type subtype struct {
	oid      uint32
	discrete bool // ranges have the canonical form [lower,upper)
}

// builtInRange is the subtype of a built-in range.
func builtInRange(elem uint32) subtype {
	return subtype{elem, elem == oidInt4 || elem == oidInt8 || elem == oidDate}
}

// keyed says whether values are told and ordered by a number.
func (of subtype) keyed() bool {
	switch of.oid {
	case oidInt4, oidInt8, oidDate, oidTimestamp, oidTimestamptz:
		return true
	}
	return false
}

// ordered says whether the order of values is known; if not, only which are equal.
func (of subtype) ordered() bool { return of.keyed() || of.oid == oidNumeric }

// bound is one end of a range. Its value is a key, or else the text that is printed.
type bound struct {
	infinite  bool
	inclusive bool
	key       int64
	value     string
}

// span is a range.
type span struct {
	empty        bool
	lower, upper bound
}

// Flags of a range in binary format.
const (
	rangeEmpty    = 0x01
	rangeLowerInc = 0x02
	rangeUpperInc = 0x04
	rangeLowerInf = 0x08
	rangeUpperInf = 0x10
)

func (p *printer) binaryRange(dst []byte, of subtype, b []byte) ([]byte, bool) {
	r, ok := p.decodeRange(of, b)
	if !ok {
		return dst, false
	}
	return p.appendRange(dst, of, r)
}

func (p *printer) decodeRange(of subtype, b []byte) (r span, ok bool) {
	if len(b) < 1 {
		return r, false
	}
	flags := b[0]
	b = b[1:]
	r.empty = flags&rangeEmpty != 0
	r.lower.infinite, r.lower.inclusive = flags&rangeLowerInf != 0, flags&rangeLowerInc != 0
	r.upper.infinite, r.upper.inclusive = flags&rangeUpperInf != 0, flags&rangeUpperInc != 0
	for _, end := range []*bound{&r.lower, &r.upper} {
		if r.empty || end.infinite {
			continue
		}
		item, rest, null, ok := next(b)
		if !ok || null {
			return r, false
		}
		if b = rest; !p.decodeBound(end, of, item) {
			return r, false
		}
	}
	return r, len(b) == 0 && r.canonical(of)
}

func (p *printer) decodeBound(end *bound, of subtype, b []byte) bool {
	switch {
	case of.oid == oidDate && len(b) == 4:
		end.key = int64(int32(binary.BigEndian.Uint32(b)))
		return true
	case (of.oid == oidTimestamp || of.oid == oidTimestamptz) && len(b) == 8:
		end.key = int64(binary.BigEndian.Uint64(b))
		return true
	}
	if of.keyed() {
		var ok bool
		end.key, ok = integer(of.oid, b)
		return ok
	}
	out, ok := p.binary(nil, of.oid, b)
	end.value = string(out)
	return ok && len(out) <= p.max
}

// canonical gives ranges of discrete values the form [lower,upper) and
// finds the empty ones; false means that the range is invalid.
func (r *span) canonical(of subtype) bool {
	if r.empty {
		*r = span{empty: true}
		return true
	}
	for _, end := range []*bound{&r.lower, &r.upper} {
		end.inclusive = end.inclusive && !end.infinite
	}
	if !r.lower.infinite && !r.upper.infinite {
		c := compareBound(of, r.lower, r.upper)
		if c > 0 {
			return false
		}
		if c == 0 && !(r.lower.inclusive && r.upper.inclusive) {
			*r = span{empty: true}
			return true
		}
	}
	if !of.discrete {
		return true
	}
	var most int64
	switch of.oid {
	case oidInt4:
		most = math.MaxInt32
	case oidInt8:
		most = math.MaxInt64
	case oidDate:
		most = maxDate
	default:
		return true
	}
	step := func(end *bound, inclusive bool) bool {
		special := of.oid == oidDate && (end.key == infDate || end.key == negInfDate)
		if end.infinite || special || end.inclusive == inclusive {
			return true
		}
		end.inclusive = inclusive
		end.key++
		return end.key <= most && end.key != math.MinInt64
	}
	if !step(&r.lower, true) || !step(&r.upper, false) {
		return false
	}
	if !r.lower.infinite && !r.upper.infinite && r.lower.key == r.upper.key && !r.upper.inclusive {
		*r = span{empty: true}
	}
	return true
}

// compareBound compares values. Of those whose order is not known, the first is the smaller one:
// the server puts them in order before it sends them.
func compareBound(of subtype, a, b bound) int {
	switch {
	case of.keyed():
		return cmp.Compare(a.key, b.key)
	case of.oid == oidNumeric:
		return compareNumeric(a.value, b.value)
	case a.value == b.value:
		return 0
	}
	return -1
}

func (p *printer) appendRange(dst []byte, of subtype, r span) ([]byte, bool) {
	if r.empty {
		return append(dst, "empty"...), true
	}
	open, end := byte('('), byte(')')
	if r.lower.inclusive {
		open = '['
	}
	if r.upper.inclusive {
		end = ']'
	}
	dst, ok := p.appendBound(append(dst, open), of, r.lower)
	if !ok {
		return dst, false
	}
	if dst, ok = p.appendBound(append(dst, ','), of, r.upper); !ok {
		return dst, false
	}
	return append(dst, end), len(dst) < p.max
}

func (p *printer) appendBound(dst []byte, of subtype, end bound) ([]byte, bool) {
	if end.infinite {
		return dst, true
	}
	at, ok := len(dst), true
	switch of.oid {
	case oidDate:
		dst, ok = p.date(dst, end.key)
	case oidTimestamp:
		dst, ok = p.timestamp(dst, end.key, nil)
	case oidTimestamptz:
		dst, ok = p.timestamp(dst, end.key, p.zone())
	case oidInt4, oidInt8:
		dst = appendInteger(dst, end.key)
	default:
		dst = append(dst, end.value...)
	}
	return quoteField(dst, at, `"\()[],`+pgSpace), ok
}

// textRange reads [a,b) and the like.
func (p *printer) textRange(dst []byte, of subtype, s string) ([]byte, bool) {
	r, rest, ok := p.parseRange(of, strings.Trim(s, pgSpace))
	if !ok || rest != "" {
		return dst, false
	}
	return p.appendRange(dst, of, r)
}

package pgtext

import "encoding/binary"

// geometry prints the geometric types, which are made of float8.
func (p *printer) geometry(dst []byte, oid uint32, b []byte) ([]byte, bool) {
	switch {
	case oid == oidPoint && len(b) == 16:
		return p.points(dst, b), true
	case oid == oidLseg && len(b) == 32:
		return append(p.points(append(dst, '['), b), ']'), true
	case oid == oidBox && len(b) == 32:
		return p.box(dst, b), true
	case oid == oidLine && len(b) == 24:
		return append(p.floats(append(dst, '{'), b), '}'), true
	case oid == oidCircle && len(b) == 24:
		dst = append(p.points(append(dst, '<'), b[:16]), ',')
		return append(p.float(dst, float64At(b[16:]), 64), '>'), true
	case oid == oidPath && len(b) >= 5:
		open, end := byte('('), byte(')')
		if b[0] == 0 {
			open, end = '[', ']'
		}
		if !countMatches(b[1:], 16) {
			return dst, false
		}
		return append(p.points(append(dst, open), b[5:]), end), true
	case oid == oidPolygon && len(b) >= 4:
		if !countMatches(b, 16) {
			return dst, false
		}
		return append(p.points(append(dst, '('), b[4:]), ')'), true
	}
	return dst, false
}

// countMatches: b is a count, not 0, and that many items.
func countMatches(b []byte, size int64) bool {
	n := int64(int32(binary.BigEndian.Uint32(b)))
	return n > 0 && n*size == int64(len(b)-4)
}

// points prints (x,y),(x,y)…
func (p *printer) points(dst, b []byte) []byte {
	for i := 0; i < len(b); i += 16 {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(p.floats(append(dst, '('), b[i:i+16]), ')')
	}
	return dst
}

func (p *printer) floats(dst, b []byte) []byte {
	for i := 0; i < len(b); i += 8 {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = p.float(dst, float64At(b[i:]), 64)
	}
	return dst
}

// box prints the upper right corner first, whichever was sent first.
func (p *printer) box(dst, b []byte) []byte {
	b = append([]byte(nil), b...)
	for i := range 2 {
		low, high := b[16+8*i:24+8*i], b[8*i:8*i+8]
		if float64At(high) < float64At(low) {
			var t [8]byte
			copy(t[:], low)
			copy(low, high)
			copy(high, t[:])
		}
	}
	return p.points(dst, b)
}

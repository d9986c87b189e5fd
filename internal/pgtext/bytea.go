package pgtext

import (
	"encoding/binary"
	"strings"
)

// bytea prints by bytea_output.
func (p *printer) bytea(dst, b []byte) []byte {
	if !strings.EqualFold(p.s.ByteaOutput, "escape") {
		return appendHex(dst, b)
	}
	for _, c := range b {
		switch {
		case c == '\\':
			dst = append(dst, '\\', '\\')
		case c < 0x20 || c > 0x7e:
			dst = append(dst, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// parseBytea reads the hex and the escape format.
func parseBytea(s string) ([]byte, bool) {
	if hexed, ok := strings.CutPrefix(s, `\x`); ok {
		return parseHex(hexed)
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] != '\\':
			b = append(b, s[i])
		case i+1 < len(s) && s[i+1] == '\\':
			b = append(b, '\\')
			i++
		case i+3 < len(s) && isOctal(s[i+1], '3') && isOctal(s[i+2], '7') && isOctal(s[i+3], '7'):
			b = append(b, (s[i+1]-'0')<<6|(s[i+2]-'0')<<3|(s[i+3]-'0'))
			i += 3
		default:
			return nil, false
		}
	}
	return b, true
}

func isOctal(c, most byte) bool { return '0' <= c && c <= most }

// parseHex reads pairs of digits with blanks between them.
func parseHex(s string) ([]byte, bool) {
	b := make([]byte, 0, len(s)/2)
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case ' ', '\n', '\t', '\r':
			continue
		}
		high, ok := hexDigit(s[i])
		if i++; !ok || i == len(s) {
			return nil, false
		}
		low, ok := hexDigit(s[i])
		if !ok {
			return nil, false
		}
		b = append(b, high<<4|low)
	}
	return b, true
}

// binaryBits prints bit and varbit: a count, then the bits.
func (p *printer) binaryBits(dst, b []byte) ([]byte, bool) {
	if len(b) < 4 {
		return dst, false
	}
	n := int64(int32(binary.BigEndian.Uint32(b)))
	if b = b[4:]; n < 0 || (n+7)/8 != int64(len(b)) || int64(len(dst))+n > int64(p.max) {
		return dst, false
	}
	for i := range int(n) {
		dst = append(dst, '0'+b[i/8]>>(7-i%8)&1)
	}
	return dst, true
}

// textBits reads 0101, b0101 and x5.
func textBits(dst []byte, s string) ([]byte, bool) {
	digits, hexed := s, false
	if s != "" && strings.IndexByte("bBxX", s[0]) >= 0 {
		digits, hexed = s[1:], s[0] == 'x' || s[0] == 'X'
	}
	for i := range len(digits) {
		v, ok := hexDigit(digits[i])
		switch {
		case !ok || !hexed && v > 1:
			return dst, false
		case hexed:
			dst = append(dst, '0'+v>>3, '0'+v>>2&1, '0'+v>>1&1, '0'+v&1)
		default:
			dst = append(dst, '0'+v)
		}
	}
	return dst, true
}

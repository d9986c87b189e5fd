package pgtext

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
)

const (
	maxWholeDigits = 131072 // of a numeric
	maxScale       = 16383
)

// binaryNumeric prints digits of base 10,000 (ndigits, weight, sign, dscale).
func (p *printer) binaryNumeric(dst, b []byte) ([]byte, bool) {
	if len(b) < 8 {
		return dst, false
	}
	count := int(binary.BigEndian.Uint16(b))
	weight := int(int16(binary.BigEndian.Uint16(b[2:])))
	sign := binary.BigEndian.Uint16(b[4:])
	scale := int(binary.BigEndian.Uint16(b[6:]))
	groups := b[8:]
	if len(groups) != 2*count {
		return dst, false
	}
	switch sign {
	case 0xC000:
		return append(dst, "NaN"...), true
	case 0xD000:
		return append(dst, "Infinity"...), true
	case 0xF000:
		return append(dst, "-Infinity"...), true
	case 0x0000, 0x4000:
	default:
		return dst, false
	}
	if scale > maxScale || len(dst)+4*max(weight+1, 0)+scale > p.max {
		return dst, false
	}
	for i := range count {
		if binary.BigEndian.Uint16(groups[2*i:]) > 9999 {
			return dst, false
		}
	}
	power := func(n int) uint16 { // the digit of 10,000^n
		if i := weight - n; i >= 0 && i < count {
			return binary.BigEndian.Uint16(groups[2*i:])
		}
		return 0
	}
	at := len(dst)
	for n := weight; n >= 0; n-- {
		if g := power(n); len(dst) > at {
			dst = appendGroup(dst, g)
		} else if g > 0 {
			dst = strconv.AppendUint(dst, uint64(g), 10)
		}
	}
	if len(dst) == at {
		dst = append(dst, '0')
	}
	if scale > 0 {
		dst = append(dst, '.')
		whole := len(dst)
		for n := -1; len(dst)-whole < scale; n-- {
			dst = appendGroup(dst, power(n))
		}
		dst = dst[:whole+scale]
	}
	if sign == 0x4000 && !isZero(dst[at:]) {
		dst = slices.Insert(dst, at, '-')
	}
	return dst, true
}

func appendGroup(dst []byte, g uint16) []byte {
	return append(dst, byte('0'+g/1000), byte('0'+g/100%10), byte('0'+g/10%10), byte('0'+g%10))
}

// isZero: the digits of a number are all zero.
func isZero(b []byte) bool { return len(bytes.Trim(b, "0.")) == 0 }

// textNumeric normalises a decimal spelling; it keeps the scale that was written.
func (p *printer) textNumeric(dst []byte, s string) ([]byte, bool) {
	switch strings.ToLower(s) {
	case "nan":
		return append(dst, "NaN"...), true
	case "inf", "+inf", "infinity", "+infinity":
		return append(dst, "Infinity"...), true
	case "-inf", "-infinity":
		return append(dst, "-Infinity"...), true
	}
	d, ok := splitDecimal(s)
	if !ok || d.exp > maxWholeDigits || d.exp < -maxScale {
		return dst, false
	}
	digits := d.whole + d.frac
	point := len(d.whole) + d.exp // digits before the decimal point
	scale := max(len(d.frac)-d.exp, 0)
	if scale > maxScale || point > maxWholeDigits || len(dst)+max(point, 0)+scale > p.max {
		return dst, false
	}
	at := len(dst)
	if d.neg && strings.Trim(digits, "0") != "" {
		dst = append(dst, '-')
	}
	whole := len(dst)
	for i := range max(point, 0) {
		c := byte('0')
		if i < len(digits) {
			c = digits[i]
		}
		if c != '0' || len(dst) > whole {
			dst = append(dst, c)
		}
	}
	if len(dst) == whole {
		dst = append(dst, '0')
	}
	if scale > 0 {
		dst = append(dst, '.')
		for i := point; i < point+scale; i++ {
			if i >= 0 && i < len(digits) {
				dst = append(dst, digits[i])
			} else {
				dst = append(dst, '0')
			}
		}
	}
	return dst, len(dst) > at
}

// compareNumeric orders two numbers as this package prints them.
func compareNumeric(a, b string) int {
	if r := numericRank(a) - numericRank(b); r != 0 || !isDecimal(a) {
		return r
	}
	x, _ := splitDecimal(a)
	y, _ := splitDecimal(b)
	sign := 1
	if x.neg {
		sign = -1
	}
	if n := len(x.whole) - len(y.whole); n != 0 {
		return sign * n
	}
	if c := strings.Compare(x.whole, y.whole); c != 0 {
		return sign * c
	}
	return sign * strings.Compare(strings.TrimRight(x.frac, "0"), strings.TrimRight(y.frac, "0"))
}

// numericRank orders signs and the special values.
func numericRank(s string) int {
	switch {
	case s == "-Infinity":
		return -2
	case s == "Infinity":
		return 2
	case s == "NaN":
		return 3
	case s != "" && s[0] == '-':
		return -1
	}
	return 0
}

package pgtext

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/big"
	"strconv"
	"strings"
)

func (p *printer) binaryFloat(dst, b []byte) ([]byte, bool) {
	switch len(b) {
	case 4:
		return p.float(dst, float64(math.Float32frombits(binary.BigEndian.Uint32(b))), 32), true
	case 8:
		return p.float(dst, float64At(b), 64), true
	}
	return dst, false
}

// float prints f as float4out or float8out do: the shortest exact form unless
// extra_float_digits is below 1, in exponential form from 10^6 (float4) or
// 10^15 (float8) on and below 10^-4.
func (p *printer) float(dst []byte, f float64, bits int) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	}
	digits := 15
	if bits == 32 {
		digits = 6
	}
	if extra := p.s.ExtraFloatDigits; extra < 0 {
		if extra != NoExtraFloatDigits {
			digits = max(digits+extra, 1)
		}
		return strconv.AppendFloat(dst, f, 'g', digits, bits)
	}
	n := len(dst)
	dst = strconv.AppendFloat(dst, f, 'e', -1, bits)
	mantissa, exp := splitExponential(dst[n:])
	if exp <= 40 && math.Abs(f) >= boundaryMin(bits) {
		for onBoundary(f, bits, string(dst[n:])) {
			dst = strconv.AppendFloat(dst[:n], f, 'e', mantissa, bits)
			mantissa++
		}
	}
	if exp >= -4 && exp < digits {
		dst = strconv.AppendFloat(dst[:n], f, 'f', max(mantissa-1-exp, 0), bits)
	}
	return dst
}

// splitExponential counts the digits of the mantissa of -1.234e+56 and reads the exponent.
func splitExponential(b []byte) (mantissa, exp int) {
	e := bytes.LastIndexByte(b, 'e')
	exp, _ = strconv.Atoi(string(b[e+1:]))
	for _, c := range b[:e] {
		mantissa += boolInt('0' <= c && c <= '9')
	}
	return mantissa, exp
}

// boundaryMin is below the smallest number that can have a short form on a boundary: the
// boundary is an odd multiple of a power of two, and times 100 at most it is an integer.
func boundaryMin(bits int) float64 {
	if bits == 32 {
		return 1 << 21
	}
	return 1 << 51
}

// onBoundary: the short form s lies half-way between f and a neighbour. It then reads
// back as f, whose mantissa is even, but the server wants the shortest form strictly
// nearer to f.
func onBoundary(f float64, bits int, s string) bool {
	var up, down float64
	if bits == 32 {
		if math.Float32bits(float32(f))&1 != 0 {
			return false
		}
		up = float64(math.Nextafter32(float32(f), float32(math.Inf(1))))
		down = float64(math.Nextafter32(float32(f), float32(math.Inf(-1))))
	} else {
		if math.Float64bits(f)&1 != 0 {
			return false
		}
		up, down = math.Nextafter(f, math.Inf(1)), math.Nextafter(f, math.Inf(-1))
	}
	short, ok := new(big.Rat).SetString(s)
	exact := new(big.Rat).SetFloat64(f)
	if !ok {
		return false
	}
	if back, err := strconv.ParseFloat(s, bits); err != nil || back != f {
		return true // longer, but not yet inside
	}
	for _, near := range []float64{up, down} {
		other := new(big.Rat).SetFloat64(near)
		if other != nil && other.Add(other, exact).Cmp(new(big.Rat).Add(short, short)) == 0 {
			return true
		}
	}
	return false
}

func (p *printer) textFloat(dst []byte, oid uint32, s string) ([]byte, bool) {
	bits := 64
	if oid == oidFloat4 {
		bits = 32
	}
	switch strings.ToLower(s) {
	case "nan":
		return append(dst, "NaN"...), true
	case "inf", "+inf", "infinity", "+infinity":
		return append(dst, "Infinity"...), true
	case "-inf", "-infinity":
		return append(dst, "-Infinity"...), true
	}
	if !isDecimal(s) {
		return dst, false
	}
	f, err := strconv.ParseFloat(s, bits)
	if err != nil {
		return dst, false
	}
	return p.float(dst, f, bits), true
}

// isDecimal: s is an optionally signed decimal number, with exponent or without.
func isDecimal(s string) bool {
	_, ok := splitDecimal(s)
	return ok
}

// decimal is the spelling of a number: whole.frac × 10^exp.
type decimal struct {
	neg         bool
	whole, frac string
	exp         int
}

func splitDecimal(s string) (d decimal, ok bool) {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		d.neg = s[0] == '-'
		s = s[1:]
	}
	n := digitsAt(s)
	d.whole, s = s[:n], s[n:]
	if s != "" && s[0] == '.' {
		n = digitsAt(s[1:])
		d.frac, s = s[1:1+n], s[1+n:]
	}
	if d.whole == "" && d.frac == "" {
		return d, false
	}
	if s == "" {
		return d, true
	}
	if s[0] != 'e' && s[0] != 'E' || len(s) > 8 {
		return d, false
	}
	e := s[1:]
	if e == "" || digitsAt(strings.TrimLeft(e[:1], "+-")+e[1:]) == 0 {
		return d, false
	}
	exp, err := strconv.Atoi(e)
	d.exp = exp
	return d, err == nil
}

// digitsAt counts the digits at the head of s.
func digitsAt(s string) int {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n
}

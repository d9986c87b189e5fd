package pgtext

import (
	"encoding/hex"
	"strconv"
	"time"
)

// Settings are the session's parameters that decide how values print. The zero
// value is the server's default with the time zone UTC.
type Settings struct {
	TimeZone      string // empty: UTC
	DateStyle     string // empty: "ISO, MDY"
	IntervalStyle string // empty: "postgres"
	ByteaOutput   string // empty: "hex"
	// ExtraFloatDigits is extra_float_digits; 0 is the default, 1.
	// NoExtraFloatDigits stands for a setting of 0.
	ExtraFloatDigits int
	ClientEncoding   string // empty: "UTF8"
	// ServerVersion is server_version, "14.24"; empty: the newest.
	ServerVersion string

	// Zone is TimeZone as LoadZone gives it; nil: it is loaded for each value that
	// needs it, which reads a file.
	Zone *time.Location

	// TypeOf describes types that are not built in; nil: their binary values print as
	// hexadecimal.
	TypeOf func(oid uint32) (Type, bool)
	// RegName prints a value of a type such as regclass, given as the object's number or name; nil:
	// they print as numbers, and names stay as they are.
	RegName func(typ uint32, value string) (string, bool)
}

// NoExtraFloatDigits is extra_float_digits = 0 in Settings.
const NoExtraFloatDigits = -16

const (
	maxDepth = 64
	// maxGrowth bounds the output: a numeric of 10 bytes may have 131,072 digits,
	// an array of them would be larger than memory.
	maxGrowth      = 1 << 20
	maxGrowthTimes = 8
)

// Text returns the value of type oid, as sent in format (0 text, 1 binary),
// in the form the server prints it, converted to UTF-8. It never fails: see the
// package's comment for what becomes of values that it does not understand.
func Text(oid uint32, format int16, value []byte, s *Settings) string {
	if out, ok := common(oid, format, value, s); ok {
		return out
	}
	if s == nil {
		s = &Settings{}
	}
	p := &printer{s: s, max: maxGrowth + maxGrowthTimes*len(value)}
	if format == 0 {
		str := p.decode(value)
		if out, ok := p.text(make([]byte, 0, len(str)), oid, str); ok && len(out) <= p.max {
			return string(out)
		}
		return str
	}
	if out, ok := p.binary(make([]byte, 0, 2*len(value)), oid, value); ok && len(out) <= p.max {
		return string(out)
	}
	return string(appendHex(nil, value))
}

// common has the most frequent types, without an allocation but the result.
func common(oid uint32, format int16, value []byte, s *Settings) (string, bool) {
	switch oid {
	case oidText, oidVarchar, oidBpchar, oidJSON:
		return string(value), ascii(value) || s == nil || clientEncoding(s.ClientEncoding) == nil
	case oidInt2, oidInt4, oidInt8:
		var buf [24]byte
		out, ok := buf[:0], false
		if format != 0 {
			var n int64
			n, ok = integer(oid, value)
			out = strconv.AppendInt(out, n, 10)
		} else if len(value) < len(buf) {
			out, ok = textInt(out, string(value), intBits(oid))
		}
		return string(out), ok
	}
	return "", false
}

// intBits is the size of an integer type.
func intBits(oid uint32) int {
	switch oid {
	case oidInt2:
		return 16
	case oidInt4:
		return 32
	}
	return 64
}

// printer prints one value. Its methods append to dst and report whether the value was
// understood; if not, what they appended is to be thrown away.
type printer struct {
	s     *Settings
	max   int // output bytes
	depth int
}

func appendHex(dst, b []byte) []byte {
	return hex.AppendEncode(append(dst, '\\', 'x'), b)
}

// enter counts one level of nesting.
func (p *printer) enter() bool {
	p.depth++
	return p.depth <= maxDepth
}

func (p *printer) leave() { p.depth-- }

// element prints a value inside another one: what is not understood there prints
// as it would alone.
func (p *printer) element(dst []byte, oid uint32, b []byte) ([]byte, bool) {
	n := len(dst)
	out, ok := p.binary(dst, oid, b)
	if len(out) > p.max {
		return dst, false
	}
	if !ok {
		out = appendHex(out[:n], b)
	}
	return out, true
}

func (p *printer) textElement(dst []byte, oid uint32, s string) ([]byte, bool) {
	n := len(dst)
	out, ok := p.text(dst, oid, s)
	if len(out) > p.max {
		return dst, false
	}
	if !ok {
		out = append(out[:n], s...)
	}
	return out, true
}

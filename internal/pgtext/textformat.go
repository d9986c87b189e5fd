package pgtext

import (
	"strconv"
	"strings"
)

// pgSpace is what isspace accepts in the C locale.
const pgSpace = " \t\n\v\f\r"

// text prints a value in text format; false means that it is not surely understood.
func (p *printer) text(dst []byte, oid uint32, s string) ([]byte, bool) {
	switch oid {
	case 0, oidText, oidVarchar, oidBpchar, oidJSON, oidUnknown, oidXML, oidCstring, oidRefcursor:
		return append(dst, s...), true
	case oidBool:
		return textBool(dst, strings.Trim(s, pgSpace))
	case oidInt2, oidInt4, oidInt8:
		return textInt(dst, strings.Trim(s, pgSpace), intBits(oid))
	case oidFloat4, oidFloat8:
		return p.textFloat(dst, oid, strings.Trim(s, pgSpace))
	case oidNumeric:
		return p.textNumeric(dst, strings.Trim(s, pgSpace))
	case oidDate, oidTime, oidTimestamp, oidTimestamptz, oidTimetz:
		return p.textTime(dst, oid, strings.Trim(s, pgSpace))
	case oidInterval:
		iv, ok := p.parseInterval(strings.Trim(s, pgSpace))
		if !ok {
			return dst, false
		}
		return p.interval(dst, iv), true
	case oidUUID:
		return textUUID(dst, s)
	case oidJSONB:
		return p.jsonb(dst, s)
	case oidBytea:
		b, ok := parseBytea(s)
		if !ok {
			return dst, false
		}
		return p.bytea(dst, b), true
	}
	if elem := arrayElement(oid); elem != 0 {
		if !p.enter() {
			return dst, false
		}
		defer p.leave()
		return p.textArray(dst, elem, s)
	}
	if elem := rangeElement(oid); elem != 0 {
		return p.textRange(dst, builtInRange(elem), s)
	}
	if elem := multirangeElement(oid); elem != 0 {
		return p.textMultirange(dst, builtInRange(elem), s)
	}
	return p.textRare(dst, oid, s)
}

func (p *printer) textRare(dst []byte, oid uint32, s string) ([]byte, bool) {
	switch oid {
	case oidOID, oidXID, oidCID:
		return textUint(dst, strings.Trim(s, pgSpace), 32)
	case oidXID8:
		return textUint(dst, strings.Trim(s, pgSpace), 64)
	case oidName:
		return append(dst, clip(s, 63)...), true
	case oidInet, oidCIDR:
		return textInet(dst, oid, s)
	case oidMacaddr, oidMacaddr8:
		return textMac(dst, oid, strings.Trim(s, pgSpace))
	case oidBit, oidVarbit:
		return textBits(dst, s)
	case oidChar:
		if len(s) > 0 && s[0] != '\\' {
			return p.char(dst, s[0]), true
		}
	}
	if isReg(oid) {
		return p.reg(dst, oid, strings.Trim(s, pgSpace))
	}
	return p.customText(dst, oid, s)
}

// textBool takes what is a prefix of true, false, yes, no, and on, off, 1, 0.
func textBool(dst []byte, s string) ([]byte, bool) {
	s = strings.ToLower(s)
	switch {
	case s == "":
		return dst, false
	case strings.HasPrefix("true", s), strings.HasPrefix("yes", s), s == "on", s == "1":
		return append(dst, 't'), true
	case strings.HasPrefix("false", s), strings.HasPrefix("no", s), s == "of", s == "off", s == "0":
		return append(dst, 'f'), true
	}
	return dst, false
}

func textInt(dst []byte, s string, bits int) ([]byte, bool) {
	n, err := strconv.ParseInt(s, 10, bits)
	if err != nil {
		return dst, false
	}
	return strconv.AppendInt(dst, n, 10), true
}

func textUint(dst []byte, s string, bits int) ([]byte, bool) {
	if len(s) > 1 && s[0] == '0' {
		return dst, false // xid reads it as octal
	}
	n, err := strconv.ParseUint(s, 10, bits)
	if err != nil {
		return dst, false
	}
	return strconv.AppendUint(dst, n, 10), true
}

// textUUID takes 32 hexadecimal digits, a hyphen after any four, in braces or
// not.
func textUUID(dst []byte, s string) ([]byte, bool) {
	if strings.HasPrefix(s, "{") && strings.HasSuffix(s, "}") && len(s) > 2 {
		s = s[1 : len(s)-1]
	}
	var b [16]byte
	n := 0
	for i := 0; i < len(s); i++ {
		if s[i] == '-' && n > 0 && n < 32 && n%4 == 0 && s[i-1] != '-' {
			continue
		}
		v, ok := hexDigit(s[i])
		if !ok || n == 32 {
			return dst, false
		}
		b[n/2] = b[n/2]<<4 | v
		n++
	}
	if n != 32 {
		return dst, false
	}
	return appendUUID(dst, b[:])
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

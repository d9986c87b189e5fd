package pgtext

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"
)

// binary prints a value in binary format.
func (p *printer) binary(dst []byte, oid uint32, b []byte) ([]byte, bool) {
	switch oid {
	case oidText, oidVarchar, oidBpchar, oidJSON, oidUnknown, oidCstring, oidRefcursor, oidName:
		return append(dst, p.decode(b)...), true
	case oidBool:
		if len(b) != 1 {
			return dst, false
		}
		return appendBool(dst, b[0] != 0), true
	case oidInt2, oidInt4, oidInt8:
		n, ok := integer(oid, b)
		return strconv.AppendInt(dst, n, 10), ok
	case oidFloat4, oidFloat8:
		return p.binaryFloat(dst, b)
	case oidNumeric:
		return p.binaryNumeric(dst, b)
	case oidBytea:
		return p.bytea(dst, b), true
	case oidUUID:
		return appendUUID(dst, b)
	case oidDate, oidTime, oidTimestamp, oidTimestamptz, oidTimetz, oidInterval:
		return p.binaryTime(dst, oid, b)
	case oidJSONB, oidJSONPath:
		if len(b) == 0 || b[0] != 1 {
			return dst, false
		}
		if s := p.decode(b[1:]); oid == oidJSONPath {
			return append(dst, s...), true
		} else if out, ok := p.jsonb(dst, s); ok {
			return out, true
		}
		return append(dst, b[1:]...), true
	}
	if elem := arrayElement(oid); elem != 0 {
		return p.nested(dst, b, func(dst, b []byte) ([]byte, bool) { return p.binaryArray(dst, elem, b) })
	}
	if elem := rangeElement(oid); elem != 0 {
		return p.binaryRange(dst, builtInRange(elem), b)
	}
	if elem := multirangeElement(oid); elem != 0 {
		return p.binaryMultirange(dst, builtInRange(elem), b)
	}
	if oid == oidRecord {
		return p.nested(dst, b, p.binaryRecord)
	}
	return p.binaryRare(dst, oid, b)
}

// binaryRare has the types that applications seldom bind.
func (p *printer) binaryRare(dst []byte, oid uint32, b []byte) ([]byte, bool) {
	switch oid {
	case oidChar:
		if len(b) != 1 {
			return dst, false
		}
		return p.char(dst, b[0]), true
	case oidOID, oidXID, oidCID:
		if len(b) != 4 {
			return dst, false
		}
		return strconv.AppendUint(dst, uint64(binary.BigEndian.Uint32(b)), 10), true
	case oidInt2Vector, oidOIDVector:
		return p.binaryVector(dst, oid, b)
	case oidTID:
		if len(b) != 6 {
			return dst, false
		}
		dst = strconv.AppendUint(append(dst, '('), uint64(binary.BigEndian.Uint32(b)), 10)
		dst = strconv.AppendUint(append(dst, ','), uint64(binary.BigEndian.Uint16(b[4:])), 10)
		return append(dst, ')'), true
	case oidXID8:
		if len(b) != 8 {
			return dst, false
		}
		return strconv.AppendUint(dst, binary.BigEndian.Uint64(b), 10), true
	case oidLSN:
		return appendLSN(dst, b)
	case oidMoney:
		if len(b) != 8 {
			return dst, false
		}
		return appendMoney(dst, int64(binary.BigEndian.Uint64(b))), true
	case oidTxidSnap, oidSnapshot:
		return p.snapshot(dst, b)
	case oidInet, oidCIDR:
		return binaryInet(dst, b)
	case oidMacaddr, oidMacaddr8:
		return binaryMac(dst, oid, b)
	case oidBit, oidVarbit:
		return p.binaryBits(dst, b)
	case oidXML:
		return appendXML(dst, p.decode(b)), true
	case oidPoint, oidLseg, oidPath, oidBox, oidPolygon, oidLine, oidCircle:
		return p.geometry(dst, oid, b)
	case oidTSVector:
		return p.tsvector(dst, b)
	case oidTSQuery:
		return p.tsquery(dst, b)
	case oidVoid:
		return dst, len(b) == 0
	}
	if isReg(oid) {
		return p.binaryReg(dst, oid, b)
	}
	return p.customBinary(dst, oid, b)
}

// char prints "char": zero is nothing; not ASCII is an octal escape, and before version 15 one byte in the client's
// encoding.
func (p *printer) char(dst []byte, c byte) []byte {
	switch {
	case c == 0:
		return dst
	case c < 0x80:
		return append(dst, c)
	case p.rawChar():
		return append(dst, p.decode([]byte{c})...)
	}
	return append(dst, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
}

func (p *printer) rawChar() bool {
	major, _, _ := strings.Cut(p.s.ServerVersion, ".")
	n, err := strconv.Atoi(major)
	return err == nil && n < 15
}

// nested prints a container, one level deeper.
func (p *printer) nested(dst, b []byte, print func(dst, b []byte) ([]byte, bool)) ([]byte, bool) {
	if !p.enter() {
		return dst, false
	}
	defer p.leave()
	return print(dst, b)
}

func integer(oid uint32, b []byte) (int64, bool) {
	switch {
	case oid == oidInt2 && len(b) == 2:
		return int64(int16(binary.BigEndian.Uint16(b))), true
	case oid == oidInt4 && len(b) == 4:
		return int64(int32(binary.BigEndian.Uint32(b))), true
	case oid == oidInt8 && len(b) == 8:
		return int64(binary.BigEndian.Uint64(b)), true
	}
	return 0, false
}

func appendBool(dst []byte, v bool) []byte {
	if v {
		return append(dst, 't')
	}
	return append(dst, 'f')
}

func appendUUID(dst, b []byte) ([]byte, bool) {
	if len(b) != 16 {
		return dst, false
	}
	for i, c := range b {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = appendHexByte(dst, c)
	}
	return dst, true
}

func appendHexByte(dst []byte, c byte) []byte {
	const digits = "0123456789abcdef"
	return append(dst, digits[c>>4], digits[c&15])
}

// binaryReg prints the name of the object, or its number if the catalogue does not tell.
func (p *printer) binaryReg(dst []byte, oid uint32, b []byte) ([]byte, bool) {
	if len(b) != 4 {
		return dst, false
	}
	n := binary.BigEndian.Uint32(b)
	if n != 0 {
		if out, ok := p.reg(dst, oid, strconv.FormatUint(uint64(n), 10)); ok {
			return out, true
		}
	}
	if n == 0 && oid != oidRegoper && oid != oidRegoperator {
		return append(dst, '-'), true
	}
	return strconv.AppendUint(dst, uint64(n), 10), true
}

func appendLSN(dst, b []byte) ([]byte, bool) {
	if len(b) != 8 {
		return dst, false
	}
	n := len(dst)
	dst = strconv.AppendUint(dst, uint64(binary.BigEndian.Uint32(b)), 16)
	dst = strconv.AppendUint(append(dst, '/'), uint64(binary.BigEndian.Uint32(b[4:])), 16)
	for i := n; i < len(dst); i++ {
		if dst[i] >= 'a' {
			dst[i] -= 'a' - 'A'
		}
	}
	return dst, true
}

// appendMoney prints as with lc_monetary C or en_US.
func appendMoney(dst []byte, v int64) []byte {
	u := uint64(v)
	if v < 0 {
		dst = append(dst, '-')
		u = -u
	}
	dst = append(dst, '$')
	whole := strconv.AppendUint(nil, u/100, 10)
	for i, c := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, c)
	}
	cents := u % 100
	return append(dst, '.', byte('0'+cents/10), byte('0'+cents%10))
}

func (p *printer) snapshot(dst, b []byte) ([]byte, bool) {
	if len(b) < 20 {
		return dst, false
	}
	n := binary.BigEndian.Uint32(b)
	xids := b[4:]
	if uint64(len(xids)) != 8*(uint64(n)+2) {
		return dst, false
	}
	for i := 0; len(xids) > 0; i++ {
		switch {
		case i == 1 || i == 2:
			dst = append(dst, ':')
		case i > 2:
			dst = append(dst, ',')
		}
		dst = strconv.AppendUint(dst, binary.BigEndian.Uint64(xids), 10)
		xids = xids[8:]
	}
	if n == 0 {
		dst = append(dst, ':')
	}
	return dst, true
}

func float64At(b []byte) float64 { return math.Float64frombits(binary.BigEndian.Uint64(b)) }

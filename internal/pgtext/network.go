package pgtext

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"strings"
)

// binaryInet prints inet and cidr: family, bits, is_cidr, length, address.
func binaryInet(dst, b []byte) ([]byte, bool) {
	if len(b) < 4 || len(b) != 4+int(b[3]) {
		return dst, false
	}
	addr, ok := netip.AddrFromSlice(b[4:])
	if !ok || b[0] != 2 && addr.Is4() || b[0] != 3 && addr.Is6() || int(b[1]) > addr.BitLen() {
		return dst, false
	}
	return appendInet(dst, addr, int(b[1]), b[2] != 0), true
}

func appendInet(dst []byte, addr netip.Addr, bits int, cidr bool) []byte {
	if addr.Is4() {
		dst = addr.AppendTo(dst)
	} else {
		dst = appendIPv6(dst, addr.As16())
	}
	if cidr || bits < addr.BitLen() {
		dst = strconv.AppendInt(append(dst, '/'), int64(bits), 10)
	}
	return dst
}

// appendIPv6 shortens the first longest run of two zero groups or more, and
// shows mapped and compatible IPv4 addresses as such.
func appendIPv6(dst []byte, a [16]byte) []byte {
	var words [8]uint16
	best, bestLen := -1, 1
	for i := range words {
		words[i] = binary.BigEndian.Uint16(a[2*i:])
	}
	for i := 0; i < 8; i++ {
		n := 0
		for i+n < 8 && words[i+n] == 0 {
			n++
		}
		if n > bestLen {
			best, bestLen = i, n
		}
		i += n
	}
	for i := 0; i < 8; i++ {
		if i == best {
			dst = append(dst, ':')
			if i+bestLen == 8 {
				dst = append(dst, ':')
			}
			i += bestLen - 1
			continue
		}
		if i > 0 {
			dst = append(dst, ':')
		}
		if i == 6 && best == 0 && (bestLen == 6 || bestLen == 5 && words[5] == 0xffff) {
			return netip.AddrFrom4([4]byte(a[12:])).AppendTo(dst)
		}
		dst = strconv.AppendUint(dst, uint64(words[i]), 16)
	}
	return dst
}

// textInet reads a full address with or without /bits.
func textInet(dst []byte, oid uint32, s string) ([]byte, bool) {
	host, mask, masked := strings.Cut(s, "/")
	addr, err := netip.ParseAddr(host)
	if err != nil || addr.Zone() != "" {
		return dst, false
	}
	bits := addr.BitLen()
	if masked {
		n, rest, ok := number(mask, 1, 3)
		if !ok || rest != "" || int(n) > bits {
			return dst, false
		}
		bits = int(n)
	}
	return appendInet(dst, addr, bits, oid == oidCIDR), true
}

func binaryMac(dst []byte, oid uint32, b []byte) ([]byte, bool) {
	if oid == oidMacaddr && len(b) != 6 || oid == oidMacaddr8 && len(b) != 6 && len(b) != 8 {
		return dst, false
	}
	if oid == oidMacaddr8 && len(b) == 6 {
		b = []byte{b[0], b[1], b[2], 0xff, 0xfe, b[3], b[4], b[5]}
	}
	for i, c := range b {
		if i > 0 {
			dst = append(dst, ':')
		}
		dst = appendHexByte(dst, c)
	}
	return dst, true
}

// textMac reads the spellings that write every digit.
func textMac(dst []byte, oid uint32, s string) ([]byte, bool) {
	var b []byte
	switch {
	case len(s)%3 == 2 && len(s) > 2 && (s[2] == ':' || s[2] == '-'):
		for i := 2; i < len(s); i += 3 {
			if s[i] != s[2] {
				return dst, false
			}
		}
		b, _ = parseHex(strings.ReplaceAll(s, s[2:3], ""))
	case len(s) == 12 || len(s) == 16:
		b, _ = parseHex(s)
	}
	if strings.ContainsAny(s, pgSpace) {
		return dst, false
	}
	return binaryMac(dst, oid, b)
}

package pgtext

import (
	"encoding/binary"
	"strconv"
	"strings"
)

const maxDimensions = 6

// delimiter between the elements of an array.
func delimiter(elem uint32) byte {
	if elem == oidBox {
		return ';'
	}
	return ','
}

// shape is an array's dimensions: lengths and lower bounds.
type shape struct {
	lens, lows []int
}

// binaryArray prints ndim, flags, element type, dimensions, elements.
func (p *printer) binaryArray(dst []byte, elem uint32, b []byte) ([]byte, bool) {
	sh, b, ok := binaryShape(elem, b)
	if !ok {
		return dst, false
	}
	dst, ok = sh.print(dst, elem, func(dst []byte) ([]byte, bool) {
		var item []byte
		var null, ok bool
		if item, b, null, ok = next(b); !ok {
			return dst, false
		}
		if null {
			return append(dst, "NULL"...), true
		}
		at := len(dst)
		if dst, ok = p.element(dst, elem, item); !ok {
			return dst, false
		}
		return quoteElement(dst, at, delimiter(elem)), true
	})
	return dst, ok && len(b) == 0
}

// binaryShape reads an array's header. There is never more than one
// element for four bytes of b.
func binaryShape(elem uint32, b []byte) (sh shape, rest []byte, ok bool) {
	if len(b) < 12 {
		return sh, nil, false
	}
	ndim := binary.BigEndian.Uint32(b)
	if ndim > maxDimensions || binary.BigEndian.Uint32(b[8:]) != elem {
		return sh, nil, false
	}
	b = b[12:]
	total := int64(1)
	for range ndim {
		if len(b) < 8 {
			return sh, nil, false
		}
		n, low := int32(binary.BigEndian.Uint32(b)), int32(binary.BigEndian.Uint32(b[4:]))
		b = b[8:]
		if n < 0 || int64(low)+int64(n)-1 > 1<<31-1 {
			return sh, nil, false
		}
		if total *= int64(n); total > int64(len(b)/4) {
			return sh, nil, false
		}
		sh.lens, sh.lows = append(sh.lens, int(n)), append(sh.lows, int(low))
	}
	if total == 0 {
		sh = shape{}
	}
	return sh, b, true
}

// next cuts a length and that many bytes off b; the length -1 is NULL.
func next(b []byte) (item, rest []byte, null, ok bool) {
	if len(b) < 4 {
		return nil, nil, false, false
	}
	n := int64(int32(binary.BigEndian.Uint32(b)))
	b = b[4:]
	if n == -1 {
		return nil, b, true, true
	}
	if n < 0 || n > int64(len(b)) {
		return nil, nil, false, false
	}
	return b[:n], b[n:], false, true
}

// print prints the braces around elements, which item appends one by one.
func (sh shape) print(dst []byte, elem uint32, item func([]byte) ([]byte, bool)) ([]byte, bool) {
	if len(sh.lens) == 0 {
		return append(dst, "{}"...), true
	}
	explicit := false
	for _, low := range sh.lows {
		explicit = explicit || low != 1
	}
	if explicit {
		for i, low := range sh.lows {
			dst = strconv.AppendInt(append(dst, '['), int64(low), 10)
			dst = strconv.AppendInt(append(dst, ':'), int64(low)+int64(sh.lens[i])-1, 10)
			dst = append(dst, ']')
		}
		dst = append(dst, '=')
	}
	return sh.level(dst, 0, delimiter(elem), item)
}

func (sh shape) level(dst []byte, dim int, delim byte, item func([]byte) ([]byte, bool)) ([]byte, bool) {
	if dim == len(sh.lens) {
		return item(dst)
	}
	dst = append(dst, '{')
	for i := range sh.lens[dim] {
		if i > 0 {
			dst = append(dst, delim)
		}
		var ok bool
		if dst, ok = sh.level(dst, dim+1, delim, item); !ok {
			return dst, false
		}
	}
	return append(dst, '}'), true
}

// quoteElement quotes dst[at:] if an array needs it.
func quoteElement(dst []byte, at int, delim byte) []byte {
	item := string(dst[at:])
	plain := item != "" && !strings.EqualFold(item, "null") && strings.IndexByte(item, delim) < 0 &&
		!strings.ContainsAny(item, `"\{}`+pgSpace)
	if plain {
		return dst
	}
	dst = append(dst[:at], '"')
	for i := range len(item) {
		if item[i] == '"' || item[i] == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, item[i])
	}
	return append(dst, '"')
}

// binaryVector prints int2vector and oidvector: one dimension, blanks between.
func (p *printer) binaryVector(dst []byte, oid uint32, b []byte) ([]byte, bool) {
	elem := uint32(oidInt2)
	if oid == oidOIDVector {
		elem = oidOID
	}
	sh, b, ok := binaryShape(elem, b)
	if !ok || len(sh.lens) > 1 {
		return dst, false
	}
	for first := true; len(b) > 0; first = false {
		var item []byte
		var null bool
		if item, b, null, ok = next(b); !ok || null {
			return dst, false
		}
		if !first {
			dst = append(dst, ' ')
		}
		if dst, ok = p.binary(dst, elem, item); !ok {
			return dst, false
		}
	}
	return dst, true
}

// binaryRecord prints a composite value: columns with their types.
func (p *printer) binaryRecord(dst, b []byte) ([]byte, bool) {
	if len(b) < 4 {
		return dst, false
	}
	n := int64(int32(binary.BigEndian.Uint32(b)))
	if b = b[4:]; n < 0 || 8*n > int64(len(b)) {
		return dst, false
	}
	dst = append(dst, '(')
	for i := range n {
		if i > 0 {
			dst = append(dst, ',')
		}
		if len(b) < 4 {
			return dst, false
		}
		oid := binary.BigEndian.Uint32(b)
		item, rest, null, ok := next(b[4:])
		if b = rest; !ok {
			return dst, false
		}
		if null {
			continue
		}
		at := len(dst)
		if dst, ok = p.element(dst, oid, item); !ok {
			return dst, false
		}
		dst = quoteField(dst, at, `"\(),`+pgSpace)
	}
	return append(dst, ')'), len(b) == 0
}

// quoteField quotes dst[at:] as records and ranges do if it is empty or has
// one of the special characters.
func quoteField(dst []byte, at int, special string) []byte {
	item := string(dst[at:])
	if item != "" && !strings.ContainsAny(item, special) {
		return dst
	}
	dst = append(dst[:at], '"')
	for i := range len(item) {
		if item[i] == '"' || item[i] == '\\' {
			dst = append(dst, item[i])
		}
		dst = append(dst, item[i])
	}
	return append(dst, '"')
}

package track

import "encoding/binary"

// leastValue is what is kept of a value even when those before it took all the room.
const leastValue = 64

// valueSize is about what a value takes beside its bytes.
const valueSize = 32

// splitParams collects the names, format codes and values of a Bind, or of a FunctionCall (which has
// an object id in the names' place), that is too long to be looked at whole: the beginning of
// each value, so that a long one does not hide those after it.
type splitParams struct {
	part   bindPart
	names  [2][]byte // portal, statement
	oid    uint32
	fixed  [4]byte // of a number that comes in pieces
	have   int
	left   int // format codes or values to come; bytes of the value in hand
	values int
	most   int // bytes kept of one value
	room   int // bytes that may still be kept
	spare  int // for the values themselves, and the least of each
	p      Params
}

type bindPart uint8

const (
	bindPortal bindPart = iota
	bindStatement
	bindOID
	bindFormats
	bindFormat
	bindValues
	bindLength
	bindValue
	bindDone
)

func (s *splitParams) reset(typ byte, limit int) {
	*s = splitParams{names: [2][]byte{s.names[0][:0], s.names[1][:0]}, most: limit, room: 2 * limit, spare: 4 * limit}
	if typ == 'F' {
		s.part = bindOID
	}
}

// params gives what was collected; nil if there are no values.
func (s *splitParams) params() *Params {
	if s.part < bindLength || len(s.p.Values) == 0 {
		return nil
	}
	p := s.p
	s.p = Params{}
	return &p
}

func (s *splitParams) write(b []byte) {
	for len(b) > 0 && s.part != bindDone {
		switch s.part {
		case bindPortal, bindStatement:
			b = s.name(b)
		case bindValue:
			b = s.value(b)
		case bindOID, bindLength:
			var n uint32
			var ok bool
			if n, b, ok = s.number(b, 4); ok {
				s.wide(n)
			}
		default:
			var n uint32
			var ok bool
			if n, b, ok = s.number(b, 2); ok {
				s.narrow(n)
			}
		}
	}
}

// name takes bytes of a portal's or statement's name, up to its NUL.
func (s *splitParams) name(b []byte) []byte {
	to := &s.names[s.part-bindPortal]
	for i, c := range b {
		if c == 0 {
			if s.part++; s.part == bindOID {
				s.part = bindFormats
			}
			return b[i+1:]
		}
		if len(*to) < nameLen {
			*to = append(*to, c)
		}
	}
	return nil
}

// number takes a big-endian number of size bytes, which may come in pieces.
func (s *splitParams) number(b []byte, size int) (n uint32, rest []byte, ok bool) {
	k := copy(s.fixed[s.have:size], b)
	if s.have += k; s.have < size {
		return 0, b[k:], false
	}
	s.have = 0
	if size == 2 {
		return uint32(binary.BigEndian.Uint16(s.fixed[:])), b[k:], true
	}
	return binary.BigEndian.Uint32(s.fixed[:]), b[k:], true
}

// wide takes a number of four bytes.
func (s *splitParams) wide(n uint32) {
	if s.part == bindOID {
		s.oid, s.part = n, bindFormats
		return
	}
	if s.spare -= valueSize; s.spare < 0 {
		s.p.Dropped, s.part = s.values, bindDone
		return
	}
	if int32(n) < 0 {
		s.p.Values = append(s.p.Values, nil)
		s.next()
		return
	}
	s.p.Values = append(s.p.Values, []byte{})
	if s.left, s.part = int(n), bindValue; n == 0 {
		s.next()
	}
}

// narrow takes a number of two bytes.
func (s *splitParams) narrow(n uint32) {
	switch s.part {
	case bindFormats:
		s.left, s.part = int(n), bindFormat
		if n == 0 {
			s.part = bindValues
		}
	case bindFormat:
		s.p.Formats = append(s.p.Formats, int16(n))
		if s.left--; s.left == 0 {
			s.part = bindValues
		}
	case bindValues:
		s.values, s.part = int(n)+1, bindLength
		s.next()
	}
}

// next turns to the next value.
func (s *splitParams) next() {
	s.part = bindLength
	if s.values--; s.values == 0 {
		s.part = bindDone
	}
}

// value takes bytes of a value.
func (s *splitParams) value(b []byte) []byte {
	i := len(s.p.Values) - 1
	n := min(len(b), s.left)
	had := len(s.p.Values[i])
	keep := min(n, s.most-had, s.room)
	if least := min(n, leastValue-had, s.spare); keep < least {
		s.spare -= least - max(keep, 0)
		keep = least
	}
	keep = max(keep, 0)
	s.p.Values[i] = append(s.p.Values[i], b[:keep]...)
	s.room = max(s.room-keep, 0)
	if keep < n {
		s.p.lose(i, n-keep)
	}
	if s.left -= n; s.left == 0 {
		s.next()
	}
	return b[n:]
}

// lose notes that n bytes of value i were not kept.
func (p *Params) lose(i, n int) {
	for len(p.Missing) <= i {
		p.Missing = append(p.Missing, 0)
	}
	p.Missing[i] += n
}

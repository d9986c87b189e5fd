package track

import (
	"bytes"
	"encoding/binary"
)

// A reader takes fields off a message's body. Past the end it yields zeros and
// remembers that.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.b, r.bad = nil, true
		return nil
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}

func (r *reader) byte() byte {
	if v := r.take(1); v != nil {
		return v[0]
	}
	return 0
}

func (r *reader) uint16() uint16 {
	if v := r.take(2); v != nil {
		return binary.BigEndian.Uint16(v)
	}
	return 0
}

func (r *reader) uint32() uint32 {
	if v := r.take(4); v != nil {
		return binary.BigEndian.Uint32(v)
	}
	return 0
}

// cstring takes up to the next NUL, or all there is.
func (r *reader) cstring() []byte {
	i := bytes.IndexByte(r.b, 0)
	if i < 0 {
		v := r.b
		r.b, r.bad = nil, true
		return v
	}
	v := r.b[:i]
	r.b = r.b[i+1:]
	return v
}

// name takes a statement's or portal's name.
func (r *reader) name() []byte {
	v := r.cstring()
	return v[:min(len(v), nameLen)]
}

// params copies format codes and values. A body that is too short yields what there is of them.
func (r *reader) params() *Params {
	nf := int(r.uint16())
	formats := r.take(2 * min(nf, len(r.b)/2))
	if len(formats) < 2*nf {
		return nil
	}
	nv := int(r.uint16())
	if nv == 0 || len(r.b) < 4 {
		return nil
	}
	p := &Params{Values: make([][]byte, 0, min(nv, len(r.b)/4))}
	if nf > 0 {
		p.Formats = make([]int16, nf)
		for i := range p.Formats {
			p.Formats[i] = int16(binary.BigEndian.Uint16(formats[2*i:]))
		}
	}
	room := make([]byte, 0, valueBytes(r.b, nv))
	for range nv {
		n := int32(r.uint32())
		if r.bad {
			break
		}
		if n < 0 {
			p.Values = append(p.Values, nil)
			continue
		}
		at := len(room)
		room = append(room, r.take(min(int(n), len(r.b)))...)
		p.Values = append(p.Values, room[at:len(room):len(room)])
	}
	return p
}

// valueBytes adds up the values that follow, so that they share one buffer.
func valueBytes(b []byte, n int) int {
	sum := 0
	for ; n > 0 && len(b) >= 4; n-- {
		l := int(int32(binary.BigEndian.Uint32(b)))
		b = b[4:]
		if l > 0 {
			l = min(l, len(b))
			sum += l
			b = b[l:]
		}
	}
	return sum
}

// Size is about how many bytes the values take.
func (p *Params) Size() int {
	if p == nil {
		return 0
	}
	n := 32 * len(p.Values)
	for _, v := range p.Values {
		n += len(v)
	}
	return n
}

// oids decodes a count and that many OIDs.
func (r *reader) oids() []uint32 {
	n := min(int(r.uint16()), len(r.b)/4)
	if n == 0 {
		return nil
	}
	v := make([]uint32, n)
	for i := range v {
		v[i] = r.uint32()
	}
	return v
}

// parseError decodes an ErrorResponse, of which more bytes were not kept.
func parseError(body []byte, more int) *Error {
	e, r := &Error{}, reader{b: body}
	localised := ""
	for len(r.b) > 0 {
		code := r.byte()
		if code == 0 {
			break
		}
		v := r.cstring()
		switch code {
		case 'S':
			localised = string(v)
		case 'V':
			e.Severity = string(v)
		case 'C':
			e.SQLState = string(v)
		case 'M':
			if e.Message = string(v); r.bad {
				e.Missing = more
			}
		case 'R':
			e.Routine = string(v)
		}
	}
	if e.Severity == "" { // servers before 9.6
		e.Severity = localised
	}
	return e
}

func (e *Error) fatal() bool { return e.Severity == "FATAL" || e.Severity == "PANIC" }

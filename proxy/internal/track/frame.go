package track

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// maxLength is the longest message PostgreSQL takes: 1 GiB - 1 of body
// (MaxAllocSize) and the length word.
const maxLength = 0x3fffffff + 4

// maxAuthLength bounds client messages before authentication is over, as
// PostgreSQL bounds the start-up packet; tokens of GSSAPI and SSPI may have
// PG_MAX_AUTH_TOKEN_LENGTH.
const (
	maxAuthLength  = 10000
	maxTokenLength = 65535 + 4
)

// A FramingError says that bytes are not PostgreSQL messages.
type FramingError struct {
	Type   byte
	Length uint32
}

func (e *FramingError) Error() string {
	return fmt.Sprintf("invalid length %d of message type 0x%02x", e.Length, e.Type)
}

// A framer follows one direction's messages through chunks of any split. It
// keeps of a body only what keep says, whatever the stated length.
type framer struct {
	typ    byte
	inBody bool
	hdrLen int // bytes of hdr that have come
	hdr    [5]byte
	left   uint32 // body bytes to come
	length uint32 // the whole body
	limit  int    // of the body to keep; 0: nothing
	text   bool   // P, Q: keep in split
	values bool   // B, F: keep in params
	buf    []byte
	split  splitText
	params splitParams
}

// header takes the next header from p. It reports how many bytes it took and
// whether the header is complete.
func (f *framer) header(p []byte) (n int, ok bool) {
	if f.hdrLen == 0 && len(p) >= 5 {
		f.typ, f.length = p[0], binary.BigEndian.Uint32(p[1:])
		return 5, true
	}
	n = copy(f.hdr[f.hdrLen:], p)
	f.hdrLen += n
	if f.hdrLen < 5 {
		return n, false
	}
	f.hdrLen = 0
	f.typ, f.length = f.hdr[0], binary.BigEndian.Uint32(f.hdr[1:])
	return n, true
}

// check validates the length word just read and turns it into the body's.
func (f *framer) check(most uint32) error {
	if f.length < 4 || f.length > most {
		return &FramingError{Type: f.typ, Length: f.length}
	}
	f.length -= 4
	return nil
}

// begin starts the collection of a body that is not wholly in the chunk.
func (f *framer) begin() {
	f.inBody, f.left = true, f.length
	f.buf = f.buf[:0]
	f.split.reset(f.typ, f.limit)
	if f.values {
		f.params.reset(f.typ, f.limit)
	}
}

// body takes body bytes from p and reports how many, and whether it is complete.
func (f *framer) body(p []byte) (n int, done bool) {
	n = len(p)
	if uint64(n) > uint64(f.left) {
		n = int(f.left)
	}
	f.left -= uint32(n)
	switch {
	case f.limit == 0:
	case f.text:
		f.split.write(p[:n])
	case f.values:
		f.params.write(p[:n])
	default:
		f.buf = append(f.buf, p[:min(n, f.limit-len(f.buf))]...)
	}
	f.inBody = f.left > 0
	return n, !f.inBody
}

// keepBuf is the buffer that stays with an idle session.
const keepBuf = 4096

// release lets a large buffer go.
func (f *framer) release() {
	if cap(f.buf) > keepBuf {
		f.buf = nil
	}
	f.split.release()
}

// maxTail is what a Parse has after its text at most: a count and that many OIDs.
const maxTail = 2 + 4*65535

// splitText collects the body of a Parse (name, text, OIDs) or of a Query
// (text): the text's beginning, its whole length, and all of the rest.
type splitText struct {
	part    int // 0 name, 1 text, 2 tail
	limit   int // of the text
	name    []byte
	text    []byte
	textLen int
	tail    []byte
}

func (s *splitText) reset(typ byte, limit int) {
	s.part, s.limit, s.textLen = 0, limit, 0
	if typ == 'Q' {
		s.part = 1
	}
	s.name, s.text, s.tail = s.name[:0], s.text[:0], s.tail[:0]
}

func (s *splitText) release() {
	if cap(s.text) > keepBuf {
		s.text = nil
	}
	if cap(s.tail) > keepBuf {
		s.tail = nil
	}
}

func (s *splitText) write(p []byte) {
	for len(p) > 0 && s.part < 2 {
		end := bytes.IndexByte(p, 0)
		word, rest := p, p[len(p):]
		if end >= 0 {
			word, rest = p[:end], p[end+1:]
		}
		if s.part == 0 {
			s.name = append(s.name, word[:min(len(word), nameLen-len(s.name))]...)
		} else {
			s.text = append(s.text, word[:min(len(word), s.limit-len(s.text))]...)
			s.textLen += len(word)
		}
		if end >= 0 {
			s.part++
		}
		p = rest
	}
	if s.part == 2 {
		s.tail = append(s.tail, p[:min(len(p), maxTail-len(s.tail))]...)
	}
}

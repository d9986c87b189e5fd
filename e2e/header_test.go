package e2e

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"os"
	"testing"
)

// header is what is constant in the header of an Encryption SDK message: every
// field but the message id, the wrapped key, the nonces and the tags.
type header struct {
	Version, Type   byte
	Suite           uint16
	ContextLength   uint16
	EncryptedKeys   uint16
	Provider        string
	KeyName         string
	TagBits, IVLen  uint32 // of the wrapping
	WrappedKeyLen   uint16
	ContentType     byte
	Reserved        uint32
	BodyIVLen       byte
	FrameLength     uint32
	HeaderIVIsZero  bool
	FirstFrameIsEnd bool // a short message is one final frame
}

// cutter takes fields off the front of a message.
type cutter struct {
	b   []byte
	bad bool
}

func (c *cutter) bytes(n int) []byte {
	if n > len(c.b) {
		c.bad = true
		return make([]byte, n)
	}
	head := c.b[:n]
	c.b = c.b[n:]
	return head
}

func (c *cutter) u16() uint16 { return binary.BigEndian.Uint16(c.bytes(2)) }
func (c *cutter) u32() uint32 { return binary.BigEndian.Uint32(c.bytes(4)) }

func parseHeader(message []byte) (header, error) {
	c := &cutter{b: message}
	var h header
	h.Version, h.Type, h.Suite = c.bytes(1)[0], c.bytes(1)[0], c.u16()
	c.bytes(16) // message id
	h.ContextLength = c.u16()
	c.bytes(int(h.ContextLength))
	h.EncryptedKeys = c.u16()
	h.Provider = string(c.bytes(int(c.u16())))
	info := &cutter{b: c.bytes(int(c.u16()))}
	h.KeyName = string(info.bytes(max(0, len(info.b)-20)))
	h.TagBits, h.IVLen = info.u32(), info.u32()
	info.bytes(12)
	h.WrappedKeyLen = c.u16()
	c.bytes(int(h.WrappedKeyLen))
	h.ContentType, h.Reserved, h.BodyIVLen, h.FrameLength = c.bytes(1)[0], c.u32(), c.bytes(1)[0], c.u32()
	h.HeaderIVIsZero = string(c.bytes(12)) == string(make([]byte, 12))
	c.bytes(16) // header tag
	h.FirstFrameIsEnd = c.u32() == 0xffffffff
	if c.bad || info.bad || len(info.b) > 0 {
		return h, errors.New("the message does not have the form of a header")
	}
	return h, nil
}

// realHeader is the header of a record of the real service.
func realHeader(t *testing.T) header {
	t.Helper()
	b, err := os.ReadFile("testdata/real_record.json")
	if err != nil {
		t.Fatal(err)
	}
	var o outer
	if err := json.Unmarshal(b, &o); err != nil {
		t.Fatal(err)
	}
	h, err := parseHeader(o.Events)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

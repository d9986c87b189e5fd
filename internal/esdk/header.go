package esdk

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// What the fixed bytes of the header say.
const (
	formatVersion   = 0x01
	messageType     = 0x80 // customer authenticated encrypted data
	contentUnframed = 0x01
	contentFramed   = 0x02
)

// maxDataKeys bounds the entries a reader looks at. The format allows 65,535;
// activity streams write one.
const maxDataKeys = 128

// Header is a message's header, parsed but not yet authenticated, and the
// shape of what follows it.
type Header struct {
	Version     byte
	Type        byte
	Suite       Suite
	MessageID   [messageIDSize]byte
	Context     []ContextEntry // in the order of the message
	DataKeys    []EncryptedDataKey
	Framed      bool
	FrameLength uint32 // 0 if not framed
	IV          [ivSize]byte
	Tag         [tagSize]byte

	Length          int // of the header with IV and tag, in bytes
	Frames          int // body parts; 1 if not framed
	ContentLength   int // of the plaintext
	SignatureLength int // of the DER signature; 0 without

	// context and signed are the serialized encryption context and all of the
	// header before its IV: additional data of the wrapped keys and of the tag.
	context, signed []byte
}

// ContextEntry is one pair of the encryption context.
type ContextEntry struct{ Key, Value string }

// EncryptedDataKey is the message's data key, wrapped under one wrapping key.
type EncryptedDataKey struct {
	ProviderID   string
	ProviderInfo []byte
	Ciphertext   []byte
}

// RawAES splits the provider information of a raw AES wrapping key: its name,
// and the IV of the wrapped key. It reports false for other kinds of keys.
func (e EncryptedDataKey) RawAES() (name string, iv []byte, ok bool) {
	at := len(e.ProviderInfo) - 8 - ivSize
	if at < 0 || binary.BigEndian.Uint32(e.ProviderInfo[at:]) != tagSize*8 ||
		binary.BigEndian.Uint32(e.ProviderInfo[at+4:]) != ivSize {
		return "", nil, false
	}
	return string(e.ProviderInfo[:at]), e.ProviderInfo[at+8:], true
}

// cursor reads big-endian fields. Once a field is missing, err is set and all
// that follows is zero.
type cursor struct {
	rest []byte
	err  error
}

func (c *cursor) take(n int) []byte {
	if c.err == nil && n > len(c.rest) {
		c.err = fmt.Errorf("%w: it ends too early", ErrFormat)
	}
	if c.err != nil {
		return nil
	}
	b := c.rest[:n:n]
	c.rest = c.rest[n:]
	return b
}

func (c *cursor) number(size int) uint64 {
	var n uint64
	for _, b := range c.take(size) {
		n = n<<8 | uint64(b)
	}
	return n
}

// field takes bytes behind their length in two bytes.
func (c *cursor) field() []byte { return c.take(int(c.number(2))) }

func (c *cursor) fail(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf("%w: "+format, slices.Insert(args, 0, any(ErrFormat))...)
	}
}

// parseHeader reads the header of msg. Its slices share msg's memory.
func parseHeader(msg []byte) (*Header, error) {
	c := &cursor{rest: msg}
	h := &Header{Version: byte(c.number(1))}
	if c.err == nil && h.Version != formatVersion {
		c.fail("format version is %d, only 1 is known here", h.Version)
	}
	if h.Type = byte(c.number(1)); c.err == nil && h.Type != messageType {
		c.fail("type is 0x%02x", h.Type)
	}
	if h.Suite = Suite(c.number(2)); c.err == nil && !h.Suite.supported() {
		c.fail("algorithm suite is %s", h.Suite)
	}
	copy(h.MessageID[:], c.take(messageIDSize))
	h.context = c.field()
	h.Context = parseContext(c, h.context)
	h.DataKeys = parseDataKeys(c)

	content := c.number(1)
	h.Framed = content == contentFramed
	if c.err == nil && content != contentFramed && content != contentUnframed {
		c.fail("content type is %d", content)
	}
	if c.number(4) != 0 {
		c.fail("reserved bytes are not zero")
	}
	if n := c.number(1); c.err == nil && n != ivSize {
		c.fail("IV length is %d", n)
	}
	h.FrameLength = uint32(c.number(4))
	if c.err == nil && h.Framed != (h.FrameLength > 0) {
		c.fail("content type %d with frame length %d", content, h.FrameLength)
	}
	h.signed = msg[:len(msg)-len(c.rest)]
	copy(h.IV[:], c.take(ivSize))
	copy(h.Tag[:], c.take(tagSize))
	h.Length = len(msg) - len(c.rest)
	if c.err != nil {
		return nil, fmt.Errorf("parse header: %w", c.err)
	}
	return h, nil
}

// parseContext reads a serialized encryption context; an empty one has no
// bytes at all. Faults are reported to c.
func parseContext(c *cursor, serialized []byte) []ContextEntry {
	if len(serialized) == 0 {
		return nil
	}
	in := &cursor{rest: serialized}
	count := int(in.number(2))
	if count == 0 || count*4 > len(in.rest) {
		c.fail("encryption context of %d bytes with %d pairs", len(serialized), count)
		return nil
	}
	list := make([]ContextEntry, 0, count)
	seen := make(map[string]bool, count)
	for range count {
		e := ContextEntry{string(in.field()), string(in.field())}
		if in.err == nil && seen[e.Key] {
			in.fail("encryption context repeats a key")
		}
		seen[e.Key] = true
		list = append(list, e)
	}
	if len(in.rest) > 0 {
		in.fail("encryption context is longer than its pairs")
	}
	if in.err != nil {
		c.err = fmt.Errorf("encryption context: %w", in.err)
		return nil
	}
	return list
}

func parseDataKeys(c *cursor) []EncryptedDataKey {
	count := int(c.number(2))
	if c.err == nil && (count == 0 || count > maxDataKeys) {
		c.fail("%d encrypted data keys", count)
	}
	if c.err != nil {
		return nil
	}
	list := make([]EncryptedDataKey, 0, count)
	for range count {
		list = append(list, EncryptedDataKey{string(c.field()), c.field(), c.field()})
	}
	return list
}

// contextValue finds an entry of the encryption context.
func (h *Header) contextValue(key string) (string, bool) {
	for _, e := range h.Context {
		if e.Key == key {
			return e.Value, true
		}
	}
	return "", false
}

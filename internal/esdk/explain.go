package esdk

import (
	"fmt"
	"strings"
)

// Explain reads the header and the shape of the body of a message, without a
// key. Nothing of it is authenticated. On error the Header holds what was
// understood of a header that is whole.
func Explain(msg []byte) (Header, error) {
	h, err := parseHeader(msg)
	if err != nil {
		return Header{}, fmt.Errorf("explain message: %w", err)
	}
	c := &cursor{rest: msg[h.Length:]}
	for last := false; c.err == nil && !last; {
		p := nextPart(c, h, uint32(h.Frames+1))
		if c.err == nil {
			h.Frames++
			h.ContentLength += len(p.sealed) - tagSize
			last = p.kind != partFrame
		}
	}
	if h.Suite == Signed {
		h.SignatureLength = len(c.field())
	}
	if len(c.rest) > 0 {
		c.fail("%d bytes follow it", len(c.rest))
	}
	if c.err != nil {
		return *h, fmt.Errorf("explain message: %w", c.err)
	}
	return *h, nil
}

// Field is one thing that a header says.
type Field struct{ Name, Value string }

// String lists the header, one field a line.
func (h Header) String() string {
	var b strings.Builder
	for _, f := range h.Fields() {
		fmt.Fprintf(&b, "%-19s %s\n", f.Name, f.Value)
	}
	return b.String()
}

// Fields lists the header for people to read, in the order of the message.
func (h Header) Fields() (list []Field) {
	line := func(name, format string, args ...any) {
		list = append(list, Field{name, fmt.Sprintf(format, args...)})
	}
	line("version", "%d", h.Version)
	line("type", "0x%02x", h.Type)
	line("algorithm suite", "%s", h.Suite)
	line("message ID", "%x", h.MessageID)
	if len(h.Context) == 0 {
		line("encryption context", "empty")
	}
	for _, e := range h.Context {
		line("encryption context", "%q = %q", e.Key, e.Value)
	}
	for _, k := range h.DataKeys {
		name, iv, ok := k.RawAES()
		if ok {
			line("encrypted data key", "provider %q, key %q, tag %d bits, IV %x, %d bytes",
				k.ProviderID, name, tagSize*8, iv, len(k.Ciphertext))
		} else {
			line("encrypted data key", "provider %q, info %q, %d bytes", k.ProviderID, k.ProviderInfo, len(k.Ciphertext))
		}
	}
	if h.Framed {
		line("content type", "2, framed")
		line("frame length", "%d", h.FrameLength)
	} else {
		line("content type", "1, not framed")
	}
	line("header IV", "%x", h.IV)
	line("header tag", "%x", h.Tag)
	line("header length", "%d", h.Length)
	line("frames", "%d", h.Frames)
	line("content length", "%d", h.ContentLength)
	if h.SignatureLength > 0 {
		line("signature", "%d bytes", h.SignatureLength)
	} else {
		line("signature", "none")
	}
	return list
}

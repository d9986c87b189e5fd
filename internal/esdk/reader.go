package esdk

import (
	"crypto/ecdsa"
	"fmt"
	"slices"
)

// Decrypt appends the plaintext of msg. It returns either all of a message
// that is whole and authentic, or nothing: what was opened before a fault was
// found is cleared.
func Decrypt(dst []byte, key *Key, msg []byte) ([]byte, error) {
	h, err := parseHeader(msg)
	if err != nil {
		return nil, fmt.Errorf("decrypt message: %w", err)
	}
	signer, err := messageSigner(h)
	if err != nil {
		return nil, fmt.Errorf("decrypt message: %w", err)
	}
	start := len(dst)
	// What is left of the message is longer than its plaintext.
	dst = slices.Grow(dst, len(msg)-h.Length)
	out, rest, err := h.open(dst, key, msg[h.Length:])
	if err == nil {
		err = checkFooter(signer, msg, rest)
	}
	if err != nil {
		clear(dst[start:cap(dst)])
		return nil, fmt.Errorf("decrypt message: %w", err)
	}
	return out, nil
}

// messageSigner gives the key of the message's signature, nil if its suite
// has none. The context entry and the suite must agree.
func messageSigner(h *Header) (*ecdsa.PublicKey, error) {
	text, present := h.contextValue(publicKeyName)
	if present != (h.Suite == Signed) {
		return nil, fmt.Errorf("%w: suite and %s disagree", ErrFormat, publicKeyName)
	}
	if !present {
		return nil, nil
	}
	return parsePublicKey(text)
}

// open authenticates the header and appends the plaintext of the body. It
// returns what follows the body too.
func (h *Header) open(dst []byte, key *Key, body []byte) (plaintext, rest []byte, err error) {
	var secret [keySize]byte
	defer clear(secret[:])
	dataKey, err := key.unwrap(secret[:0], h.DataKeys, h.context)
	if err != nil {
		return nil, nil, err
	}
	aead, err := contentAEAD(h.Suite, dataKey, h.MessageID[:])
	if err != nil {
		return nil, nil, err
	}
	if _, err := aead.Open(nil, h.IV[:], h.Tag[:], h.signed); err != nil {
		return nil, nil, fmt.Errorf("%w: header", ErrAuth)
	}
	c := &cursor{rest: body}
	var aad []byte
	for number := uint32(1); ; number++ {
		p := nextPart(c, h, number)
		if c.err != nil {
			return nil, nil, c.err
		}
		aad = appendAAD(aad[:0], h.MessageID[:], p.kind, number, len(p.sealed)-tagSize)
		if dst, err = aead.Open(dst, p.iv, p.sealed, aad); err != nil {
			return nil, nil, fmt.Errorf("%w: part %d of the body", ErrAuth, number)
		}
		if p.kind != partFrame {
			return dst, c.rest, nil
		}
	}
}

// checkFooter verifies the signature, if there is to be one, and that the
// message ends there.
func checkFooter(signer *ecdsa.PublicKey, msg, footer []byte) error {
	c := &cursor{rest: footer}
	if signer != nil {
		signature := c.field()
		if c.err != nil {
			return c.err
		}
		if !verify(signer, msg[:len(msg)-len(footer)], signature) {
			return fmt.Errorf("%w: signature", ErrAuth)
		}
	}
	if len(c.rest) > 0 {
		return fmt.Errorf("%w: %d bytes follow it", ErrFormat, len(c.rest))
	}
	return nil
}

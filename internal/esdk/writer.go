package esdk

import (
	"crypto/ecdsa"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
)

// defaultFrameLength is the frame length of Aurora PostgreSQL's messages.
const defaultFrameLength = 4096

// Config says how messages are written. The zero value writes them as Aurora
// PostgreSQL does.
type Config struct {
	Suite       Suite             // 0: Unsigned
	FrameLength int               // 0: 4096
	Context     map[string]string // encryption context; empty: none
	Rand        io.Reader         // nil: crypto/rand
}

// Writer writes messages. It is not safe for concurrent use: it keeps the
// memory of one message's secrets, which it clears.
type Writer struct {
	suite       Suite
	frameLength int
	random      io.Reader
	// context is the serialized encryption context. With suite Signed, each
	// message's public key goes into it at keyAt.
	context []byte
	keyAt   int

	// fresh is all that one message needs of randomness.
	fresh [messageIDSize + keySize + ivSize]byte
	iv    [ivSize]byte
	aad   []byte
}

// NewWriter checks the configuration.
func NewWriter(cfg Config) (*Writer, error) {
	w := &Writer{suite: cfg.Suite, frameLength: cfg.FrameLength, random: cfg.Rand}
	if w.suite == 0 {
		w.suite = Unsigned
	}
	if !w.suite.supported() {
		return nil, fmt.Errorf("new writer: algorithm suite %s cannot be written", w.suite)
	}
	if w.frameLength == 0 {
		w.frameLength = defaultFrameLength
	}
	if w.frameLength < 0 || int64(w.frameLength) > math.MaxUint32 {
		return nil, fmt.Errorf("new writer: frame length %d", w.frameLength)
	}
	if w.random == nil {
		w.random = rand.Reader
	}
	context := maps.Clone(cfg.Context)
	for k := range context {
		if strings.HasPrefix(k, reservedPrefix) {
			return nil, fmt.Errorf("new writer: encryption context key %q is reserved", k)
		}
	}
	if w.suite == Signed {
		if context == nil {
			context = make(map[string]string)
		}
		context[publicKeyName] = strings.Repeat("=", publicKeySize)
	}
	if err := w.serialize(context); err != nil {
		return nil, fmt.Errorf("new writer: %w", err)
	}
	return w, nil
}

// serialize writes the encryption context in the order of its keys' bytes.
func (w *Writer) serialize(context map[string]string) error {
	if len(context) == 0 {
		return nil
	}
	if len(context) > math.MaxUint16 {
		return errors.New("encryption context is too long")
	}
	b := binary.BigEndian.AppendUint16(nil, uint16(len(context)))
	for _, k := range slices.Sorted(maps.Keys(context)) {
		if len(k) > math.MaxUint16 || len(context[k]) > math.MaxUint16 {
			return errors.New("encryption context is too long")
		}
		b = appendField(b, k)
		b = appendField(b, context[k])
		if k == publicKeyName {
			w.keyAt = len(b) - publicKeySize
		}
	}
	if len(b) > math.MaxUint16 {
		return errors.New("encryption context is too long")
	}
	w.context = b
	return nil
}

// frames is the number of frames of n plaintext bytes. The final frame is
// shorter than the frame length, so it is empty behind full ones: AWS's SDKs
// for Java, JavaScript and Python do that, and Python refuses a full one.
func (w *Writer) frames(n int) int { return n/w.frameLength + 1 }

// Size is the length of the message that Encrypt makes of n plaintext bytes.
func (w *Writer) Size(n int) int {
	header := 2 + 2 + messageIDSize + 2 + len(w.context) + 2 + entrySize +
		1 + 4 + 1 + 4 + ivSize + tagSize
	size := header + n + w.frames(n)*(4+ivSize+tagSize) + 4 + 4
	if w.suite == Signed {
		size += footerSize
	}
	return size
}

// Encrypt appends the message that holds plaintext, under a data key of its
// own. Plaintext and dst must not overlap.
func (w *Writer) Encrypt(dst []byte, key *Key, plaintext []byte) ([]byte, error) {
	fresh := w.fresh[:]
	defer clear(fresh)
	if _, err := io.ReadFull(w.random, fresh); err != nil {
		return nil, fmt.Errorf("encrypt message: %w", err)
	}
	messageID, dataKey, wrapIV := fresh[:messageIDSize], fresh[messageIDSize:][:keySize], fresh[messageIDSize+keySize:]

	var signer *ecdsa.PrivateKey
	if w.suite == Signed {
		var public string
		var err error
		if signer, public, err = newSigner(w.random); err != nil {
			return nil, fmt.Errorf("encrypt message: %w", err)
		}
		copy(w.context[w.keyAt:], public)
	}
	aead, err := contentAEAD(w.suite, dataKey, messageID)
	if err != nil {
		return nil, fmt.Errorf("encrypt message: %w", err)
	}

	start := len(dst)
	dst = slices.Grow(dst, w.Size(len(plaintext)))
	dst = append(dst, formatVersion, messageType, byte(w.suite>>8), byte(w.suite))
	dst = append(dst, messageID...)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(w.context)))
	dst = append(dst, w.context...)
	dst = binary.BigEndian.AppendUint16(dst, 1)
	dst = key.appendEntry(dst, dataKey, wrapIV, w.context)
	dst = append(dst, contentFramed, 0, 0, 0, 0, ivSize)
	dst = binary.BigEndian.AppendUint32(dst, uint32(w.frameLength))
	header := dst[start:]
	clear(w.iv[:])
	dst = append(dst, w.iv[:]...)
	dst = aead.Seal(dst, w.iv[:], nil, header)

	last := w.frames(len(plaintext))
	for number := 1; number <= last; number++ {
		chunk := plaintext[:min(len(plaintext), w.frameLength)]
		plaintext = plaintext[len(chunk):]
		kind := partFrame
		if number == last {
			kind = partFinal
			dst = binary.BigEndian.AppendUint32(dst, finalMark)
		}
		dst = binary.BigEndian.AppendUint32(dst, uint32(number))
		binary.BigEndian.PutUint32(w.iv[ivSize-4:], uint32(number))
		dst = append(dst, w.iv[:]...)
		if number == last {
			dst = binary.BigEndian.AppendUint32(dst, uint32(len(chunk)))
		}
		w.aad = appendAAD(w.aad[:0], messageID, kind, uint32(number), len(chunk))
		dst = aead.Seal(dst, w.iv[:], chunk, w.aad)
	}
	if signer == nil {
		return dst, nil
	}
	signature, err := sign(signer, dst[start:])
	if err != nil {
		return nil, fmt.Errorf("encrypt message: %w", err)
	}
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(signature)))
	return append(dst, signature...), nil
}

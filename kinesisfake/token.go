package kinesisfake

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"sync"
	"time"
)

// tokenLife is how long iterators and paging tokens are good for.
const tokenLife = 5 * time.Minute

// tokenKey keeps clients from reading meaning into tokens, and damaged tokens
// from being taken for whole ones. It is no secret: tokens outlive a restart.
const tokenKey = "das-local shard iterators, no. 1"

// sealer makes opaque tokens.
type sealer struct {
	aead cipher.AEAD

	mu   sync.Mutex // guards rand, which need not be safe for concurrent use
	rand io.Reader
}

func newSealer(rand io.Reader) (*sealer, error) {
	block, err := aes.NewCipher([]byte(tokenKey))
	if err != nil {
		return nil, fmt.Errorf("kinesis: token cipher: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("kinesis: token cipher: %w", err)
	}
	return &sealer{aead: aead, rand: rand}, nil
}

// seal makes a token of a kind; tokens of one kind do not open as another.
func (s *sealer) seal(kind byte, plain []byte) (string, error) {
	sealed := make([]byte, s.aead.NonceSize(), s.aead.NonceSize()+len(plain)+s.aead.Overhead())
	s.mu.Lock()
	_, err := io.ReadFull(s.rand, sealed)
	s.mu.Unlock()
	if err != nil {
		return "", fmt.Errorf("kinesis: token nonce: %w", err)
	}
	sealed = s.aead.Seal(sealed, sealed, plain, []byte{kind})
	return base64.StdEncoding.EncodeToString(sealed), nil
}

// open is the opposite of seal.
func (s *sealer) open(kind byte, token string) (plain []byte, ok bool) {
	sealed, err := base64.StdEncoding.Strict().DecodeString(token)
	if err != nil || len(sealed) < s.aead.NonceSize() {
		return nil, false
	}
	n := s.aead.NonceSize()
	plain, err = s.aead.Open(nil, sealed[:n], sealed[n:], []byte{kind})
	return plain, err == nil
}

// The kinds of tokens.
const (
	kindIterator byte = iota + 1
	kindShards
	kindStreams
	kindConsumers
)

// fields writes and reads the content of tokens: numbers and strings.
type fields struct {
	b   []byte
	bad bool // reading ran out of content
}

func (f *fields) putInt(v int64) { f.b = binary.AppendVarint(f.b, v) }

func (f *fields) putString(v string) {
	f.putInt(int64(len(v)))
	f.b = append(f.b, v...)
}

func (f *fields) int() int64 {
	v, n := binary.Varint(f.b)
	if n <= 0 {
		f.bad = true
		return 0
	}
	f.b = f.b[n:]
	return v
}

func (f *fields) string() string {
	n := f.int()
	if n < 0 || n > int64(len(f.b)) {
		f.bad = true
		return ""
	}
	v := string(f.b[:n])
	f.b = f.b[n:]
	return v
}

// done reports whether all content was read, and no more.
func (f *fields) done() bool { return !f.bad && len(f.b) == 0 }

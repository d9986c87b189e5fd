package esdk

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
)

// Suite is an algorithm suite by its number in the message header.
type Suite uint16

const (
	// Unsigned is what Aurora PostgreSQL writes: AES-256-GCM, HKDF with
	// SHA-256, no signature.
	Unsigned Suite = 0x0178
	// Signed is what Aurora MySQL writes: AES-256-GCM, HKDF with SHA-384, an
	// ECDSA P-384 signature in the footer.
	Signed Suite = 0x0378
)

// String gives the number and the name of the suite, also of suites that this
// package cannot read.
func (s Suite) String() string {
	name := map[Suite]string{
		0x0014: "AES_128_GCM_IV12_TAG16",
		0x0046: "AES_192_GCM_IV12_TAG16",
		0x0078: "AES_256_GCM_IV12_TAG16",
		0x0114: "AES_128_GCM_IV12_TAG16_HKDF_SHA256",
		0x0146: "AES_192_GCM_IV12_TAG16_HKDF_SHA256",
		0x0178: "AES_256_GCM_IV12_TAG16_HKDF_SHA256",
		0x0214: "AES_128_GCM_IV12_TAG16_HKDF_SHA256_ECDSA_P256",
		0x0346: "AES_192_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384",
		0x0378: "AES_256_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384",
		0x0478: "AES_256_GCM_HKDF_SHA512_COMMIT_KEY",
		0x0578: "AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384",
	}[s]
	if name == "" {
		name = "unknown"
	}
	return fmt.Sprintf("0x%04x %s", uint16(s), name)
}

// supported reports whether messages of the suite can be written and read.
func (s Suite) supported() bool { return s == Unsigned || s == Signed }

// Sizes that the format fixes for these suites.
const (
	keySize       = 32 // wrapping key, data key, content key
	ivSize        = 12
	tagSize       = 16
	messageIDSize = 16
)

var (
	// ErrFormat says that the bytes are no message this package can read.
	ErrFormat = errors.New("not a readable Encryption SDK message")
	// ErrKey says that the key opens none of the message's encrypted data keys.
	ErrKey = errors.New("the key opens no encrypted data key of the message")
	// ErrAuth says that the message was altered: a tag or the signature is wrong.
	ErrAuth = errors.New("message authentication failed")
)

// contentAEAD derives the content key of one message. It leaves no copy of
// the key but the cipher's own.
func contentAEAD(s Suite, dataKey, messageID []byte) (cipher.AEAD, error) {
	var info [2 + messageIDSize]byte
	info[0], info[1] = byte(s>>8), byte(s)
	copy(info[2:], messageID)
	var key []byte
	var err error
	if s == Signed {
		key, err = hkdf.Key(sha512.New384, dataKey, nil, string(info[:]), keySize)
	} else {
		key, err = hkdf.Key(sha256.New, dataKey, nil, string(info[:]), keySize)
	}
	if err != nil {
		return nil, fmt.Errorf("derive content key: %w", err)
	}
	defer clear(key)
	return newGCM(key)
}

func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("make cipher: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("make cipher: %w", err)
	}
	return aead, nil
}

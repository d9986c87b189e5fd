package kmsfake

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// A ciphertext blob has the outer form of KMS's, as real ones show it, over our
// own cryptography:
//
//	01 02 0v 00 78    v is 3 for data keys, 2 for what Encrypt made
//	33 bytes          the same for one key's material: blobTag, then 01
//	16 bytes          nonce, from which the blob's own key is derived
//	 4 bytes          length of the rest
//	PKCS#7            EncryptedData, AES-256-GCM, 12-byte IV, 16-byte tag
//
// The GCM plaintext is 11 bytes longer than the caller's, so that a 32-byte data
// key makes 184 bytes.
const (
	blobHead   = 5 + 33 + 16 + 4
	innerExtra = 11
	gcmTag     = 16
	gcmIV      = 12

	// maxPlaintext is the model's limit for Encrypt.
	maxPlaintext = 4096
)

const (
	kindEncrypt = 2
	kindDataKey = 3
)

// errBlob covers all that can be wrong with a blob; callers must not be told more.
var errBlob = errors.New("blob does not open")

// blobTag names the material that sealed a blob and tells nothing of it.
type blobTag [32]byte

// seal encrypts plaintext. random is 28 fresh bytes: nonce and IV.
func seal(secret []byte, tag blobTag, kind byte, random, plaintext []byte, context map[string]string) ([]byte, error) {
	if len(plaintext) > maxPlaintext || len(random) != 16+gcmIV {
		return nil, fmt.Errorf("seal: %d bytes of plaintext, %d of randomness", len(plaintext), len(random))
	}
	iv := random[16:]
	wrap := pkcs7(iv, innerExtra+len(plaintext)+gcmTag)
	blob := make([]byte, 0, blobHead+len(wrap)+innerExtra+len(plaintext)+gcmTag)
	blob = append(blob, 1, 2, kind, 0, 'x')
	blob = append(blob, tag[:]...)
	blob = append(blob, 1)
	blob = append(blob, random[:16]...)
	blob = binary.BigEndian.AppendUint32(blob, uint32(len(wrap)+innerExtra+len(plaintext)+gcmTag))
	blob = append(blob, wrap...)
	inner := make([]byte, innerExtra, innerExtra+len(plaintext))
	inner = append(inner, plaintext...)
	gcm, err := blobCipher(secret, random[:16])
	if err != nil {
		return nil, err
	}
	blob = gcm.Seal(blob, iv, inner, additionalData(blob, context))
	clear(inner)
	return blob, nil
}

// tagOf reads the tag of a blob that has the right form.
func tagOf(blob []byte) (tag blobTag, ok bool) {
	if len(blob) < blobHead || blob[0] != 1 || blob[1] != 2 || blob[2] != kindEncrypt && blob[2] != kindDataKey ||
		blob[3] != 0 || blob[4] != 'x' || blob[37] != 1 {
		return tag, false
	}
	return blobTag(blob[5:37]), true
}

// open decrypts a blob that tagOf has accepted. Every byte of it is checked: the
// ones before the ciphertext are additional data.
func open(secret []byte, blob []byte, context map[string]string) ([]byte, error) {
	rest := blob[blobHead:]
	if uint64(binary.BigEndian.Uint32(blob[blobHead-4:blobHead])) != uint64(len(rest)) {
		return nil, errBlob
	}
	// The lengths in the wrapping depend on the length of the plaintext only,
	// so the wrapping that we would have written is the only right one.
	for headers := 67; headers <= 79; headers++ { // lengths of 1 to 3 bytes
		n := len(rest) - headers
		if n < innerExtra+gcmTag {
			return nil, errBlob
		}
		ivEnd := headers - len(derHead(0x80, n)) - 3
		iv := rest[ivEnd-gcmIV : ivEnd]
		if !bytes.Equal(rest[:headers], pkcs7(iv, n)) {
			continue
		}
		gcm, err := blobCipher(secret, blob[38:54])
		if err != nil {
			return nil, err
		}
		head := blob[:blobHead+headers]
		inner, err := gcm.Open(nil, iv, rest[headers:], additionalData(head, context))
		if err != nil {
			return nil, errBlob
		}
		return inner[innerExtra:], nil
	}
	return nil, errBlob
}

// pkcs7 is the DER of EncryptedData up to the n bytes of ciphertext.
func pkcs7(iv []byte, n int) []byte {
	parameters := der(0x30, append(der(0x04, iv), 0x02, 0x01, gcmTag), 0)
	algorithm := der(0x30, append([]byte{0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2e}, parameters...), 0)
	content := slices.Concat([]byte{0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01},
		algorithm, derHead(0x80, n))
	info := der(0x30, content, n)
	version := slices.Concat([]byte{0x02, 0x01, 0x00}, info)
	explicit := der(0xa0, der(0x30, version, n), n)
	return der(0x30, slices.Concat([]byte{0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x06}, explicit), n)
}

// der writes an element whose content is body and more bytes that follow later.
func der(tag byte, body []byte, more ...int) []byte {
	n := len(body)
	for _, m := range more {
		n += m
	}
	return append(derHead(tag, n), body...)
}

func derHead(tag byte, n int) []byte {
	switch {
	case n < 0x80:
		return []byte{tag, byte(n)}
	case n < 0x100:
		return []byte{tag, 0x81, byte(n)}
	default:
		return []byte{tag, 0x82, byte(n >> 8), byte(n)}
	}
}

func blobCipher(secret []byte, nonce []byte) (cipher.AEAD, error) {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("das-local blob key\x00"))
	mac.Write(nonce)
	block, err := aes.NewCipher(mac.Sum(nil))
	if err != nil {
		return nil, fmt.Errorf("make blob cipher: %w", err)
	}
	return cipher.NewGCM(block)
}

// additionalData binds what precedes the ciphertext and the encryption context,
// sorted by key, each string with its length before it.
func additionalData(head []byte, context map[string]string) []byte {
	aad := append([]byte(nil), head...)
	for _, k := range slices.Sorted(maps.Keys(context)) {
		for _, s := range []string{k, context[k]} {
			aad = binary.BigEndian.AppendUint32(aad, uint32(len(s)))
			aad = append(aad, s...)
		}
	}
	return aad
}

package kmsfake

import (
	"crypto/aes"
	"crypto/cipher"
	"maps"
	"slices"
)

// moto and LocalStack write ciphertext blobs of another form, which tells the key:
//
//	36 bytes   key id
//	 n bytes   IV; n is 12 with moto, 16 with LocalStack
//	16 bytes   tag
//	the rest   AES-256-GCM under the key itself, with LocalStack of the plaintext
//	           padded to blocks; the additional data are the context's keys and
//	           values in order, without anything between
//
// What was captured from them opens here under a key that was made with the same
// id and bytes. Such additional data cannot tell {"ab": "c"} from {"a": "bc"}, so no
// other key takes them.
const (
	plainID      = 36
	localStackIV = 16
)

// plainSealer is the key that such a blob names, nil if there is none.
func (st *state) plainSealer(blob []byte) *key {
	if len(blob) < plainID {
		return nil
	}
	if k := st.keys[string(blob[:plainID])]; k != nil && k.given && k.symmetric() {
		return k
	}
	return nil
}

// openPlain tries both forms: the tag tells which one it is.
func openPlain(secret, blob []byte, context map[string]string) ([]byte, error) {
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, err
	}
	var aad []byte
	for _, k := range slices.Sorted(maps.Keys(context)) {
		aad = append(append(aad, k...), context[k]...)
	}
	if p, err := openGCM(block, gcmIV, blob[plainID:], aad); err == nil {
		return p, nil
	}
	p, err := openGCM(block, localStackIV, blob[plainID:], aad)
	if err != nil || len(p) == 0 {
		return nil, errBlob
	}
	padding := int(p[len(p)-1])
	if padding == 0 || padding > aes.BlockSize || padding > len(p) {
		return nil, errBlob
	}
	return p[:len(p)-padding], nil
}

// openGCM decrypts IV, tag and ciphertext.
func openGCM(block cipher.Block, ivSize int, b, aad []byte) ([]byte, error) {
	gcm, err := cipher.NewGCMWithNonceSize(block, ivSize)
	if err != nil {
		return nil, err
	}
	if len(b) < ivSize+gcmTag {
		return nil, errBlob
	}
	iv, tag, text := b[:ivSize], b[ivSize:ivSize+gcmTag], b[ivSize+gcmTag:]
	return gcm.Open(nil, iv, slices.Concat(text, tag), aad)
}

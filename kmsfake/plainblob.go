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
//	12 bytes   IV
//	16 bytes   tag
//	the rest   AES-256-GCM under the key itself; the additional data are the
//	           context's keys and values in order, without anything between
//
// What was captured from them opens here under a key that was made with the same
// id and bytes. Such additional data cannot tell {"ab": "c"} from {"a": "bc"}, so no
// other key takes them.
const plainHead = 36 + gcmIV + gcmTag

// plainSealer is the key that such a blob names, nil if there is none.
func (st *state) plainSealer(blob []byte) *key {
	if len(blob) < plainHead {
		return nil
	}
	if k := st.keys[string(blob[:36])]; k != nil && k.given && k.symmetric() {
		return k
	}
	return nil
}

func openPlain(secret, blob []byte, context map[string]string) ([]byte, error) {
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	var aad []byte
	for _, k := range slices.Sorted(maps.Keys(context)) {
		aad = append(append(aad, k...), context[k]...)
	}
	iv, tag, text := blob[36:36+gcmIV], blob[36+gcmIV:plainHead], blob[plainHead:]
	return gcm.Open(nil, iv, slices.Concat(text, tag), aad)
}

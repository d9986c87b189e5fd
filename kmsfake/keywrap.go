package kmsfake

import (
	"bytes"
	"crypto/aes"
	"crypto/subtle"
	"encoding/binary"
	"errors"
)

// errKeyWrap covers all that can be wrong with wrapped key material.
var errKeyWrap = errors.New("wrapped key does not open")

// unwrapAES is AES Key Wrap with Padding, which large key material is imported
// with: https://www.rfc-editor.org/rfc/rfc5649
func unwrapAES(kek, wrapped []byte) ([]byte, error) {
	block, err := aes.NewCipher(kek)
	n := len(wrapped)/8 - 1
	if err != nil || n < 1 || len(wrapped)%8 != 0 {
		return nil, errKeyWrap
	}
	out := bytes.Clone(wrapped)
	if n == 1 {
		block.Decrypt(out, out)
	} else {
		var b [16]byte
		copy(b[:8], out)
		for t := 6 * n; t > 0; t-- {
			r := out[8*((t-1)%n+1):][:8]
			binary.BigEndian.PutUint64(b[:8], binary.BigEndian.Uint64(b[:8])^uint64(t))
			copy(b[8:], r)
			block.Decrypt(b[:], b[:])
			copy(r, b[8:])
		}
		copy(out, b[:8])
	}
	size := int(binary.BigEndian.Uint32(out[4:8]))
	padding := 8*n - size
	if !bytes.Equal(out[:4], []byte{0xa6, 0x59, 0x59, 0xa6}) || padding < 0 || padding > 7 ||
		subtle.ConstantTimeCompare(out[8+size:], make([]byte, padding)) != 1 {
		return nil, errKeyWrap
	}
	return out[8 : 8+size], nil
}

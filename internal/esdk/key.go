package esdk

import (
	"crypto/cipher"
	"encoding/binary"
	"fmt"
)

// The provider and name under which activity streams wrap data keys:
// consumers build their JceMasterKey with these two.
const (
	ProviderID = "BC"
	KeyName    = "DataKey"
)

// Key is the wrapping key of messages: for activity streams, the KMS data key
// in the clear. It is safe for concurrent use.
type Key struct {
	aead cipher.AEAD
	// info is the provider information up to the IV.
	info []byte
}

// NewKey makes a Key of a 32-byte AES key, under ProviderID and KeyName. The
// caller may clear key afterwards.
func NewKey(key []byte) (*Key, error) {
	if len(key) != keySize {
		return nil, fmt.Errorf("make wrapping key: %d bytes, want %d", len(key), keySize)
	}
	aead, err := newGCM(key)
	if err != nil {
		return nil, err
	}
	info := append([]byte(nil), KeyName...)
	info = binary.BigEndian.AppendUint32(info, tagSize*8)
	info = binary.BigEndian.AppendUint32(info, ivSize)
	return &Key{aead: aead, info: info}, nil
}

// entrySize is the length of one encrypted data key as appendEntry writes it.
const entrySize = 2 + len(ProviderID) + 2 + len(KeyName) + 4 + 4 + ivSize + 2 + keySize + tagSize

// appendEntry appends the data key, wrapped, as an entry of the header. The
// encryption context is the additional data.
func (k *Key) appendEntry(dst, dataKey, iv, context []byte) []byte {
	dst = appendField(dst, ProviderID)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(k.info)+ivSize))
	dst = append(append(dst, k.info...), iv...)
	dst = binary.BigEndian.AppendUint16(dst, keySize+tagSize)
	return k.aead.Seal(dst, iv, dataKey, context)
}

// unwrap opens the first entry that this key opens, into dst's memory.
func (k *Key) unwrap(dst []byte, entries []EncryptedDataKey, context []byte) ([]byte, error) {
	for _, e := range entries {
		if e.ProviderID != ProviderID || len(e.Ciphertext) != keySize+tagSize {
			continue
		}
		info := e.ProviderInfo
		if len(info) != len(k.info)+ivSize || string(info[:len(k.info)]) != string(k.info) {
			continue
		}
		if key, err := k.aead.Open(dst, info[len(k.info):], e.Ciphertext, context); err == nil {
			return key, nil
		}
	}
	return nil, ErrKey
}

// appendField appends a string behind its length in two bytes.
func appendField(dst []byte, s string) []byte {
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(s)))
	return append(dst, s...)
}

package kmsfake

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"
)

// material is one generation of a key's secret. id, tag and private are fixed;
// the server's lock guards the rest.
type material struct {
	key     *key   // the primary one of a multi-Region key
	id      string // 64 hex digits, KeyMaterialId
	tag     blobTag
	secret  []byte     // nil: destroyed
	private privateKey // of asymmetric keys

	rotated     time.Time // when it replaced another; zero: it came with the key
	rotation    string    // AUTOMATIC or ON_DEMAND
	description string    // of imported material
	validTo     time.Time // of imported material that expires
}

// newMaterial derives the ids from key id and secret, so that a key that is made
// again with both opens the blobs of the former.
func newMaterial(k *key, secret []byte) (*material, error) {
	private, err := keySpecs[k.spec].parseSecret(secret)
	if err != nil {
		return nil, err
	}
	m := &material{key: k, secret: slices.Clone(secret), private: private}
	mac := hmac.New(sha256.New, m.secret)
	mac.Write([]byte("das-local key material id\x00" + k.id))
	m.id = hex.EncodeToString(mac.Sum(nil))
	m.tag = sha256.Sum256([]byte("das-local blob tag\x00" + m.id))
	return m, nil
}

func (m *material) gone() bool { return m.secret == nil }

// expires reports whether the material is there and will not stay.
func (m *material) expires() bool { return !m.gone() && !m.validTo.IsZero() }

func (m *material) destroy() {
	clear(m.secret)
	m.secret, m.private = nil, nil
}

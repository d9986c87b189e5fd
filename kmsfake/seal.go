package kmsfake

import (
	"slices"

	"github.com/das-local/das-local/internal/awsapi"
)

// use is what one call wants of a key.
type use struct {
	operation string
	keyID     string
	algorithm *string // nil: SYMMETRIC_DEFAULT
	context   map[string]string
}

// sealed is a blob or what was in it, and the key that it is of.
type sealed struct {
	blob, plaintext       []byte
	key                   *key
	materialID, algorithm string
}

// keyUse is a key as one call uses it: a copy of what the work needs, so that it
// can be done without the lock.
type keyUse struct {
	key      *key
	material *material
	secret   []byte
	private  privateKey
}

func (k *key) use(m *material) keyUse {
	return keyUse{key: k, material: m, secret: slices.Clone(m.secret), private: m.private}
}

// done forgets the secret.
func (k *keyUse) done() { clear(k.secret) }

// seal encrypts under a key's newest material.
func (s *Server) seal(u use, kind byte, plaintext []byte) (sealed, error) {
	if err := u.check(); err != nil {
		return sealed{}, err
	}
	random, err := s.random(16 + gcmIV)
	if err != nil {
		return sealed{}, err
	}
	k, err := s.take(u.keyID, u.operation, usageEncrypt, u.name())
	if err != nil {
		return sealed{}, err
	}
	defer k.done()
	out := sealed{key: k.key, algorithm: u.name()}
	if out.algorithm == specSymmetric {
		out.materialID = k.material.id
		out.blob, err = seal(k.secret, k.material.tag, kind, random, plaintext, u.context)
	} else {
		out.blob, err = encryptOAEP(k.private, k.key.spec, out.algorithm, plaintext)
	}
	return out, err
}

// take finds a key for a cryptographic operation with an algorithm.
func (s *Server) take(id, operation, usage, algorithm string) (keyUse, error) {
	defer s.lock()()
	k, err := s.usable(id, operation, usage)
	if err != nil {
		return keyUse{}, err
	}
	if !keySpecs[k.spec].has(usage, algorithm) {
		return keyUse{}, wrongAlgorithm(algorithm, k.spec)
	}
	return k.use(k.current()), nil
}

// ciphertext is what is to be decrypted; missing is a dry run without it.
type ciphertext struct {
	blob    []byte
	missing bool
}

// unseal decrypts a blob. The key, if one is given, must be the one that sealed
// it; asymmetric ciphertexts do not tell theirs.
func (s *Server) unseal(u use, c ciphertext) (sealed, error) {
	if err := u.check(); err != nil {
		return sealed{}, err
	}
	k, err := s.opener(u, c)
	if err != nil {
		return sealed{}, err
	}
	defer k.done()
	out := sealed{key: k.key, algorithm: u.name()}
	switch {
	case c.missing:
		out.plaintext = []byte{0} // something for ReEncrypt to seal
	case out.algorithm == specSymmetric:
		out.materialID = k.material.id
		out.plaintext, err = openAny(k.secret, c.blob, u.context)
	default:
		out.plaintext, err = decryptOAEP(k.private, out.algorithm, c.blob)
	}
	if err != nil {
		return sealed{}, invalidCiphertext()
	}
	return out, nil
}

// opener finds the key and the material that a ciphertext is of.
func (s *Server) opener(u use, c ciphertext) (keyUse, error) {
	if c.blob == nil && !c.missing {
		var v awsapi.Validation
		v.Required("ciphertextBlob", false)
		return keyUse{}, v.Err()
	}
	if c.missing || u.name() != specSymmetric {
		if u.keyID == "" {
			return keyUse{}, validation("KeyId is required where the ciphertext does not tell the key.")
		}
		return s.take(u.keyID, u.operation, usageEncrypt, u.name())
	}
	defer s.lock()()
	var given *key
	if u.keyID != "" {
		var err error
		if given, err = s.resolve(u.keyID); err != nil {
			return keyUse{}, err
		}
	}
	k, m, err := s.sealer(given, c.blob)
	if err == nil {
		err = s.checkUse(k, u.operation, usageEncrypt)
	}
	switch {
	case err != nil:
		return keyUse{}, err
	case m.gone():
		return keyUse{}, pendingImport(k.arn)
	}
	return k.use(m), nil
}

// openAny opens a blob of either form.
func openAny(secret, blob []byte, context map[string]string) ([]byte, error) {
	if _, ok := tagOf(blob); ok {
		return open(secret, blob, context)
	}
	return openPlain(secret, blob, context)
}

// sealer finds the material that sealed a blob. given may be nil.
func (s *Server) sealer(given *key, blob []byte) (*key, *material, error) {
	tag, ok := tagOf(blob)
	m := s.store.tags[tag]
	if k := s.store.plainSealer(blob); !ok && k != nil {
		m, ok = k.source().materials[0], true
	}
	if !ok || m == nil {
		return nil, nil, invalidCiphertext()
	}
	switch k := s.store.keys[m.key.id]; {
	case given != nil && given.source() != m.key:
		return nil, nil, incorrectKey()
	case given != nil:
		return given, m, nil
	case k != nil: // of this Region
		return k, m, nil
	case s.store.keys[m.key.name] != nil:
		return m.key, m, nil
	}
	return nil, nil, notFoundKey(m.key.arn)
}

// name is the algorithm's.
func (u *use) name() string {
	if u.algorithm == nil {
		return specSymmetric
	}
	return *u.algorithm
}

// check bounds an encryption context as KMS does.
func (u *use) check() error {
	n := 0
	for k, v := range u.context {
		n += len(k) + len(v)
	}
	switch {
	case n > 8192:
		return validation("Encryption context is too large: it has %d bytes, at most 8192 are allowed.", n)
	case n > 0 && u.name() != specSymmetric:
		return validation("Algorithm %s takes no encryption context.", u.name())
	}
	return nil
}

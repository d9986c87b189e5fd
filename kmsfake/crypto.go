package kmsfake

import (
	"fmt"

	"github.com/das-local/das-local/internal/awsapi"
)

type encryptInput struct {
	KeyId               *string
	Plaintext           []byte
	EncryptionContext   map[string]string
	EncryptionAlgorithm *string
	DryRun              bool
}

type encryptOutput struct {
	CiphertextBlob      []byte
	KeyId               string
	EncryptionAlgorithm string
}

func (s *Server) encrypt(in *encryptInput) (*encryptOutput, error) {
	var v awsapi.Validation
	keyID(&v, "keyId", in.KeyId)
	v.Required("plaintext", in.Plaintext != nil)
	if in.Plaintext != nil {
		blob(&v, "plaintext", in.Plaintext, 1, maxPlaintext)
	}
	algorithm(&v, "encryptionAlgorithm", in.EncryptionAlgorithm)
	if err := v.Err(); err != nil {
		return nil, err
	}
	sealed, err := s.seal("Encrypt", *in.KeyId, in.EncryptionAlgorithm, kindEncrypt, in.Plaintext, in.EncryptionContext)
	switch {
	case err != nil:
		return nil, err
	case in.DryRun:
		return nil, dryRun()
	}
	return &encryptOutput{CiphertextBlob: sealed.blob, KeyId: sealed.arn, EncryptionAlgorithm: specSymmetric}, nil
}

type decryptInput struct {
	CiphertextBlob      []byte
	EncryptionContext   map[string]string
	KeyId               *string
	EncryptionAlgorithm *string
	DryRun              bool
}

type decryptOutput struct {
	KeyId               string
	Plaintext           []byte
	EncryptionAlgorithm string
	KeyMaterialId       string
}

func (s *Server) opDecrypt(in *decryptInput) (*decryptOutput, error) {
	var v awsapi.Validation
	v.Required("ciphertextBlob", in.CiphertextBlob != nil)
	if in.CiphertextBlob != nil {
		blob(&v, "ciphertextBlob", in.CiphertextBlob, 1, 6144)
	}
	v.String("keyId", in.KeyId, awsapi.Strings{Min: 1, Max: 2048})
	algorithm(&v, "encryptionAlgorithm", in.EncryptionAlgorithm)
	if err := v.Err(); err != nil {
		return nil, err
	}
	id := ""
	if in.KeyId != nil {
		id = *in.KeyId
	}
	o, err := s.unseal("Decrypt", id, in.CiphertextBlob, in.EncryptionContext)
	switch {
	case err != nil:
		return nil, err
	case in.DryRun:
		return nil, dryRun()
	}
	return &decryptOutput{KeyId: o.arn, Plaintext: o.plaintext, EncryptionAlgorithm: specSymmetric, KeyMaterialId: o.materialID}, nil
}

type reEncryptInput struct {
	CiphertextBlob                 []byte
	SourceEncryptionContext        map[string]string
	SourceKeyId                    *string
	DestinationKeyId               *string
	DestinationEncryptionContext   map[string]string
	SourceEncryptionAlgorithm      *string
	DestinationEncryptionAlgorithm *string
	DryRun                         bool
}

type reEncryptOutput struct {
	CiphertextBlob                 []byte
	SourceKeyId                    string
	KeyId                          string
	SourceEncryptionAlgorithm      string
	DestinationEncryptionAlgorithm string
	SourceKeyMaterialId            string
	DestinationKeyMaterialId       string
}

func (s *Server) reEncrypt(in *reEncryptInput) (*reEncryptOutput, error) {
	var v awsapi.Validation
	v.Required("ciphertextBlob", in.CiphertextBlob != nil)
	if in.CiphertextBlob != nil {
		blob(&v, "ciphertextBlob", in.CiphertextBlob, 1, 6144)
	}
	v.String("sourceKeyId", in.SourceKeyId, awsapi.Strings{Min: 1, Max: 2048})
	keyID(&v, "destinationKeyId", in.DestinationKeyId)
	algorithm(&v, "sourceEncryptionAlgorithm", in.SourceEncryptionAlgorithm)
	algorithm(&v, "destinationEncryptionAlgorithm", in.DestinationEncryptionAlgorithm)
	if err := v.Err(); err != nil {
		return nil, err
	}
	source := ""
	if in.SourceKeyId != nil {
		source = *in.SourceKeyId
	}
	from, err := s.unseal("ReEncryptFrom", source, in.CiphertextBlob, in.SourceEncryptionContext)
	if err != nil {
		return nil, err
	}
	defer clear(from.plaintext)
	to, err := s.seal("ReEncryptTo", *in.DestinationKeyId, in.DestinationEncryptionAlgorithm, kindEncrypt,
		from.plaintext, in.DestinationEncryptionContext)
	switch {
	case err != nil:
		return nil, err
	case in.DryRun:
		return nil, dryRun()
	}
	return &reEncryptOutput{CiphertextBlob: to.blob, SourceKeyId: from.arn, KeyId: to.arn,
		SourceEncryptionAlgorithm: specSymmetric, DestinationEncryptionAlgorithm: specSymmetric,
		SourceKeyMaterialId: from.materialID, DestinationKeyMaterialId: to.materialID}, nil
}

// sealed is a blob and what made it.
type sealed struct {
	blob, plaintext []byte
	arn, materialID string
}

// seal encrypts under a key's newest material. The work is done outside the
// lock, with a copy of the secret.
func (s *Server) seal(operation, keyID string, algorithm *string, kind byte, plaintext []byte, context map[string]string) (sealed, error) {
	if err := checkContext(context); err != nil {
		return sealed{}, err
	}
	random, err := s.random(16 + gcmIV)
	if err != nil {
		return sealed{}, err
	}
	unlock := s.lock()
	k, err := s.usable(keyID, operation)
	if err == nil && algorithm != nil && *algorithm != specSymmetric {
		err = awsapi.Errorf("InvalidKeyUsageException", "Algorithm %s is incompatible with key spec %s.", *algorithm, k.spec)
	}
	if err != nil {
		unlock()
		return sealed{}, err
	}
	m := k.materials[len(k.materials)-1]
	secret := m.secret
	unlock()
	defer clear(secret[:])

	b, err := seal(&secret, m.tag, kind, random, plaintext, context)
	if err != nil {
		return sealed{}, err
	}
	return sealed{blob: b, arn: k.arn, materialID: m.id}, nil
}

// unseal decrypts a blob; keyID, if given, must be the key that sealed it.
func (s *Server) unseal(operation, keyID string, blob []byte, context map[string]string) (sealed, error) {
	if err := checkContext(context); err != nil {
		return sealed{}, err
	}
	m, secret, err := s.materialOf(operation, keyID, blob)
	if err != nil {
		return sealed{}, err
	}
	defer clear(secret[:])
	plaintext, err := open(&secret, blob, context)
	if err != nil {
		return sealed{}, invalidCiphertext()
	}
	return sealed{plaintext: plaintext, arn: m.key.arn, materialID: m.id}, nil
}

func (s *Server) materialOf(operation, keyID string, blob []byte) (*material, [32]byte, error) {
	defer s.lock()()
	var given *key
	if keyID != "" {
		k, err := s.usable(keyID, operation)
		if err != nil {
			return nil, [32]byte{}, err
		}
		given = k
	}
	tag, ok := tagOf(blob)
	m := s.store.tags[tag]
	switch {
	case !ok, m == nil:
		return nil, [32]byte{}, invalidCiphertext()
	case m.gone:
		return nil, [32]byte{}, notFoundKey(m.key.arn)
	case given != nil && given != m.key:
		return nil, [32]byte{}, incorrectKey()
	}
	if err := s.checkUse(m.key, operation); err != nil {
		return nil, [32]byte{}, err
	}
	return m, m.secret, nil
}

// checkContext bounds an encryption context as KMS does.
func checkContext(context map[string]string) error {
	n := 0
	for k, v := range context {
		n += len(k) + len(v)
	}
	if n > 8192 {
		return validation("Encryption context is too large: it has %d bytes, at most 8192 are allowed.", n)
	}
	return nil
}

func keyID(v *awsapi.Validation, member string, id *string) {
	v.Required(member, id != nil)
	v.String(member, id, awsapi.Strings{Min: 1, Max: 2048})
}

// blob checks a length; KMS shows a blob as the buffer that holds it.
func blob(v *awsapi.Validation, member string, b []byte, min, max int) {
	shown := fmt.Sprintf("java.nio.HeapByteBuffer[pos=0 lim=%d cap=%d]", len(b), len(b))
	v.Length(member, shown, len(b), min, max)
}

func algorithm(v *awsapi.Validation, member string, a *string) {
	v.String(member, a, awsapi.Strings{Enum: []string{"RSAES_OAEP_SHA_1", "SYMMETRIC_DEFAULT", "RSAES_OAEP_SHA_256", "SM2PKE"}})
}

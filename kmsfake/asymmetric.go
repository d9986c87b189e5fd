package kmsfake

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"strings"
)

// hashOf is the hash that an algorithm's name ends in: RSAES_OAEP_SHA_256.
func hashOf(algorithm string) crypto.Hash {
	_, name, _ := strings.Cut(algorithm, "_SHA_")
	return map[string]crypto.Hash{"1": crypto.SHA1, "224": crypto.SHA224, "256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}[name]
}

// encryptOAEP makes a ciphertext as any RSA library does; nothing in it tells the
// key.
func encryptOAEP(private privateKey, spec, algorithm string, plaintext []byte) ([]byte, error) {
	key, ok := private.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("encrypt with a key of type %T", private)
	}
	hash := hashOf(algorithm)
	if limit := key.Size() - 2*hash.Size() - 2; len(plaintext) > limit {
		return nil, validation("Algorithm %s and key spec %s cannot encrypt data larger than %d bytes.", algorithm, spec, limit)
	}
	return rsa.EncryptOAEP(hash.New(), rand.Reader, &key.PublicKey, plaintext, nil)
}

func decryptOAEP(private privateKey, algorithm string, blob []byte) ([]byte, error) {
	key, ok := private.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("decrypt with a key of type %T", private)
	}
	return rsa.DecryptOAEP(hashOf(algorithm).New(), nil, key, blob, nil)
}

type publicKeyInput struct {
	KeyId       *string
	GrantTokens []string
}

type publicKeyOutput struct {
	KeyId                  string
	PublicKey              []byte // SubjectPublicKeyInfo
	CustomerMasterKeySpec  string
	KeySpec                string
	KeyUsage               string
	EncryptionAlgorithms   []string `json:",omitempty"`
	SigningAlgorithms      []string `json:",omitempty"`
	KeyAgreementAlgorithms []string `json:",omitempty"`
}

func (s *Server) getPublicKey(in *publicKeyInput) (*publicKeyOutput, error) {
	defer s.lock()()
	k, err := s.resolve(*in.KeyId)
	if err != nil {
		return nil, err
	}
	if err := s.checkUse(k, "GetPublicKey", k.usage); err != nil {
		return nil, err
	}
	if !keySpecs[k.spec].asymmetric() {
		return nil, unsupported("%s is not an asymmetric key: it has no public key.", k.arn)
	}
	public, err := x509.MarshalPKIXPublicKey(k.current().private.Public())
	if err != nil {
		return nil, fmt.Errorf("encode the public key: %w", err)
	}
	m := s.metadata(k)
	return &publicKeyOutput{KeyId: k.arn, PublicKey: public, CustomerMasterKeySpec: k.spec, KeySpec: k.spec, KeyUsage: k.usage,
		EncryptionAlgorithms: m.EncryptionAlgorithms, SigningAlgorithms: m.SigningAlgorithms, KeyAgreementAlgorithms: m.KeyAgreementAlgorithms}, nil
}

type agreeInput struct {
	KeyId                 *string
	KeyAgreementAlgorithm *string
	PublicKey             []byte
	GrantTokens           []string
	DryRun                bool
	Recipient             *recipient
}

type agreeOutput struct {
	KeyId                 string
	SharedSecret          []byte
	KeyAgreementAlgorithm string
	KeyOrigin             string
}

// deriveSharedSecret is ECDH: the secret is the point's x coordinate.
func (s *Server) deriveSharedSecret(in *agreeInput) (*agreeOutput, error) {
	k, err := s.take(*in.KeyId, "DeriveSharedSecret", usageAgree, *in.KeyAgreementAlgorithm)
	if err != nil {
		return nil, err
	}
	defer k.done()
	ours, err := k.private.(*ecdsa.PrivateKey).ECDH()
	if err != nil {
		return nil, fmt.Errorf("derive a shared secret: %w", err)
	}
	theirs, err := peerKey(in.PublicKey, ours.Curve())
	switch {
	case err != nil:
		return nil, err
	case in.DryRun:
		return nil, dryRun()
	}
	secret, err := ours.ECDH(theirs)
	if err != nil {
		return nil, validation("The public key is not valid for key spec %s.", k.key.spec)
	}
	s.used("DeriveSharedSecret", k.key)
	return &agreeOutput{KeyId: k.key.arn, SharedSecret: secret, KeyAgreementAlgorithm: *in.KeyAgreementAlgorithm, KeyOrigin: k.key.origin}, nil
}

func peerKey(der []byte, curve ecdh.Curve) (*ecdh.PublicKey, error) {
	parsed, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, validation("The public key is not a DER-encoded X.509 SubjectPublicKeyInfo.")
	}
	public, ok := parsed.(*ecdsa.PublicKey)
	if ok {
		if key, err := public.ECDH(); err == nil && key.Curve() == curve {
			return key, nil
		}
	}
	return nil, validation("The public key is not of the curve of the KMS key.")
}

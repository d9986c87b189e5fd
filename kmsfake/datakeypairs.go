package kmsfake

import (
	"crypto/x509"
	"fmt"
)

type keyPairInput struct {
	EncryptionContext map[string]string
	KeyId             *string
	KeyPairSpec       *string
	GrantTokens       []string
	Recipient         *recipient
	DryRun            bool
}

type keyPairOutput struct {
	PrivateKeyCiphertextBlob []byte
	PrivateKeyPlaintext      []byte `json:",omitempty"` // PKCS #8
	PublicKey                []byte // SubjectPublicKeyInfo
	KeyId                    string
	KeyPairSpec              string
	KeyMaterialId            string
}

func (s *Server) generateDataKeyPair(in *keyPairInput) (*keyPairOutput, error) {
	return s.generatePair("GenerateDataKeyPair", in)
}

func (s *Server) generateDataKeyPairWithoutPlaintext(in *keyPairInput) (*keyPairOutput, error) {
	out, err := s.generatePair("GenerateDataKeyPairWithoutPlaintext", in)
	if err != nil {
		return nil, err
	}
	clear(out.PrivateKeyPlaintext)
	out.PrivateKeyPlaintext = nil
	return out, nil
}

// generatePair checks the key first: making a pair takes long.
func (s *Server) generatePair(operation string, in *keyPairInput) (*keyPairOutput, error) {
	spec := servedSpec(*in.KeyPairSpec)
	if spec == nil {
		return nil, unsupported("Key pairs of spec %s are not emulated.", *in.KeyPairSpec)
	}
	u := use{operation, *in.KeyId, nil, in.EncryptionContext}
	if _, err := s.seal(u, kindDataKey, []byte{0}); err != nil {
		return nil, err
	}
	if in.DryRun {
		return nil, dryRun()
	}
	pair, err := spec.newPrivateKey(s.random)
	if err != nil {
		return nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(pair)
	if err != nil {
		return nil, fmt.Errorf("encode the private key: %w", err)
	}
	public, err := x509.MarshalPKIXPublicKey(pair.Public())
	if err != nil {
		return nil, fmt.Errorf("encode the public key: %w", err)
	}
	d, err := s.seal(u, kindDataKey, private)
	if err != nil {
		return nil, err
	}
	s.used(operation, d.key)
	return &keyPairOutput{PrivateKeyCiphertextBlob: d.blob, PrivateKeyPlaintext: private, PublicKey: public,
		KeyId: d.key.arn, KeyPairSpec: *in.KeyPairSpec, KeyMaterialId: d.materialID}, nil
}

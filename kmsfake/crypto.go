package kmsfake

import (
	"slices"
)

type encryptInput struct {
	KeyId               *string
	Plaintext           []byte
	EncryptionContext   map[string]string
	GrantTokens         []string
	EncryptionAlgorithm *string
	DryRun              bool
}

type encryptOutput struct {
	CiphertextBlob      []byte
	KeyId               string
	EncryptionAlgorithm string
}

func (s *Server) encrypt(in *encryptInput) (*encryptOutput, error) {
	sealed, err := s.seal(use{"Encrypt", *in.KeyId, in.EncryptionAlgorithm, in.EncryptionContext}, kindEncrypt, in.Plaintext)
	switch {
	case err != nil:
		return nil, err
	case in.DryRun:
		return nil, dryRun()
	}
	s.used("Encrypt", sealed.key)
	return &encryptOutput{CiphertextBlob: sealed.blob, KeyId: sealed.key.arn, EncryptionAlgorithm: sealed.algorithm}, nil
}

type decryptInput struct {
	CiphertextBlob      []byte
	EncryptionContext   map[string]string
	GrantTokens         []string
	KeyId               *string
	EncryptionAlgorithm *string
	Recipient           *recipient
	DryRun              bool
	DryRunModifiers     []string
}

type decryptOutput struct {
	KeyId               string
	Plaintext           []byte
	EncryptionAlgorithm string
	KeyMaterialId       string `json:",omitempty"`
}

func (s *Server) opDecrypt(in *decryptInput) (*decryptOutput, error) {
	o, err := s.unseal(use{"Decrypt", text(in.KeyId), in.EncryptionAlgorithm, in.EncryptionContext},
		ciphertext{in.CiphertextBlob, in.DryRun && slices.Contains(in.DryRunModifiers, ignoreCiphertext)})
	switch {
	case err != nil:
		return nil, err
	case in.DryRun:
		return nil, dryRun()
	}
	s.used("Decrypt", o.key)
	return &decryptOutput{KeyId: o.key.arn, Plaintext: o.plaintext, EncryptionAlgorithm: o.algorithm, KeyMaterialId: o.materialID}, nil
}

type reEncryptInput struct {
	CiphertextBlob                 []byte
	SourceEncryptionContext        map[string]string
	SourceKeyId                    *string
	DestinationKeyId               *string
	DestinationEncryptionContext   map[string]string
	SourceEncryptionAlgorithm      *string
	DestinationEncryptionAlgorithm *string
	GrantTokens                    []string
	DryRun                         bool
	DryRunModifiers                []string
}

type reEncryptOutput struct {
	CiphertextBlob                 []byte
	SourceKeyId                    string
	KeyId                          string
	SourceEncryptionAlgorithm      string
	DestinationEncryptionAlgorithm string
	SourceKeyMaterialId            string `json:",omitempty"`
	DestinationKeyMaterialId       string `json:",omitempty"`
}

func (s *Server) reEncrypt(in *reEncryptInput) (*reEncryptOutput, error) {
	from, err := s.unseal(use{"ReEncryptFrom", text(in.SourceKeyId), in.SourceEncryptionAlgorithm, in.SourceEncryptionContext},
		ciphertext{in.CiphertextBlob, in.DryRun && slices.Contains(in.DryRunModifiers, ignoreCiphertext)})
	if err != nil {
		return nil, err
	}
	defer clear(from.plaintext)
	to, err := s.seal(use{"ReEncryptTo", *in.DestinationKeyId, in.DestinationEncryptionAlgorithm, in.DestinationEncryptionContext},
		kindEncrypt, from.plaintext)
	switch {
	case err != nil:
		return nil, err
	case in.DryRun:
		return nil, dryRun()
	}
	s.used("ReEncrypt", from.key)
	s.used("ReEncrypt", to.key)
	return &reEncryptOutput{CiphertextBlob: to.blob, SourceKeyId: from.key.arn, KeyId: to.key.arn,
		SourceEncryptionAlgorithm: from.algorithm, DestinationEncryptionAlgorithm: to.algorithm,
		SourceKeyMaterialId: from.materialID, DestinationKeyMaterialId: to.materialID}, nil
}

// ignoreCiphertext lets a dry run do without a ciphertext.
const ignoreCiphertext = "IGNORE_CIPHERTEXT"

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

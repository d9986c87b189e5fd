package kmsfake

import "github.com/das-local/das-local/internal/awsapi"

// recipient is a Nitro enclave; such requests are refused.
type recipient struct {
	KeyEncryptionAlgorithm *string
	AttestationDocument    []byte
}

type dataKeyInput struct {
	KeyId             *string
	EncryptionContext map[string]string
	NumberOfBytes     *int32
	KeySpec           *string
	GrantTokens       []string
	Recipient         *recipient
	DryRun            bool
}

type dataKeyOutput struct {
	CiphertextBlob []byte
	Plaintext      []byte `json:",omitempty"`
	KeyId          string
	KeyMaterialId  string
}

func (s *Server) opGenerateDataKey(in *dataKeyInput) (*dataKeyOutput, error) {
	return s.generate("GenerateDataKey", in)
}

func (s *Server) generateDataKeyWithoutPlaintext(in *dataKeyInput) (*dataKeyOutput, error) {
	out, err := s.generate("GenerateDataKeyWithoutPlaintext", in)
	if err != nil {
		return nil, err
	}
	clear(out.Plaintext)
	out.Plaintext = nil
	return out, nil
}

func (s *Server) generate(operation string, in *dataKeyInput) (*dataKeyOutput, error) {
	var n int
	switch {
	case (in.NumberOfBytes == nil) == (in.KeySpec == nil):
		return nil, validation("Please specify either number of bytes or key spec.")
	case in.NumberOfBytes != nil:
		n = int(*in.NumberOfBytes)
	case *in.KeySpec == "AES_128":
		n = 16
	default:
		n = 32
	}
	d, err := s.dataKey(operation, *in.KeyId, n, in.EncryptionContext)
	switch {
	case err != nil:
		return nil, err
	case in.DryRun:
		return nil, dryRun()
	}
	s.used(operation, d.key)
	return &dataKeyOutput{CiphertextBlob: d.blob, Plaintext: d.plaintext, KeyId: d.key.arn, KeyMaterialId: d.materialID}, nil
}

func (s *Server) dataKey(operation, keyID string, n int, context map[string]string) (sealed, error) {
	plaintext, err := s.random(n)
	if err != nil {
		return sealed{}, err
	}
	d, err := s.seal(use{operation, keyID, nil, context}, kindDataKey, plaintext)
	if err != nil {
		return sealed{}, err
	}
	d.plaintext = plaintext
	return d, nil
}

type randomInput struct {
	NumberOfBytes    *int32
	CustomKeyStoreId *string
	Recipient        *recipient
}

type randomOutput struct{ Plaintext []byte }

func (s *Server) generateRandom(in *randomInput) (*randomOutput, error) {
	switch {
	case in.NumberOfBytes == nil:
		return nil, validation("NumberOfBytes is required.")
	case in.CustomKeyStoreId != nil:
		return nil, noKeyStore(*in.CustomKeyStoreId)
	}
	b, err := s.random(int(*in.NumberOfBytes))
	if err != nil {
		return nil, err
	}
	return &randomOutput{Plaintext: b}, nil
}

func noKeyStore(id string) error {
	return awsapi.Errorf("CustomKeyStoreNotFoundException", "Custom key store %s does not exist.", id)
}

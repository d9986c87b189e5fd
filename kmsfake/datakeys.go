package kmsfake

import "github.com/das-local/das-local/internal/awsapi"

type dataKeyInput struct {
	KeyId             *string
	EncryptionContext map[string]string
	NumberOfBytes     *int
	KeySpec           *string
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
	var v awsapi.Validation
	keyID(&v, "keyId", in.KeyId)
	v.Range("numberOfBytes", in.NumberOfBytes, 1, 1024)
	v.String("keySpec", in.KeySpec, awsapi.Strings{Enum: []string{"AES_256", "AES_128"}})
	if err := v.Err(); err != nil {
		return nil, err
	}
	var n int
	switch {
	case (in.NumberOfBytes == nil) == (in.KeySpec == nil):
		return nil, validation("Please specify either number of bytes or key spec.")
	case in.NumberOfBytes != nil:
		n = *in.NumberOfBytes
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
	return &dataKeyOutput{CiphertextBlob: d.blob, Plaintext: d.plaintext, KeyId: d.arn, KeyMaterialId: d.materialID}, nil
}

func (s *Server) dataKey(operation, keyID string, n int, context map[string]string) (sealed, error) {
	plaintext, err := s.random(n)
	if err != nil {
		return sealed{}, err
	}
	d, err := s.seal(operation, keyID, nil, kindDataKey, plaintext, context)
	if err != nil {
		return sealed{}, err
	}
	d.plaintext = plaintext
	return d, nil
}

type randomInput struct{ NumberOfBytes *int }

type randomOutput struct{ Plaintext []byte }

func (s *Server) generateRandom(in *randomInput) (*randomOutput, error) {
	var v awsapi.Validation
	v.Required("numberOfBytes", in.NumberOfBytes != nil)
	v.Range("numberOfBytes", in.NumberOfBytes, 1, 1024)
	if err := v.Err(); err != nil {
		return nil, err
	}
	b, err := s.random(*in.NumberOfBytes)
	if err != nil {
		return nil, err
	}
	return &randomOutput{Plaintext: b}, nil
}

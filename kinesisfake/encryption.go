package kinesisfake

import (
	"context"

	"github.com/das-local/das-local/internal/awsapi"
)

// encryptionInput is that of both operations. No record is encrypted: the stream
// and its records only say so.
type encryptionInput struct {
	streamRef
	EncryptionType *string `json:"EncryptionType"`
	KeyID          *string `json:"KeyId"`
}

func (s *Server) setEncryption(r *awsapi.Request, in *encryptionInput, keyID func() string) (*struct{}, error) {
	var v awsapi.Validation
	v.Required("encryptionType", in.EncryptionType != nil)
	v.String("encryptionType", in.EncryptionType, awsapi.Strings{Enum: []string{encryptionNone, encryptionKMS}})
	v.Required("keyId", in.KeyID != nil)
	v.String("keyId", in.KeyID, awsapi.Strings{Min: 1, Max: 2048})
	k, err := in.resolve(r, &v)
	if err != nil {
		return nil, err
	}
	if *in.EncryptionType != encryptionKMS {
		return nil, errInvalid("EncryptionType must be %s.", encryptionKMS)
	}
	return nil, s.change(k, 0, func(st *stream, _ int64) error {
		st.keyID = keyID()
		return nil
	})
}

func (s *Server) startEncryption(_ context.Context, r *awsapi.Request, in *encryptionInput) (*struct{}, error) {
	return s.setEncryption(r, in, func() string { return *in.KeyID })
}

func (s *Server) stopEncryption(_ context.Context, r *awsapi.Request, in *encryptionInput) (*struct{}, error) {
	return s.setEncryption(r, in, func() string { return "" })
}

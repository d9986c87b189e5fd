package kmsfake

import (
	"crypto/hmac"

	"github.com/das-local/das-local/internal/awsapi"
)

type macInput struct {
	Message      []byte
	KeyId        *string
	MacAlgorithm *string
	GrantTokens  []string
	DryRun       bool
}

type macOutput struct {
	Mac          []byte
	MacAlgorithm string
	KeyId        string
}

func (s *Server) generateMac(in *macInput) (*macOutput, error) {
	mac, k, err := s.mac("GenerateMac", in)
	if err != nil {
		return nil, err
	}
	s.used("GenerateMac", k)
	return &macOutput{Mac: mac, MacAlgorithm: *in.MacAlgorithm, KeyId: k.arn}, nil
}

type verifyMacInput struct {
	macInput
	Mac []byte
}

type verifyMacOutput struct {
	KeyId        string
	MacValid     bool
	MacAlgorithm string
}

func (s *Server) verifyMac(in *verifyMacInput) (*verifyMacOutput, error) {
	mac, k, err := s.mac("VerifyMac", &in.macInput)
	switch {
	case err != nil:
		return nil, err
	case !hmac.Equal(mac, in.Mac):
		return nil, &awsapi.Error{Code: "KMSInvalidMacException"}
	}
	s.used("VerifyMac", k)
	return &verifyMacOutput{KeyId: k.arn, MacValid: true, MacAlgorithm: *in.MacAlgorithm}, nil
}

func (s *Server) mac(operation string, in *macInput) ([]byte, *key, error) {
	k, err := s.take(*in.KeyId, operation, usageMAC, *in.MacAlgorithm)
	switch {
	case err != nil:
		return nil, nil, err
	case in.DryRun:
		return nil, nil, dryRun()
	}
	defer k.done()
	h := hmac.New(hashOf(*in.MacAlgorithm).New, k.secret)
	h.Write(in.Message)
	return h.Sum(nil), k.key, nil
}

package kmsfake

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"strings"

	"github.com/das-local/das-local/internal/awsapi"
)

type signInput struct {
	KeyId            *string
	Message          []byte
	MessageType      *string
	GrantTokens      []string
	SigningAlgorithm *string
	DryRun           bool
}

type signOutput struct {
	KeyId            string
	Signature        []byte
	SigningAlgorithm string
}

func (s *Server) sign(in *signInput) (*signOutput, error) {
	k, m, err := s.takeToSign(in, "Sign")
	if err != nil {
		return nil, err
	}
	defer k.done()
	if in.DryRun {
		return nil, dryRun()
	}
	signature, err := k.private.(crypto.Signer).Sign(rand.Reader, m.bytes, m.options)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	s.used("Sign", k.key)
	return &signOutput{KeyId: k.key.arn, Signature: signature, SigningAlgorithm: *in.SigningAlgorithm}, nil
}

// takeToSign finds the key of a call, and what its signature is made over. The caller
// is done with the key, unless there is an error.
func (s *Server) takeToSign(in *signInput, operation string) (keyUse, signed, error) {
	k, err := s.take(*in.KeyId, operation, usageSign, *in.SigningAlgorithm)
	if err != nil {
		return keyUse{}, signed{}, err
	}
	m, err := toSign(*in.SigningAlgorithm, text(in.MessageType), in.Message)
	if err != nil {
		k.done()
	}
	return k, m, err
}

type verifyInput struct {
	signInput
	Signature []byte
}

type verifyOutput struct {
	KeyId            string
	SignatureValid   bool
	SigningAlgorithm string
}

func (s *Server) verify(in *verifyInput) (*verifyOutput, error) {
	k, m, err := s.takeToSign(&in.signInput, "Verify")
	if err != nil {
		return nil, err
	}
	defer k.done()
	switch {
	case in.DryRun:
		return nil, dryRun()
	case !m.signedBy(k.private.Public(), in.Signature):
		return nil, &awsapi.Error{Code: "KMSInvalidSignatureException"}
	}
	s.used("Verify", k.key)
	return &verifyOutput{KeyId: k.key.arn, SignatureValid: true, SigningAlgorithm: *in.SigningAlgorithm}, nil
}

// signed is what a signature is made over: a digest, or with Ed25519 the message.
type signed struct {
	bytes   []byte
	options crypto.SignerOpts
}

func toSign(algorithm, messageType string, message []byte) (signed, error) {
	hash := hashOf(algorithm)
	switch {
	case messageType == "EXTERNAL_MU":
		return signed{}, validation("Message type EXTERNAL_MU is not valid for algorithm %s.", algorithm)
	case algorithm == "ED25519_SHA_512":
		if messageType == "DIGEST" {
			return signed{}, validation("Message type DIGEST is not valid for algorithm %s.", algorithm)
		}
		return signed{message, &ed25519.Options{}}, nil
	case messageType != "DIGEST":
		h := hash.New()
		h.Write(message)
		message = h.Sum(nil)
	case len(message) != hash.Size():
		return signed{}, validation("Digest is invalid length for algorithm %s.", algorithm)
	}
	switch {
	case algorithm == "ED25519_PH_SHA_512":
		return signed{message, &ed25519.Options{Hash: hash}}, nil
	case strings.HasPrefix(algorithm, "RSASSA_PSS"):
		return signed{message, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: hash}}, nil
	}
	return signed{message, hash}, nil
}

func (m signed) signedBy(public crypto.PublicKey, signature []byte) bool {
	switch key := public.(type) {
	case *rsa.PublicKey:
		if pss, ok := m.options.(*rsa.PSSOptions); ok {
			return rsa.VerifyPSS(key, pss.Hash, m.bytes, signature, pss) == nil
		}
		return rsa.VerifyPKCS1v15(key, m.options.HashFunc(), m.bytes, signature) == nil
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(key, m.bytes, signature)
	case ed25519.PublicKey:
		return ed25519.VerifyWithOptions(key, m.bytes, signature, m.options.(*ed25519.Options)) == nil
	}
	return false
}

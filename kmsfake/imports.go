package kmsfake

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/das-local/das-local/internal/awsapi"
)

// importOffer is what GetParametersForImport has given out. Offers are in memory
// only: after a restart a token is invalid.
type importOffer struct {
	key       *key
	algorithm string
	wrapping  *rsa.PrivateKey
	validTo   time.Time
}

const (
	offerLife = 24 * time.Hour // as AWS has it
	maxOffers = 64             // of all keys
)

type importParametersInput struct {
	KeyId             *string
	WrappingAlgorithm *string
	WrappingKeySpec   *string
}

type importParametersOutput struct {
	KeyId             string
	ImportToken       []byte
	PublicKey         []byte // SubjectPublicKeyInfo
	ParametersValidTo awsapi.Time
}

func (s *Server) getParametersForImport(in *importParametersInput) (*importParametersOutput, error) {
	spec := keySpecs[*in.WrappingKeySpec]
	if spec == nil || *in.WrappingAlgorithm == "SM2PKE" || *in.WrappingAlgorithm == "RSAES_PKCS1_V1_5" {
		return nil, unsupported("Wrapping with %s under a key of spec %s is not supported.", *in.WrappingAlgorithm, *in.WrappingKeySpec)
	}
	if err := s.withImportable(*in.KeyId, "GetParametersForImport", func(*key) error { return nil }); err != nil {
		return nil, err
	}
	wrapping, err := rsa.GenerateKey(rand.Reader, spec.rsaBits)
	if err != nil {
		return nil, fmt.Errorf("make a wrapping key: %w", err)
	}
	public, err := x509.MarshalPKIXPublicKey(&wrapping.PublicKey)
	if err != nil {
		return nil, fmt.Errorf("encode the wrapping key: %w", err)
	}
	token, err := s.random(64)
	if err != nil {
		return nil, err
	}
	out := &importParametersOutput{ImportToken: token, PublicKey: public}
	err = s.withImportable(*in.KeyId, "GetParametersForImport", func(k *key) error {
		offer := &importOffer{key: k, algorithm: *in.WrappingAlgorithm, wrapping: wrapping, validTo: s.now().Add(offerLife)}
		out.KeyId, out.ParametersValidTo = k.arn, awsapi.Time{Time: offer.validTo}
		s.offer(string(token), offer)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// offer keeps an offer, in the place of the oldest if there are too many.
func (s *Server) offer(token string, o *importOffer) {
	oldest := ""
	for t, other := range s.imports {
		if oldest == "" || other.validTo.Before(s.imports[oldest].validTo) {
			oldest = t
		}
	}
	if len(s.imports) >= maxOffers {
		delete(s.imports, oldest)
	}
	s.imports[token] = o
}

// withImportable calls f, under the lock, with a key that takes imported material.
func (s *Server) withImportable(id, operation string, f func(*key) error) error {
	defer s.lock()()
	k, err := s.alive(id, operation)
	switch {
	case err != nil:
		return err
	case k.origin != originExternal:
		return wrongOrigin(k)
	}
	return f(k)
}

type importInput struct {
	KeyId                  *string
	ImportToken            []byte
	EncryptedKeyMaterial   []byte
	ValidTo                *awsapi.Time
	ExpirationModel        *string
	ImportType             *string
	KeyMaterialDescription *string
	KeyMaterialId          *string
}

type importOutput struct{ KeyId, KeyMaterialId string }

func (s *Server) importKeyMaterial(in *importInput) (*importOutput, error) {
	validTo := time.Time{}
	switch model := text(in.ExpirationModel); {
	case model == modelStays && in.ValidTo != nil:
		return nil, validation("A validTo date can not be set if the ExpirationModel is %s", modelStays)
	case model == modelStays:
	case in.ValidTo == nil:
		return nil, validation("A validTo date must be set if the ExpirationModel is %s", modelExpires)
	case !in.ValidTo.After(s.now()) || in.ValidTo.After(s.now().AddDate(0, 0, 365)):
		return nil, validation("The validTo date must be in the future, at most 365 days from now.")
	default:
		validTo = in.ValidTo.Time
	}
	out := &importOutput{}
	return out, s.withImportable(*in.KeyId, "ImportKeyMaterial", func(k *key) error {
		o := s.imports[string(in.ImportToken)]
		switch {
		case o == nil || o.key != k:
			return &awsapi.Error{Code: "InvalidImportTokenException"}
		case s.now().After(o.validTo):
			return &awsapi.Error{Code: "ExpiredImportTokenException"}
		}
		secret, err := o.unwrap(in.EncryptedKeyMaterial)
		if err != nil {
			return invalidCiphertext()
		}
		defer clear(secret)
		m, err := newMaterial(k, secret)
		if err != nil {
			return awsapi.Errorf("IncorrectKeyMaterialException", "The key material does not fit key spec %s: %v.", k.spec, err)
		}
		m.validTo, m.description = validTo, text(in.KeyMaterialDescription)
		out.KeyId, out.KeyMaterialId = k.arn, m.id
		return s.takeImported(k, m, in)
	})
}

// takeImported gives a key a material: one that it had, its first one, or another one
// to rotate to.
func (s *Server) takeImported(k *key, m *material, in *importInput) error {
	incorrect := awsapi.Errorf("IncorrectKeyMaterialException", "The key material is not one that was imported into %s before.", k.arn)
	if in.KeyMaterialId != nil && *in.KeyMaterialId != m.id {
		return incorrect
	}
	old := k.imported()
	known := slices.IndexFunc(old, func(o *material) bool { return o.id == m.id })
	switch {
	case known >= 0:
		old[known].secret, old[known].private, old[known].validTo, old[known].description = m.secret, m.private, m.validTo, m.description
	case len(old) == 0:
		k.materials = []*material{m}
	case !k.symmetric() || text(in.ImportType) != "NEW_KEY_MATERIAL":
		return incorrect
	case k.incoming != nil:
		return awsapi.Errorf("KMSInvalidStateException", "%s has key material that it is to be rotated to.", k.arn)
	default:
		k.incoming = m
	}
	if known < 0 {
		s.store.tags[m.tag] = m
	}
	s.store.watch(k)
	if k.state == statePendingImport && k.whole() {
		k.state = stateEnabled
	}
	return nil
}

// unwrap decrypts what the customer has encrypted under the wrapping key.
func (o *importOffer) unwrap(wrapped []byte) ([]byte, error) {
	hash := hashOf(o.algorithm)
	if !strings.HasPrefix(o.algorithm, "RSA_AES_KEY_WRAP") {
		return rsa.DecryptOAEP(hash.New(), nil, o.wrapping, wrapped, nil)
	}
	n := o.wrapping.Size()
	if len(wrapped) <= n {
		return nil, errKeyWrap
	}
	kek, err := rsa.DecryptOAEP(hash.New(), nil, o.wrapping, wrapped[:n], nil)
	if err != nil {
		return nil, err
	}
	return unwrapAES(kek, wrapped[n:])
}

type deleteMaterialInput struct{ KeyId, KeyMaterialId *string }

func (s *Server) deleteImportedKeyMaterial(in *deleteMaterialInput) (*importOutput, error) {
	defer s.lock()()
	k, err := s.managed(*in.KeyId, "DeleteImportedKeyMaterial")
	switch {
	case err != nil:
		return nil, err
	case k.origin != originExternal:
		return nil, wrongOrigin(k)
	}
	m := k.current()
	if in.KeyMaterialId != nil {
		m = nil
		for _, one := range k.imported() {
			if one.id == *in.KeyMaterialId {
				m = one
			}
		}
	}
	if m == nil {
		return nil, awsapi.Errorf("NotFoundException", "%s does not have this key material.", k.arn)
	}
	s.store.destroyImported(k, m)
	return &importOutput{k.arn, m.id}, nil
}

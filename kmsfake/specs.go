package kmsfake

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
)

// Key usages.
const (
	usageEncrypt = "ENCRYPT_DECRYPT"
	usageSign    = "SIGN_VERIFY"
	usageMAC     = "GENERATE_VERIFY_MAC"
	usageAgree   = "KEY_AGREEMENT"
)

// specSymmetric is the key spec of symmetric keys, and the name of their
// algorithm.
const specSymmetric = "SYMMETRIC_DEFAULT"

// keySpec says what keys of a spec are for and what they are made of.
// https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html
type keySpec struct {
	usages     []string
	algorithms map[string][]string // by usage
	bytes      int                 // of secret: symmetric and HMAC keys
	rsaBits    int
	curve      elliptic.Curve
	edwards    bool
	unserved   bool // keys of it can be described only: Go's library does not have the curve
}

func (s *keySpec) asymmetric() bool { return s.bytes == 0 }

// keySpecs are the specs that keys can have. The model has more (SM2, ML_DSA_…).
var keySpecs = func() map[string]*keySpec {
	specs := map[string]*keySpec{
		specSymmetric:     {usages: []string{usageEncrypt}, bytes: 32, algorithms: map[string][]string{usageEncrypt: {specSymmetric}}},
		"ECC_SECG_P256K1": {usages: []string{usageSign}, unserved: true, algorithms: map[string][]string{usageSign: {"ECDSA_SHA_256"}}},
		"ECC_NIST_EDWARDS25519": {usages: []string{usageSign}, edwards: true,
			algorithms: map[string][]string{usageSign: {"ED25519_SHA_512", "ED25519_PH_SHA_512"}}},
	}
	for _, bits := range []int{2048, 3072, 4096} {
		specs[fmt.Sprintf("RSA_%d", bits)] = &keySpec{usages: []string{usageEncrypt, usageSign}, rsaBits: bits, algorithms: map[string][]string{
			usageEncrypt: {"RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"},
			usageSign: {"RSASSA_PKCS1_V1_5_SHA_256", "RSASSA_PKCS1_V1_5_SHA_384", "RSASSA_PKCS1_V1_5_SHA_512",
				"RSASSA_PSS_SHA_256", "RSASSA_PSS_SHA_384", "RSASSA_PSS_SHA_512"}}}
	}
	for name, c := range map[string]struct {
		curve elliptic.Curve
		hash  string
	}{"P256": {elliptic.P256(), "256"}, "P384": {elliptic.P384(), "384"}, "P521": {elliptic.P521(), "512"}} {
		specs["ECC_NIST_"+name] = &keySpec{usages: []string{usageSign, usageAgree}, curve: c.curve,
			algorithms: map[string][]string{usageSign: {"ECDSA_SHA_" + c.hash}, usageAgree: {"ECDH"}}}
	}
	for _, bits := range []int{224, 256, 384, 512} {
		specs[fmt.Sprintf("HMAC_%d", bits)] = &keySpec{usages: []string{usageMAC}, bytes: bits / 8,
			algorithms: map[string][]string{usageMAC: {fmt.Sprintf("HMAC_SHA_%d", bits)}}}
	}
	return specs
}()

// servedSpec is nil for a spec that no key can be made of.
func servedSpec(name string) *keySpec {
	if s := keySpecs[name]; s != nil && !s.unserved {
		return s
	}
	return nil
}

// privateKey is an asymmetric key: RSA, ECDSA or Ed25519.
type privateKey interface{ Public() crypto.PublicKey }

// newPrivateKey makes an asymmetric key of random bytes. An RSA key is always of the
// system's: Go's generator takes no others.
func (s *keySpec) newPrivateKey(random func(n int) ([]byte, error)) (key privateKey, err error) {
	switch {
	case s.rsaBits > 0:
		key, err = rsa.GenerateKey(rand.Reader, s.rsaBits)
	case s.curve != nil:
		key, err = newECKey(s.curve, random)
	default:
		var seed []byte
		if seed, err = random(ed25519.SeedSize); err == nil {
			key = ed25519.NewKeyFromSeed(seed)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("make a private key: %w", err)
	}
	return key, nil
}

// newECKey takes the first random number that is one of the curve's private keys (FIPS
// 186-5, A.2.2: by rejection).
func newECKey(curve elliptic.Curve, random func(n int) ([]byte, error)) (*ecdsa.PrivateKey, error) {
	bits := curve.Params().BitSize
	for range 100 { // two are hardly ever needed
		number, err := random((bits + 7) / 8)
		if err != nil {
			return nil, err
		}
		number[0] >>= 8*len(number) - bits
		if key, err := ecdsa.ParseRawPrivateKey(curve, number); err == nil {
			return key, nil
		}
	}
	return nil, errors.New("the random source gives no number that is a private key")
}

// fits reports whether a private key is of the spec.
func (s *keySpec) fits(key any) bool {
	switch k := key.(type) {
	case *rsa.PrivateKey:
		return k.N.BitLen() == s.rsaBits
	case *ecdsa.PrivateKey:
		return k.Curve == s.curve
	case ed25519.PrivateKey:
		return s.edwards
	}
	return false
}

// newSecret makes the material of a new key: random bytes, or PKCS #8.
func (s *Server) newSecret(spec *keySpec) ([]byte, error) {
	if !spec.asymmetric() {
		return s.random(spec.bytes)
	}
	key, err := spec.newPrivateKey(s.random)
	if err != nil {
		return nil, err
	}
	return x509.MarshalPKCS8PrivateKey(key)
}

// parseSecret checks the bytes of a key, and reads asymmetric ones.
func (s *keySpec) parseSecret(secret []byte) (privateKey, error) {
	if !s.asymmetric() {
		if len(secret) != s.bytes {
			return nil, fmt.Errorf("the key has %d bytes and not %d", len(secret), s.bytes)
		}
		return nil, nil
	}
	key, err := x509.ParsePKCS8PrivateKey(secret)
	if err != nil {
		return nil, err
	}
	if !s.fits(key) {
		return nil, fmt.Errorf("the private key is of another key spec")
	}
	return key.(privateKey), nil
}

// has reports whether keys of a usage have an algorithm.
func (s *keySpec) has(usage, algorithm string) bool {
	return slices.Contains(s.algorithms[usage], algorithm)
}

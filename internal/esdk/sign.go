package esdk

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha512"
	"encoding/asn1"
	"encoding/base64"
	"fmt"
	"io"
	"math/big"
)

// publicKeyName is the encryption context entry that carries the key of the
// signature. Keys with reservedPrefix are the format's own.
const (
	publicKeyName  = "aws-crypto-public-key"
	reservedPrefix = "aws-crypto-"
)

const (
	coordinateSize = 48 // of a P-384 coordinate
	// publicKeySize is the base64 of a compressed point.
	publicKeySize = (1 + coordinateSize + 2) / 3 * 4
	// signatureSize is the length of every signature that AWS's SDKs write:
	// they announce the length of a message before they sign it. It is the DER
	// of two integers one of which has its top bit set.
	signatureSize = 103
	footerSize    = 2 + signatureSize
)

// newSigner makes the signing key of one message and its public half as the
// encryption context carries it.
func newSigner(random io.Reader) (*ecdsa.PrivateKey, string, error) {
	var secret [coordinateSize]byte
	defer clear(secret[:])
	for {
		if _, err := io.ReadFull(random, secret[:]); err != nil {
			return nil, "", fmt.Errorf("make signing key: %w", err)
		}
		key, err := ecdsa.ParseRawPrivateKey(elliptic.P384(), secret[:])
		if err != nil {
			continue // zero or beyond the order: one time in 2^190
		}
		point, err := key.PublicKey.Bytes()
		if err != nil {
			return nil, "", fmt.Errorf("make signing key: %w", err)
		}
		compressed := point[:1+coordinateSize]
		compressed[0] = 2 | point[len(point)-1]&1
		return key, base64.StdEncoding.EncodeToString(compressed), nil
	}
}

// parsePublicKey reads what newSigner writes.
func parsePublicKey(text string) (*ecdsa.PublicKey, error) {
	compressed, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("%w: public key: %v", ErrFormat, err)
	}
	x, y := elliptic.UnmarshalCompressed(elliptic.P384(), compressed)
	if x == nil {
		return nil, fmt.Errorf("%w: public key is no point of P-384", ErrFormat)
	}
	var point [1 + 2*coordinateSize]byte
	point[0] = 4
	x.FillBytes(point[1 : 1+coordinateSize])
	y.FillBytes(point[1+coordinateSize:])
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P384(), point[:])
	if err != nil {
		return nil, fmt.Errorf("%w: public key: %v", ErrFormat, err)
	}
	return key, nil
}

// sign makes a DER signature of exactly signatureSize bytes. The first attempt
// depends on message and key alone (RFC 6979), so that messages made from
// seeded randomness repeat; the one in some hundreds that comes out short is
// signed again, at random.
func sign(key *ecdsa.PrivateKey, message []byte) ([]byte, error) {
	digest := sha512.Sum384(message)
	signature, err := key.Sign(nil, digest[:], crypto.SHA384)
	for err == nil && len(signature) != signatureSize {
		if signature, err = otherSign(signature); err != nil || len(signature) == signatureSize {
			break
		}
		signature, err = ecdsa.SignASN1(rand.Reader, key, digest[:])
	}
	if err != nil {
		return nil, fmt.Errorf("sign message: %w", err)
	}
	return signature, nil
}

// otherSign gives the second valid signature that every (r, s) has: (r, n-s).
// Its length differs where the top bit of s decides it.
func otherSign(signature []byte) ([]byte, error) {
	var v struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(signature, &v); err != nil {
		return nil, err
	}
	v.S.Sub(elliptic.P384().Params().N, v.S)
	return asn1.Marshal(v)
}

// verify checks the signature over message.
func verify(key *ecdsa.PublicKey, message, signature []byte) bool {
	digest := sha512.Sum384(message)
	return ecdsa.VerifyASN1(key, digest[:], signature)
}

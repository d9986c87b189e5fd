package kmsfake

import (
	"bytes"
	"crypto/ecdh"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

// makeKey makes a key of a spec and returns what DescribeKey says of it.
func makeKey(t *testing.T, c *kms.Client, spec types.KeySpec, usage types.KeyUsageType) *types.KeyMetadata {
	t.Helper()
	k, err := c.CreateKey(t.Context(), &kms.CreateKeyInput{KeySpec: spec, KeyUsage: usage})
	if err != nil {
		t.Fatal(err)
	}
	return k.KeyMetadata
}

// file writes bytes where openssl can read them.
func file(t *testing.T, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func publicKey(t *testing.T, c *kms.Client, id *string) *kms.GetPublicKeyOutput {
	t.Helper()
	p, err := c.GetPublicKey(t.Context(), &kms.GetPublicKeyInput{KeyId: id})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestSignaturesHoldForOpenSSL has openssl verify what Sign makes.
func TestSignaturesHoldForOpenSSL(t *testing.T) {
	c, ctx := client(t, newServer(t, Config{})), t.Context()
	message := []byte("a message to sign")
	for _, tt := range []struct {
		spec      types.KeySpec
		algorithm types.SigningAlgorithmSpec
		openssl   []string
	}{
		{types.KeySpecRsa2048, types.SigningAlgorithmSpecRsassaPssSha256, []string{"-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"}},
		{types.KeySpecRsa2048, types.SigningAlgorithmSpecRsassaPkcs1V15Sha512, []string{"-sha512"}},
		{types.KeySpecEccNistP256, types.SigningAlgorithmSpecEcdsaSha256, []string{"-sha256"}},
		{types.KeySpecEccNistP384, types.SigningAlgorithmSpecEcdsaSha384, []string{"-sha384"}},
		{types.KeySpecEccNistP521, types.SigningAlgorithmSpecEcdsaSha512, []string{"-sha512"}},
	} {
		t.Run(string(tt.spec)+" "+string(tt.algorithm), func(t *testing.T) {
			k := makeKey(t, c, tt.spec, types.KeyUsageTypeSignVerify)
			out, err := c.Sign(ctx, &kms.SignInput{KeyId: k.KeyId, Message: message, SigningAlgorithm: tt.algorithm})
			if err != nil {
				t.Fatal(err)
			}
			args := append([]string{"dgst"}, tt.openssl...)
			args = append(args, "-keyform", "DER", "-verify", file(t, "key", publicKey(t, c, k.KeyId).PublicKey), "-signature", file(t, "signature", out.Signature), file(t, "message", message))
			if got := tool(t, "", "openssl", args...); got != "Verified OK" {
				t.Errorf("openssl: %s", got)
			}
			verify := func(m, signature []byte, kind types.MessageType) error {
				_, err := c.Verify(ctx, &kms.VerifyInput{KeyId: k.KeyId, Message: m, MessageType: kind, Signature: signature, SigningAlgorithm: tt.algorithm})
				return err
			}
			if err := verify(message, out.Signature, ""); err != nil {
				t.Error(err)
			}
			wantError(t, verify([]byte("other"), out.Signature, ""), "KMSInvalidSignatureException", "")
			wantError(t, verify([]byte("bad digest"), out.Signature, types.MessageTypeDigest), "ValidationException", "Digest is invalid length for algorithm "+string(tt.algorithm)+".")
		})
	}
}

func TestSigningEdges(t *testing.T) {
	c, ctx := client(t, newServer(t, Config{})), t.Context()
	k := makeKey(t, c, types.KeySpecEccNistP256, types.KeyUsageTypeSignVerify)
	if len(k.SigningAlgorithms) != 1 || len(k.EncryptionAlgorithms) != 0 || k.CurrentKeyMaterialId != nil {
		t.Errorf("metadata %+v", k)
	}
	digest := sha256.Sum256([]byte("m"))
	signed, err := c.Sign(ctx, &kms.SignInput{KeyId: k.KeyId, Message: digest[:], MessageType: types.MessageTypeDigest, SigningAlgorithm: types.SigningAlgorithmSpecEcdsaSha256})
	if err != nil {
		t.Fatal(err)
	}
	v, err := c.Verify(ctx, &kms.VerifyInput{KeyId: k.KeyId, Message: []byte("m"), Signature: signed.Signature, SigningAlgorithm: types.SigningAlgorithmSpecEcdsaSha256})
	if err != nil || !v.SignatureValid || *v.KeyId != *k.Arn {
		t.Errorf("a signed digest: %+v, %v", v, err)
	}
	_, err = c.Sign(ctx, &kms.SignInput{KeyId: k.KeyId, Message: []byte("m"), SigningAlgorithm: types.SigningAlgorithmSpecEcdsaSha384})
	wantError(t, err, "InvalidKeyUsageException", "Algorithm ECDSA_SHA_384 is incompatible with key spec ECC_NIST_P256.")
	_, err = c.Sign(ctx, &kms.SignInput{KeyId: k.KeyId, Message: []byte("m"), DryRun: aws.Bool(true), SigningAlgorithm: types.SigningAlgorithmSpecEcdsaSha256})
	wantError(t, err, "DryRunOperationException", "*")
	ed := makeKey(t, c, types.KeySpecEccNistEdwards25519, types.KeyUsageTypeSignVerify)
	for _, a := range []types.SigningAlgorithmSpec{types.SigningAlgorithmSpecEd25519Sha512, types.SigningAlgorithmSpecEd25519PhSha512} {
		s, err := c.Sign(ctx, &kms.SignInput{KeyId: ed.KeyId, Message: []byte("m"), SigningAlgorithm: a})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Verify(ctx, &kms.VerifyInput{KeyId: ed.KeyId, Message: []byte("m"), Signature: s.Signature, SigningAlgorithm: a}); err != nil {
			t.Error(err)
		}
	}
	_, err = c.CreateKey(ctx, &kms.CreateKeyInput{KeySpec: types.KeySpecEccSecgP256k1, KeyUsage: types.KeyUsageTypeSignVerify})
	wantError(t, err, "UnsupportedOperationException", "*")
	_, err = c.CreateKey(ctx, &kms.CreateKeyInput{KeySpec: types.KeySpecEccNistP256, KeyUsage: types.KeyUsageTypeEncryptDecrypt})
	wantError(t, err, "ValidationException", "KeyUsage ENCRYPT_DECRYPT is not compatible with KeySpec ECC_NIST_P256")
}

// TestRSAEncryption decrypts what openssl has encrypted with the public key.
func TestRSAEncryption(t *testing.T) {
	c, ctx := client(t, newServer(t, Config{})), t.Context()
	k := makeKey(t, c, types.KeySpecRsa2048, types.KeyUsageTypeEncryptDecrypt)
	plain := []byte("for the holder of the key")
	ours, err := c.Encrypt(ctx, &kms.EncryptInput{KeyId: k.KeyId, Plaintext: plain, EncryptionAlgorithm: types.EncryptionAlgorithmSpecRsaesOaepSha256})
	if err != nil || len(ours.CiphertextBlob) != 256 {
		t.Fatalf("%d bytes, %v", len(ours.CiphertextBlob), err)
	}
	sealed := filepath.Join(t.TempDir(), "sealed")
	tool(t, "", "openssl", "pkeyutl", "-encrypt", "-pubin", "-keyform", "DER", "-inkey", file(t, "key", publicKey(t, c, k.KeyId).PublicKey), "-pkeyopt", "rsa_padding_mode:oaep",
		"-pkeyopt", "rsa_oaep_md:sha256", "-pkeyopt", "rsa_mgf1_md:sha256", "-in", file(t, "plain", plain), "-out", sealed)
	theirs, err := os.ReadFile(sealed)
	if err != nil {
		t.Fatal(err)
	}
	for _, blob := range [][]byte{ours.CiphertextBlob, theirs} {
		d, err := c.Decrypt(ctx, &kms.DecryptInput{KeyId: k.KeyId, CiphertextBlob: blob, EncryptionAlgorithm: types.EncryptionAlgorithmSpecRsaesOaepSha256})
		if err != nil || !bytes.Equal(d.Plaintext, plain) || *d.KeyId != *k.Arn {
			t.Errorf("decrypt: %v", err)
		}
	}
	_, err = c.Decrypt(ctx, &kms.DecryptInput{KeyId: k.KeyId, CiphertextBlob: theirs, EncryptionAlgorithm: types.EncryptionAlgorithmSpecRsaesOaepSha1})
	wantError(t, err, "InvalidCiphertextException", "")
	_, err = c.Encrypt(ctx, &kms.EncryptInput{KeyId: k.KeyId, Plaintext: plain})
	wantError(t, err, "InvalidKeyUsageException", "Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048.")
	for algorithm, limit := range map[types.EncryptionAlgorithmSpec]string{"RSAES_OAEP_SHA_1": "214", "RSAES_OAEP_SHA_256": "190"} {
		_, err = c.Encrypt(ctx, &kms.EncryptInput{KeyId: k.KeyId, Plaintext: make([]byte, 215), EncryptionAlgorithm: algorithm})
		wantError(t, err, "ValidationException", "Algorithm "+string(algorithm)+" and key spec RSA_2048 cannot encrypt data larger than "+limit+" bytes.")
	}
	_, err = c.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: k.KeyId, KeySpec: types.DataKeySpecAes256})
	wantError(t, err, "InvalidKeyUsageException", "*")
	sym := makeKey(t, c, types.KeySpecSymmetricDefault, types.KeyUsageTypeEncryptDecrypt)
	re, err := c.ReEncrypt(ctx, &kms.ReEncryptInput{SourceKeyId: k.KeyId, SourceEncryptionAlgorithm: types.EncryptionAlgorithmSpecRsaesOaepSha256, CiphertextBlob: theirs, DestinationKeyId: sym.KeyId})
	if err != nil || re.DestinationEncryptionAlgorithm != types.EncryptionAlgorithmSpecSymmetricDefault {
		t.Fatalf("re-encrypt %+v: %v", re, err)
	}
	if d, err := c.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: re.CiphertextBlob}); err != nil || !bytes.Equal(d.Plaintext, plain) {
		t.Errorf("re-encrypted: %v", err)
	}
	_, err = c.GetPublicKey(ctx, &kms.GetPublicKeyInput{KeyId: sym.KeyId})
	wantError(t, err, "UnsupportedOperationException", "*")
}

func TestSharedSecret(t *testing.T) {
	c, ctx := client(t, newServer(t, Config{})), t.Context()
	k := makeKey(t, c, types.KeySpecEccNistP256, types.KeyUsageTypeKeyAgreement)
	p := publicKey(t, c, k.KeyId)
	parsed, err := x509.ParsePKIXPublicKey(p.PublicKey)
	if err != nil || len(p.KeyAgreementAlgorithms) != 1 {
		t.Fatalf("%+v, %v", p, err)
	}
	theirs, err := parsed.(interface {
		ECDH() (*ecdh.PublicKey, error)
	}).ECDH()
	if err != nil {
		t.Fatal(err)
	}
	peer, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	want, err := peer.ECDH(theirs)
	if err != nil {
		t.Fatal(err)
	}
	derive := func(public any) (*kms.DeriveSharedSecretOutput, error) {
		der, err := x509.MarshalPKIXPublicKey(public)
		if err != nil {
			t.Fatal(err)
		}
		return c.DeriveSharedSecret(ctx, &kms.DeriveSharedSecretInput{KeyId: k.KeyId, KeyAgreementAlgorithm: types.KeyAgreementAlgorithmSpecEcdh, PublicKey: der})
	}
	if out, err := derive(peer.PublicKey()); err != nil || !bytes.Equal(out.SharedSecret, want) {
		t.Errorf("shared secret: %v", err)
	}
	other, err := ecdh.P384().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, err = derive(other.PublicKey())
	wantError(t, err, "ValidationException", "*")
	_, err = c.DeriveSharedSecret(ctx, &kms.DeriveSharedSecretInput{KeyId: k.KeyId, KeyAgreementAlgorithm: types.KeyAgreementAlgorithmSpecEcdh, PublicKey: []byte("x")})
	wantError(t, err, "ValidationException", "*")
}

// TestMACs compares with openssl, on a key whose bytes are known.
func TestMACs(t *testing.T) {
	c, ctx := client(t, newServer(t, Config{})), t.Context()
	for spec, algorithm := range map[types.KeySpec]types.MacAlgorithmSpec{types.KeySpecHmac224: types.MacAlgorithmSpecHmacSha224, types.KeySpecHmac256: types.MacAlgorithmSpecHmacSha256,
		types.KeySpecHmac384: types.MacAlgorithmSpecHmacSha384, types.KeySpecHmac512: types.MacAlgorithmSpecHmacSha512} {
		bits := strings.TrimPrefix(string(spec), "HMAC_")
		bytesOf := map[string]int{"224": 28, "256": 32, "384": 48, "512": 64}[bits]
		k, err := c.CreateKey(ctx, &kms.CreateKeyInput{KeySpec: spec, KeyUsage: types.KeyUsageTypeGenerateVerifyMac, Tags: []types.Tag{{TagKey: aws.String(tagCustomMaterial), TagValue: aws.String(base64Of(bytes.Repeat([]byte("k"), bytesOf)))}}})
		if err != nil {
			t.Fatal(err)
		}
		m := k.KeyMetadata
		if len(m.MacAlgorithms) != 1 || m.MacAlgorithms[0] != algorithm {
			t.Errorf("metadata %+v", m)
		}
		out, err := c.GenerateMac(ctx, &kms.GenerateMacInput{KeyId: m.KeyId, Message: []byte("message"), MacAlgorithm: algorithm})
		if err != nil {
			t.Fatal(err)
		}
		want := tool(t, "", "openssl", "dgst", "-sha"+bits, "-hmac", strings.Repeat("k", bytesOf), file(t, "m", []byte("message")))
		if !strings.HasSuffix(want, hexOf(out.Mac)) {
			t.Errorf("%s: %x, openssl has %s", spec, out.Mac, want)
		}
		if v, err := c.VerifyMac(ctx, &kms.VerifyMacInput{KeyId: m.KeyId, Message: []byte("message"), MacAlgorithm: algorithm, Mac: out.Mac}); err != nil || !v.MacValid {
			t.Errorf("verify: %v", err)
		}
		_, err = c.VerifyMac(ctx, &kms.VerifyMacInput{KeyId: m.KeyId, Message: []byte("other"), MacAlgorithm: algorithm, Mac: out.Mac})
		wantError(t, err, "KMSInvalidMacException", "")
	}
	k := makeKey(t, c, types.KeySpecHmac256, types.KeyUsageTypeGenerateVerifyMac)
	_, err := c.GenerateMac(ctx, &kms.GenerateMacInput{KeyId: k.KeyId, Message: []byte("m"), MacAlgorithm: types.MacAlgorithmSpecHmacSha512})
	wantError(t, err, "InvalidKeyUsageException", "Algorithm HMAC_SHA_512 is incompatible with key spec HMAC_256.")
}

func TestDataKeyPairs(t *testing.T) {
	c, ctx := client(t, newServer(t, Config{})), t.Context()
	k := makeKey(t, c, types.KeySpecSymmetricDefault, types.KeyUsageTypeEncryptDecrypt)
	for _, spec := range []types.DataKeyPairSpec{types.DataKeyPairSpecRsa2048, types.DataKeyPairSpecEccNistP256, types.DataKeyPairSpecEccNistP521, types.DataKeyPairSpecEccNistEdwards25519} {
		p, err := c.GenerateDataKeyPair(ctx, &kms.GenerateDataKeyPairInput{KeyId: k.KeyId, KeyPairSpec: spec, EncryptionContext: encryptionContext})
		if err != nil {
			t.Fatal(err)
		}
		d, err := c.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: p.PrivateKeyCiphertextBlob, EncryptionContext: encryptionContext})
		if err != nil || !bytes.Equal(d.Plaintext, p.PrivateKeyPlaintext) {
			t.Errorf("%s: the private key: %v", spec, err)
		}
		// openssl derives the same public key of it.
		public := filepath.Join(t.TempDir(), "public")
		tool(t, "", "openssl", "pkey", "-inform", "DER", "-in", file(t, "private", p.PrivateKeyPlaintext), "-pubout", "-outform", "DER", "-out", public)
		if b, err := os.ReadFile(public); err != nil || !bytes.Equal(b, p.PublicKey) {
			t.Errorf("%s: another public key: %v", spec, err)
		}
		_, err = c.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: p.PrivateKeyCiphertextBlob})
		wantError(t, err, "InvalidCiphertextException", "")
	}
	w, err := c.GenerateDataKeyPairWithoutPlaintext(ctx, &kms.GenerateDataKeyPairWithoutPlaintextInput{KeyId: k.KeyId, KeyPairSpec: types.DataKeyPairSpecEccNistP384})
	if err != nil || len(w.PrivateKeyCiphertextBlob) == 0 || len(w.PublicKey) == 0 || *w.KeyId != *k.Arn {
		t.Errorf("without plaintext: %+v, %v", w, err)
	}
	_, err = c.GenerateDataKeyPair(ctx, &kms.GenerateDataKeyPairInput{KeyId: k.KeyId, KeyPairSpec: types.DataKeyPairSpecSm2})
	wantError(t, err, "UnsupportedOperationException", "*")
	_, err = c.GenerateDataKeyPair(ctx, &kms.GenerateDataKeyPairInput{KeyId: k.KeyId, KeyPairSpec: types.DataKeyPairSpecRsa4096, DryRun: aws.Bool(true)})
	wantError(t, err, "DryRunOperationException", "*")
}

// TestSeededKeys: whoever gives a server its random bytes gets the same keys again. RSA
// keys are the exception that docs/differences.md names.
func TestSeededKeys(t *testing.T) {
	for spec, known := range keySpecs {
		if known.unserved || known.rsaBits > 0 {
			continue
		}
		made := func(seed byte) []byte {
			t.Helper()
			s := newServer(t, Config{Rand: mathrand.NewChaCha8([32]byte{seed})})
			secret, err := s.newSecret(known)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := known.parseSecret(secret); err != nil {
				t.Errorf("%s: %v", spec, err)
			}
			return secret
		}
		if first := made(1); !bytes.Equal(first, made(1)) || bytes.Equal(first, made(2)) {
			t.Errorf("%s: keys do not follow the source", spec)
		}
	}
	zeros := func(n int) ([]byte, error) { return make([]byte, n), nil }
	if _, err := newECKey(elliptic.P521(), zeros); err == nil {
		t.Error("zero is taken for a private key")
	}
}

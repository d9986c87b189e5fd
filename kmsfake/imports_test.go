package kmsfake

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

func base64Of(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func hexOf(b []byte) string { return hex.EncodeToString(b) }

// wrap encrypts key material with openssl as the documentation of
// ImportKeyMaterial has it.
func wrap(t *testing.T, p *kms.GetParametersForImportOutput, material []byte) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), "wrapped")
	tool(t, "", "openssl", "pkeyutl", "-encrypt", "-pubin", "-keyform", "DER", "-inkey", file(t, "key", p.PublicKey), "-pkeyopt", "rsa_padding_mode:oaep",
		"-pkeyopt", "rsa_oaep_md:sha256", "-pkeyopt", "rsa_mgf1_md:sha256", "-in", file(t, "plain", material), "-out", out)
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func parameters(t *testing.T, c *kms.Client, id *string, algorithm types.AlgorithmSpec) *kms.GetParametersForImportOutput {
	t.Helper()
	p, err := c.GetParametersForImport(t.Context(), &kms.GetParametersForImportInput{KeyId: id, WrappingAlgorithm: algorithm, WrappingKeySpec: types.WrappingKeySpecRsa2048})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestImportedMaterial(t *testing.T) {
	clock, ctx, dir := newClock(), t.Context(), t.TempDir()
	now := func() time.Time { return clock.now }
	disk := openStore(t, dir, nil)
	c := client(t, newServer(t, Config{Now: now, Store: disk}))
	made, err := c.CreateKey(ctx, &kms.CreateKeyInput{Origin: types.OriginTypeExternal})
	if err != nil {
		t.Fatal(err)
	}
	k := made.KeyMetadata
	if k.KeyState != types.KeyStatePendingImport || k.Enabled || k.Origin != types.OriginTypeExternal {
		t.Errorf("new key %+v", k)
	}
	use := func() error {
		_, err := c.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: k.KeyId, KeySpec: types.DataKeySpecAes256})
		return err
	}
	wantError(t, use(), "KMSInvalidStateException", *k.Arn+" is pending import.")
	_, err = c.EnableKey(ctx, &kms.EnableKeyInput{KeyId: k.KeyId})
	wantError(t, err, "KMSInvalidStateException", *k.Arn+" is pending import.")

	p := parameters(t, c, k.KeyId, types.AlgorithmSpecRsaesOaepSha256)
	if !p.ParametersValidTo.Equal(clock.now.Add(24 * time.Hour)) {
		t.Errorf("parameters %v", p.ParametersValidTo)
	}
	material := bytes.Repeat([]byte{5}, 32)
	importIt := func(p *kms.GetParametersForImportOutput, material []byte, model types.ExpirationModelType, validTo *time.Time) error {
		_, err := c.ImportKeyMaterial(ctx, &kms.ImportKeyMaterialInput{KeyId: k.KeyId, ImportToken: p.ImportToken, EncryptedKeyMaterial: wrap(t, p, material), ExpirationModel: model, ValidTo: validTo})
		return err
	}
	wantError(t, importIt(p, material, "", nil), "ValidationException", "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES")
	wantError(t, importIt(p, material[:16], types.ExpirationModelTypeKeyMaterialDoesNotExpire, nil), "IncorrectKeyMaterialException", "*")
	validTo := clock.now.Add(48 * time.Hour)
	if err := importIt(p, material, types.ExpirationModelTypeKeyMaterialExpires, &validTo); err != nil {
		t.Fatal(err)
	}
	is := describe(t, c, *k.KeyId)
	if is.KeyState != types.KeyStateEnabled || is.ExpirationModel != types.ExpirationModelTypeKeyMaterialExpires || !is.ValidTo.Equal(validTo) {
		t.Errorf("imported %+v", is)
	}
	sealed, err := c.Encrypt(ctx, &kms.EncryptInput{KeyId: k.KeyId, Plaintext: []byte("kept")})
	if err != nil {
		t.Fatal(err)
	}
	clock.advance(25 * time.Hour)
	wantError(t, importIt(p, material, types.ExpirationModelTypeKeyMaterialDoesNotExpire, nil), "ExpiredImportTokenException", "*")
	clock.advance(23 * time.Hour) // the material expires
	wantError(t, use(), "KMSInvalidStateException", *k.Arn+" is pending import.")
	_, err = c.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: sealed.CiphertextBlob})
	wantError(t, err, "KMSInvalidStateException", *k.Arn+" is pending import.")
	disk.Close()

	// The same material brings the key back, other material does not.
	c = client(t, newServer(t, Config{Now: now, Store: openStore(t, dir, nil)}))
	wantError(t, importIt(p, material, types.ExpirationModelTypeKeyMaterialDoesNotExpire, nil), "InvalidImportTokenException", "*")
	p = parameters(t, c, k.KeyId, types.AlgorithmSpecRsaesOaepSha256)
	wantError(t, importIt(p, bytes.Repeat([]byte{6}, 32), types.ExpirationModelTypeKeyMaterialDoesNotExpire, nil), "IncorrectKeyMaterialException", "*")
	if err := importIt(p, material, types.ExpirationModelTypeKeyMaterialDoesNotExpire, nil); err != nil {
		t.Fatal(err)
	}
	if d, err := c.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: sealed.CiphertextBlob}); err != nil || string(d.Plaintext) != "kept" {
		t.Errorf("after importing again: %v", err)
	}
	clock.advance(1000 * time.Hour)
	if err := use(); err != nil {
		t.Error(err)
	}
	if _, err := c.DeleteImportedKeyMaterial(ctx, &kms.DeleteImportedKeyMaterialInput{KeyId: k.KeyId}); err != nil {
		t.Fatal(err)
	}
	wantError(t, use(), "KMSInvalidStateException", *k.Arn+" is pending import.")
	usual := makeKey(t, c, types.KeySpecSymmetricDefault, types.KeyUsageTypeEncryptDecrypt)
	_, err = c.GetParametersForImport(ctx, &kms.GetParametersForImportInput{KeyId: usual.KeyId, WrappingAlgorithm: types.AlgorithmSpecRsaesOaepSha1, WrappingKeySpec: types.WrappingKeySpecRsa2048})
	wantError(t, err, "UnsupportedOperationException", *usual.Arn+" origin is AWS_KMS which is not valid for this operation.")
}

// TestImportedPrivateKey imports a key pair of openssl's, and has openssl verify
// what it signs. The material is wrapped in two steps, by openssl too.
func TestImportedPrivateKey(t *testing.T) {
	c, ctx, dir := client(t, newServer(t, Config{})), t.Context(), t.TempDir()
	made, err := c.CreateKey(ctx, &kms.CreateKeyInput{Origin: types.OriginTypeExternal, KeySpec: types.KeySpecEccNistP256, KeyUsage: types.KeyUsageTypeSignVerify})
	if err != nil {
		t.Fatal(err)
	}
	id := made.KeyMetadata.KeyId
	in := func(name string) string { return filepath.Join(dir, name) }
	tool(t, "", "openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-outform", "PEM", "-out", in("private.pem"))
	tool(t, "", "openssl", "pkcs8", "-topk8", "-nocrypt", "-in", in("private.pem"), "-outform", "DER", "-out", in("private"))
	tool(t, "", "openssl", "pkey", "-in", in("private.pem"), "-pubout", "-outform", "DER", "-out", in("public"))
	private, err := os.ReadFile(in("private"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x509.ParsePKCS8PrivateKey(private); err != nil {
		t.Fatal(err)
	}
	p := parameters(t, c, id, types.AlgorithmSpecRsaAesKeyWrapSha256)
	kek := bytes.Repeat([]byte{3}, 32)
	tool(t, "", "openssl", "enc", "-id-aes256-wrap-pad", "-e", "-K", hexOf(kek), "-iv", "A65959A6", "-in", in("private"), "-out", in("wrapped"))
	wrapped, err := os.ReadFile(in("wrapped"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.ImportKeyMaterial(ctx, &kms.ImportKeyMaterialInput{KeyId: id, ImportToken: p.ImportToken, EncryptedKeyMaterial: append(wrap(t, p, kek), wrapped...),
		ExpirationModel: types.ExpirationModelTypeKeyMaterialDoesNotExpire}); err != nil {
		t.Fatal(err)
	}
	public, err := os.ReadFile(in("public"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(publicKey(t, c, id).PublicKey, public) {
		t.Error("another public key")
	}
	s, err := c.Sign(ctx, &kms.SignInput{KeyId: id, Message: []byte("m"), SigningAlgorithm: types.SigningAlgorithmSpecEcdsaSha256})
	if err != nil {
		t.Fatal(err)
	}
	if got := tool(t, "", "openssl", "dgst", "-sha256", "-keyform", "DER", "-verify", in("public"), "-signature", file(t, "s", s.Signature), file(t, "m", []byte("m"))); got != "Verified OK" {
		t.Error(got)
	}
}

// TestUnwrapAES has the vectors of RFC 5649.
func TestUnwrapAES(t *testing.T) {
	kek, _ := hex.DecodeString("5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8")
	for plain, wrapped := range map[string]string{"c37b7e6492584340bed12207808941155068f738": "138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a",
		"466f7250617369": "afbeb0f07dfbf5419200f2ccb50bb24f"} {
		w, _ := hex.DecodeString(wrapped)
		if got, err := unwrapAES(kek, w); err != nil || hexOf(got) != plain {
			t.Errorf("%x, %v", got, err)
		}
		for i := range w {
			forged := bytes.Clone(w)
			forged[i] ^= 1
			if _, err := unwrapAES(kek, forged); err == nil {
				t.Errorf("byte %d of %d is not checked", i, len(w))
			}
		}
	}
}

func FuzzUnwrapAES(f *testing.F) {
	kek := make([]byte, 32)
	w, _ := hex.DecodeString("138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a")
	f.Add(w)
	f.Add([]byte{})
	f.Add(make([]byte, 16))
	f.Fuzz(func(t *testing.T, b []byte) {
		if out, err := unwrapAES(kek, b); err == nil && len(out) > len(b) {
			t.Errorf("%d bytes of %d", len(out), len(b))
		}
	})
}

package kmsfake

import (
	"bytes"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

// importBytes imports 32 times a byte, until a time or (nil) for ever.
func importBytes(t *testing.T, c *kms.Client, id *string, b byte, kind types.ImportType, validTo *time.Time) (materialID string, err error) {
	t.Helper()
	p := parameters(t, c, id, types.AlgorithmSpecRsaesOaepSha256)
	in := &kms.ImportKeyMaterialInput{KeyId: id, ImportToken: p.ImportToken, EncryptedKeyMaterial: wrap(t, p, bytes.Repeat([]byte{b}, 32)), ImportType: kind,
		ExpirationModel: types.ExpirationModelTypeKeyMaterialDoesNotExpire, KeyMaterialDescription: aws.String("material")}
	if validTo != nil {
		in.ExpirationModel, in.ValidTo = types.ExpirationModelTypeKeyMaterialExpires, validTo
	}
	out, err := c.ImportKeyMaterial(t.Context(), in)
	if err != nil {
		return "", err
	}
	return *out.KeyMaterialId, nil
}

func materialStates(t *testing.T, c *kms.Client, id *string) (list []types.KeyMaterialState) {
	t.Helper()
	out, err := c.ListKeyRotations(t.Context(), &kms.ListKeyRotationsInput{KeyId: id, IncludeKeyMaterial: types.IncludeKeyMaterialAllKeyMaterial})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range out.Rotations {
		list = append(list, r.KeyMaterialState)
	}
	return list
}

// TestRotationToImportedMaterial imports a second material and rotates to it; what the
// first has sealed stays readable as long as both are there.
func TestRotationToImportedMaterial(t *testing.T) {
	clock, ctx, dir := newClock(), t.Context(), t.TempDir()
	now := func() time.Time { return clock.now }
	disk := openStore(t, dir, nil)
	c := client(t, newServer(t, Config{Now: now, Store: disk}))
	made, err := c.CreateKey(ctx, &kms.CreateKeyInput{Origin: types.OriginTypeExternal})
	if err != nil {
		t.Fatal(err)
	}
	id, arn := made.KeyMetadata.KeyId, *made.KeyMetadata.Arn
	importIt := func(b byte, kind types.ImportType, validTo *time.Time) (string, error) {
		t.Helper()
		return importBytes(t, c, id, b, kind, validTo)
	}
	states := func() []types.KeyMaterialState { t.Helper(); return materialStates(t, c, id) }
	first, err := importIt(1, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := c.Encrypt(ctx, &kms.EncryptInput{KeyId: id, Plaintext: []byte("kept")})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.RotateKeyOnDemand(ctx, &kms.RotateKeyOnDemandInput{KeyId: id})
	wantError(t, err, "KMSInvalidStateException", "*")
	_, err = importIt(2, types.ImportTypeExistingKeyMaterial, nil)
	wantError(t, err, "IncorrectKeyMaterialException", "*")
	validTo := clock.now.Add(48 * time.Hour)
	second, err := importIt(2, types.ImportTypeNewKeyMaterial, &validTo)
	if err != nil {
		t.Fatal(err)
	}
	_, err = importIt(3, types.ImportTypeNewKeyMaterial, nil)
	wantError(t, err, "KMSInvalidStateException", "*")
	if *describe(t, c, *id).CurrentKeyMaterialId != first {
		t.Error("the new material is used before the rotation")
	}
	if s := states(); len(s) != 2 || s[0] != types.KeyMaterialStateCurrent || s[1] != types.KeyMaterialStatePendingRotation {
		t.Errorf("before the rotation %v", s)
	}
	disk.Close()

	c = client(t, newServer(t, Config{Now: now, Store: openStore(t, dir, nil)}))
	if _, err := c.RotateKeyOnDemand(ctx, &kms.RotateKeyOnDemandInput{KeyId: id}); err != nil {
		t.Fatal(err)
	}
	if s := states(); len(s) != 2 || s[0] != types.KeyMaterialStateNonCurrent || s[1] != types.KeyMaterialStateCurrent || *describe(t, c, *id).CurrentKeyMaterialId != second {
		t.Errorf("after the rotation %v", s)
	}
	opens := func() error {
		_, err := c.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: sealed.CiphertextBlob})
		return err
	}
	if err := opens(); err != nil {
		t.Errorf("after the rotation: %v", err)
	}
	clock.advance(48 * time.Hour) // the second expires: without it the key is of no use
	wantError(t, opens(), "KMSInvalidStateException", arn+" is pending import.")
	if _, err := importIt(2, "", nil); err != nil {
		t.Fatal(err)
	}
	if err := opens(); err != nil {
		t.Errorf("with both again: %v", err)
	}
	if _, err := c.DeleteImportedKeyMaterial(ctx, &kms.DeleteImportedKeyMaterialInput{KeyId: id, KeyMaterialId: &first}); err != nil {
		t.Fatal(err)
	}
	wantError(t, opens(), "KMSInvalidStateException", arn+" is pending import.")
	_, err = c.DeleteImportedKeyMaterial(ctx, &kms.DeleteImportedKeyMaterialInput{KeyId: id, KeyMaterialId: aws.String("0000000000000000000000000000000000000000000000000000000000000000")})
	wantError(t, err, "NotFoundException", "*")
}

package kmsfake

import (
	"bytes"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

// TestRotations rotates by date and on demand; what each generation has sealed stays
// readable, also after a restart.
func TestRotations(t *testing.T) {
	clock, ctx, dir := newClock(), t.Context(), t.TempDir()
	now := func() time.Time { return clock.now }
	disk := openStore(t, dir, nil)
	s := newServer(t, Config{Now: now, Store: disk})
	c := client(t, s)
	k, err := s.CreateKey(ctx, KeyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var plains, blobs [][]byte
	seal := func() {
		t.Helper()
		p, b, err := s.GenerateDataKey(ctx, k.ID, encryptionContext)
		if err != nil {
			t.Fatal(err)
		}
		plains, blobs = append(plains, p), append(blobs, b)
	}
	seal()
	if _, err := c.EnableKeyRotation(ctx, &kms.EnableKeyRotationInput{KeyId: &k.ID, RotationPeriodInDays: aws.Int32(100)}); err != nil {
		t.Fatal(err)
	}
	due := clock.now.AddDate(0, 0, 100)
	clock.advance(10 * 24 * time.Hour)
	demanded := clock.now
	if out, err := c.RotateKeyOnDemand(ctx, &kms.RotateKeyOnDemandInput{KeyId: &k.ID}); err != nil || *out.KeyId != k.ARN {
		t.Fatal(err)
	}
	seal()
	st, err := c.GetKeyRotationStatus(ctx, &kms.GetKeyRotationStatusInput{KeyId: &k.ID})
	if err != nil || !st.NextRotationDate.Equal(due) {
		t.Errorf("rotation on demand has moved the schedule: %+v, %v", st, err)
	}
	clock.advance(90 * 24 * time.Hour)
	seal()
	disk.Close()

	s = newServer(t, Config{Now: now, Store: openStore(t, dir, nil)})
	c = client(t, s)
	ids := map[string]bool{}
	for i, b := range blobs {
		d, err := c.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: b, EncryptionContext: encryptionContext})
		if err != nil || !bytes.Equal(d.Plaintext, plains[i]) {
			t.Fatalf("generation %d: %v", i, err)
		}
		ids[*d.KeyMaterialId] = true
	}
	if len(ids) != 3 {
		t.Errorf("%d generations", len(ids))
	}
	list, err := c.ListKeyRotations(ctx, &kms.ListKeyRotationsInput{KeyId: &k.ID, Limit: aws.Int32(1)})
	if err != nil || len(list.Rotations) != 1 || !list.Truncated || list.Rotations[0].RotationType != types.RotationTypeOnDemand || !list.Rotations[0].RotationDate.Equal(demanded) {
		t.Fatalf("rotations %+v, %v", list, err)
	}
	list, err = c.ListKeyRotations(ctx, &kms.ListKeyRotationsInput{KeyId: &k.ID, Limit: aws.Int32(1), Marker: list.NextMarker})
	if err != nil || len(list.Rotations) != 1 || list.Truncated || list.Rotations[0].RotationType != types.RotationTypeAutomatic || !list.Rotations[0].RotationDate.Equal(due) {
		t.Errorf("rotations %+v, %v", list, err)
	}
	all, err := c.ListKeyRotations(ctx, &kms.ListKeyRotationsInput{KeyId: &k.ID, IncludeKeyMaterial: types.IncludeKeyMaterialAllKeyMaterial})
	if err != nil || len(all.Rotations) != 3 || all.Rotations[0].KeyMaterialState != types.KeyMaterialStateNonCurrent || all.Rotations[2].KeyMaterialState != types.KeyMaterialStateCurrent {
		t.Errorf("materials %+v, %v", all, err)
	}
	if _, err := c.DisableKeyRotation(ctx, &kms.DisableKeyRotationInput{KeyId: &k.ID}); err != nil {
		t.Fatal(err)
	}
	for range maxOnDemand - 1 {
		if _, err := c.RotateKeyOnDemand(ctx, &kms.RotateKeyOnDemandInput{KeyId: &k.ID}); err != nil {
			t.Fatal(err)
		}
	}
	_, err = c.RotateKeyOnDemand(ctx, &kms.RotateKeyOnDemandInput{KeyId: &k.ID})
	wantError(t, err, "LimitExceededException", "*")
	if _, err := s.Decrypt(ctx, blobs[0], encryptionContext); err != nil {
		t.Errorf("after all: %v", err)
	}
}

func TestWhatDoesNotRotate(t *testing.T) {
	c, ctx := client(t, newServer(t, Config{})), t.Context()
	rsa := makeKey(t, c, types.KeySpecEccNistP256, types.KeyUsageTypeSignVerify)
	_, err := c.EnableKeyRotation(ctx, &kms.EnableKeyRotationInput{KeyId: rsa.KeyId})
	wantError(t, err, "UnsupportedOperationException", "*")
	_, err = c.RotateKeyOnDemand(ctx, &kms.RotateKeyOnDemandInput{KeyId: rsa.KeyId})
	wantError(t, err, "UnsupportedOperationException", "*")
	managed, err := c.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String("alias/aws/rds")})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.RotateKeyOnDemand(ctx, &kms.RotateKeyOnDemandInput{KeyId: managed.KeyMetadata.KeyId})
	wantError(t, err, "AccessDeniedException", "*")
	sym := makeKey(t, c, types.KeySpecSymmetricDefault, types.KeyUsageTypeEncryptDecrypt)
	if _, err := c.DisableKey(ctx, &kms.DisableKeyInput{KeyId: sym.KeyId}); err != nil {
		t.Fatal(err)
	}
	_, err = c.RotateKeyOnDemand(ctx, &kms.RotateKeyOnDemandInput{KeyId: sym.KeyId})
	wantError(t, err, "DisabledException", *sym.Arn+" is disabled.")
}

func TestLastUsage(t *testing.T) {
	clock := newClock()
	s := newServer(t, Config{Now: func() time.Time { return clock.now }})
	k, err := s.CreateKey(t.Context(), KeyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	usage := func() *lastUsageOutput { // the SDK's version here does not have the operation
		t.Helper()
		out, err := s.getKeyLastUsage(&keyInput{&k.ID})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if u := usage(); u.KeyLastUsage != nil || !u.TrackingStartDate.Equal(clock.now) || u.KeyId != k.ARN {
		t.Errorf("new: %+v", u)
	}
	_, blob, err := s.GenerateDataKey(t.Context(), k.ID, nil)
	if err != nil {
		t.Fatal(err)
	}
	if u := usage(); u.KeyLastUsage == nil || u.KeyLastUsage.Operation != "GenerateDataKey" {
		t.Errorf("used: %+v", u)
	}
	clock.advance(time.Hour)
	if _, err := s.Decrypt(t.Context(), blob, encryptionContext); err == nil {
		t.Error("under another context")
	}
	if u := usage(); u.KeyLastUsage.Operation != "GenerateDataKey" {
		t.Errorf("after a failure: %+v", u.KeyLastUsage)
	}
	if _, err := s.Decrypt(t.Context(), blob, nil); err != nil {
		t.Fatal(err)
	}
	if u := usage(); u.KeyLastUsage.Operation != "Decrypt" || !u.KeyLastUsage.Timestamp.Equal(clock.now) {
		t.Errorf("used again: %+v", u.KeyLastUsage)
	}
}

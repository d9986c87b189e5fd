package kmsfake

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

var encryptionContext = map[string]string{"aws:rds:dbc-id": "cluster-4HNY5V4RRNPKKYB7ICFKE5JBQQ"}

func TestDataKey(t *testing.T) {
	c := client(t, newServer(t, Config{}))
	ctx := t.Context()
	made, err := c.CreateKey(ctx, &kms.CreateKeyInput{Description: aws.String("das")})
	if err != nil {
		t.Fatal(err)
	}
	m := made.KeyMetadata
	if m.KeyState != types.KeyStateEnabled || !m.Enabled || m.KeyManager != types.KeyManagerTypeCustomer ||
		m.KeySpec != types.KeySpecSymmetricDefault || *m.Description != "das" || m.CreationDate.IsZero() {
		t.Errorf("metadata %+v", m)
	}
	if _, err := c.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/das"), TargetKeyId: m.KeyId}); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{*m.KeyId, *m.Arn, "alias/das", "arn:aws:kms:us-east-1:000000000000:alias/das"} {
		dk, err := c.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: &id, KeySpec: types.DataKeySpecAes256, EncryptionContext: encryptionContext})
		if err != nil {
			t.Fatalf("%s: %v", id, err)
		}
		if len(dk.Plaintext) != 32 || len(dk.CiphertextBlob) != 184 || *dk.KeyId != *m.Arn {
			t.Errorf("%s: plaintext %d, blob %d, key %s", id, len(dk.Plaintext), len(dk.CiphertextBlob), *dk.KeyId)
		}
		if b64 := base64.StdEncoding.EncodeToString(dk.CiphertextBlob); !strings.HasPrefix(b64, "AQIDAH") || len(b64) != 248 {
			t.Errorf("blob %s", b64)
		}
		out, err := c.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: dk.CiphertextBlob, EncryptionContext: encryptionContext})
		if err != nil {
			t.Fatalf("%s: %v", id, err)
		}
		if !bytes.Equal(out.Plaintext, dk.Plaintext) || *out.KeyId != *m.Arn || *out.KeyMaterialId != *m.CurrentKeyMaterialId {
			t.Errorf("%s: decrypted to something else", id)
		}
	}
}

func TestEncryptAndReEncrypt(t *testing.T) {
	c := client(t, newServer(t, Config{}))
	ctx := t.Context()
	var ids [2]*string
	for i := range ids {
		k, err := c.CreateKey(ctx, &kms.CreateKeyInput{})
		if err != nil {
			t.Fatal(err)
		}
		ids[i] = k.KeyMetadata.KeyId
	}
	for _, n := range []int{1, 31, 69, 70, 100, 101, 230, 255, 256, 948, 1000, 1024, 4095, 4096} {
		plain := bytes.Repeat([]byte{7}, n)
		e, err := c.Encrypt(ctx, &kms.EncryptInput{KeyId: ids[0], Plaintext: plain, EncryptionContext: encryptionContext})
		if err != nil {
			t.Fatal(err)
		}
		r, err := c.ReEncrypt(ctx, &kms.ReEncryptInput{CiphertextBlob: e.CiphertextBlob, SourceEncryptionContext: encryptionContext, DestinationKeyId: ids[1]})
		if err != nil {
			t.Fatalf("%d bytes: %v", n, err)
		}
		d, err := c.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: r.CiphertextBlob, KeyId: ids[1]})
		if err != nil || !bytes.Equal(d.Plaintext, plain) {
			t.Fatalf("%d bytes: %v", n, err)
		}
		_, err = c.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: r.CiphertextBlob, KeyId: ids[0]})
		wantError(t, err, "IncorrectKeyException", "The key ID in the request does not identify a CMK that can perform this operation.")
	}
	_, err := c.Encrypt(ctx, &kms.EncryptInput{KeyId: ids[0], Plaintext: make([]byte, 4097)})
	wantError(t, err, "ValidationException", "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must have length less than or equal to 4096")
	r, err := c.GenerateRandom(ctx, &kms.GenerateRandomInput{NumberOfBytes: aws.Int32(7)})
	if err != nil || len(r.Plaintext) != 7 {
		t.Errorf("random: %v", err)
	}
	w, err := c.GenerateDataKeyWithoutPlaintext(ctx, &kms.GenerateDataKeyWithoutPlaintextInput{KeyId: ids[0], NumberOfBytes: aws.Int32(16)})
	if err != nil || len(w.CiphertextBlob) != 168 {
		t.Errorf("data key without plaintext: %v", err)
	}
}

func TestDecryptRefuses(t *testing.T) {
	clock := newClock()
	s := newServer(t, Config{Now: func() time.Time { return clock.now }})
	c := client(t, s)
	ctx := t.Context()
	k, err := s.CreateKey(ctx, KeyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, blob, err := s.GenerateDataKey(ctx, k.ID, encryptionContext)
	if err != nil {
		t.Fatal(err)
	}
	decrypt := func(b []byte, context map[string]string) error {
		_, err := c.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: b, EncryptionContext: context})
		return err
	}
	for name, context := range map[string]map[string]string{"none": nil, "other cluster": {"aws:rds:dbc-id": "cluster-X"},
		"more": {"aws:rds:dbc-id": "cluster-4HNY5V4RRNPKKYB7ICFKE5JBQQ", "a": "b"}, "other key": {"aws:rds:db-id": "cluster-4HNY5V4RRNPKKYB7ICFKE5JBQQ"}} {
		t.Run("context "+name, func(t *testing.T) { wantError(t, decrypt(blob, context), "InvalidCiphertextException", "") })
	}
	for _, b := range [][]byte{{1}, []byte("garbage"), blob[:183], append(bytes.Clone(blob), 0)} {
		wantError(t, decrypt(b, encryptionContext), "InvalidCiphertextException", "")
	}
	if _, err := c.DisableKey(ctx, &kms.DisableKeyInput{KeyId: &k.ID}); err != nil {
		t.Fatal(err)
	}
	wantError(t, decrypt(blob, encryptionContext), "DisabledException", k.ARN+" is disabled.")
	_, _, err = s.GenerateDataKey(ctx, k.ID, nil)
	if err == nil || !strings.Contains(err.Error(), "is disabled.") {
		t.Errorf("in process: %v", err)
	}
	if _, err := c.EnableKey(ctx, &kms.EnableKeyInput{KeyId: &k.ID}); err != nil {
		t.Fatal(err)
	}
	if err := decrypt(blob, encryptionContext); err != nil {
		t.Errorf("enabled again: %v", err)
	}
	d, err := c.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: &k.ID, PendingWindowInDays: aws.Int32(7)})
	if err != nil || !d.DeletionDate.Equal(clock.now.AddDate(0, 0, 7)) || d.KeyState != types.KeyStatePendingDeletion {
		t.Fatalf("schedule: %+v, %v", d, err)
	}
	wantError(t, decrypt(blob, encryptionContext), "KMSInvalidStateException", k.ARN+" is pending deletion.")
	if _, err := c.CancelKeyDeletion(ctx, &kms.CancelKeyDeletionInput{KeyId: &k.ID}); err != nil {
		t.Fatal(err)
	}
	wantError(t, decrypt(blob, encryptionContext), "DisabledException", k.ARN+" is disabled.")
	if _, err := c.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: &k.ID, PendingWindowInDays: aws.Int32(7)}); err != nil {
		t.Fatal(err)
	}
	clock.advance(7 * 24 * time.Hour)
	wantError(t, decrypt(blob, encryptionContext), "NotFoundException", "Key '"+k.ARN+"' does not exist")
	_, err = c.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &k.ID})
	wantError(t, err, "NotFoundException", "Key '"+k.ARN+"' does not exist")
}

func TestKeyForms(t *testing.T) {
	s := newServer(t, Config{})
	c := client(t, s)
	const arn = "arn:aws:kms:us-east-1:000000000000:"
	const missing = "11111111-2222-3333-4444-555555555555"
	for id, want := range map[string]string{
		"fake-key-id":          "NotFoundException: Invalid keyId 'fake-key-id'",
		missing:                "NotFoundException: Key '" + arn + "key/" + missing + "' does not exist",
		arn + "key/" + missing: "NotFoundException: Key '" + arn + "key/" + missing + "' does not exist",
		"alias/nope":           "NotFoundException: Alias " + arn + "alias/nope is not found.",
		arn + "alias/nope":     "NotFoundException: Alias " + arn + "alias/nope is not found.",
		"arn:aws:kms:us-west-2:000000000000:key/" + missing: "NotFoundException: Invalid arn us-west-2",
	} {
		_, err := c.DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: &id})
		code, message, _ := strings.Cut(want, ": ")
		wantError(t, err, code, message)
	}
	d, err := c.DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: aws.String("alias/aws/rds")})
	if err != nil || d.KeyMetadata.KeyManager != types.KeyManagerTypeAws {
		t.Fatalf("alias/aws/rds: %+v, %v", d, err)
	}
	_, err = c.GenerateDataKey(t.Context(), &kms.GenerateDataKeyInput{KeyId: aws.String("alias/aws/rds"), KeySpec: types.DataKeySpecAes256})
	wantError(t, err, "AccessDeniedException", "*")
	_, err = c.ScheduleKeyDeletion(t.Context(), &kms.ScheduleKeyDeletionInput{KeyId: d.KeyMetadata.KeyId})
	wantError(t, err, "AccessDeniedException", "*")
	k, err := s.LookupKey(t.Context(), "alias/aws/rds")
	if err != nil || !k.AWSManaged || !k.Enabled || !k.Symmetric {
		t.Errorf("look up: %+v, %v", k, err)
	}
}

func TestCustomIDAndMaterial(t *testing.T) {
	material := bytes.Repeat([]byte{42}, 32)
	tags := []types.Tag{{TagKey: aws.String("_custom_id_"), TagValue: aws.String("00000000-0000-4000-8000-000000000001")},
		{TagKey: aws.String("_custom_key_material_"), TagValue: aws.String(base64.StdEncoding.EncodeToString(material))},
		{TagKey: aws.String("team"), TagValue: aws.String("audit")}}
	c := client(t, newServer(t, Config{}))
	ctx := t.Context()
	k, err := c.CreateKey(ctx, &kms.CreateKeyInput{Tags: tags})
	if err != nil || *k.KeyMetadata.KeyId != *tags[0].TagValue {
		t.Fatalf("create: %v", err)
	}
	_, err = c.CreateKey(ctx, &kms.CreateKeyInput{Tags: tags})
	wantError(t, err, "AlreadyExistsException", "*")
	l, err := c.ListResourceTags(ctx, &kms.ListResourceTagsInput{KeyId: k.KeyMetadata.KeyId})
	if err != nil || len(l.Tags) != 1 || *l.Tags[0].TagKey != "team" {
		t.Errorf("tags %v, %v", l, err)
	}
	e, err := c.Encrypt(ctx, &kms.EncryptInput{KeyId: k.KeyMetadata.KeyId, Plaintext: []byte("kept")})
	if err != nil {
		t.Fatal(err)
	}
	// Another server with the same key opens it; one with other material does not.
	again := newServer(t, Config{})
	if _, err := again.CreateKey(ctx, KeyOptions{ID: *tags[0].TagValue, Material: material, Alias: "alias/seeded"}); err != nil {
		t.Fatal(err)
	}
	if p, err := again.Decrypt(ctx, e.CiphertextBlob, nil); err != nil || string(p) != "kept" {
		t.Errorf("seeded key: %q, %v", p, err)
	}
	other := newServer(t, Config{})
	if _, err := other.CreateKey(ctx, KeyOptions{ID: *tags[0].TagValue}); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Decrypt(ctx, e.CiphertextBlob, nil); err == nil {
		t.Error("another key opened the blob")
	}
}

func TestManagement(t *testing.T) {
	clock := newClock()
	s := newServer(t, Config{Now: func() time.Time { return clock.now }})
	c := client(t, s)
	ctx := t.Context()
	for range 12 {
		if _, err := s.CreateKey(ctx, KeyOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	seen := 0
	for p := kms.NewListKeysPaginator(c, &kms.ListKeysInput{Limit: aws.Int32(5)}); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		seen += len(page.Keys)
	}
	if seen != 13 {
		t.Errorf("listed %d keys, want 12 and alias/aws/rds", seen)
	}
	k, err := s.CreateKey(ctx, KeyOptions{Alias: "alias/one"})
	if err != nil {
		t.Fatal(err)
	}
	_, blob, err := s.GenerateDataKey(ctx, "alias/one", nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/one"), TargetKeyId: &k.ID})
	wantError(t, err, "AlreadyExistsException", "An alias with the name arn:aws:kms:us-east-1:000000000000:alias/one already exists")
	_, err = c.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String("one"), TargetKeyId: &k.ID})
	wantError(t, err, "ValidationException", `Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html`)
	_, err = c.TagResource(ctx, &kms.TagResourceInput{KeyId: &k.ID, Tags: []types.Tag{{TagKey: aws.String("a"), TagValue: aws.String("1")}, {TagKey: aws.String("a"), TagValue: aws.String("2")}}})
	wantError(t, err, "TagException", "Duplicate tag keys")
	_, err = c.Encrypt(ctx, &kms.EncryptInput{KeyId: &k.ID, Plaintext: []byte("x"), DryRun: aws.Bool(true)})
	wantError(t, err, "DryRunOperationException", "The request would have succeeded, but the DryRun option is set.")
	_, err = c.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: &k.ID})
	wantError(t, err, "ValidationException", "Please specify either number of bytes or key spec.")

	if _, err := c.EnableKeyRotation(ctx, &kms.EnableKeyRotationInput{KeyId: &k.ID, RotationPeriodInDays: aws.Int32(90)}); err != nil {
		t.Fatal(err)
	}
	before := describe(t, c, k.ID)
	clock.advance(91 * 24 * time.Hour)
	if after := describe(t, c, k.ID); *after.CurrentKeyMaterialId == *before.CurrentKeyMaterialId {
		t.Error("key did not rotate")
	}
	if _, err := s.Decrypt(ctx, blob, nil); err != nil {
		t.Errorf("old blob after rotation: %v", err)
	}
	st, err := c.GetKeyRotationStatus(ctx, &kms.GetKeyRotationStatusInput{KeyId: &k.ID})
	if err != nil || !st.KeyRotationEnabled || *st.RotationPeriodInDays != 90 || !st.NextRotationDate.After(clock.now) {
		t.Errorf("rotation %+v, %v", st, err)
	}
	p, err := c.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: &k.ID})
	if err != nil || !strings.Contains(*p.Policy, "arn:aws:iam::000000000000:root") {
		t.Errorf("policy %v", err)
	}
	_, err = c.PutKeyPolicy(ctx, &kms.PutKeyPolicyInput{KeyId: &k.ID, Policy: aws.String("{")})
	wantError(t, err, "MalformedPolicyDocumentException", "*")
	r, err := c.CreateKey(ctx, &kms.CreateKeyInput{KeySpec: types.KeySpecRsa2048, KeyUsage: types.KeyUsageTypeSignVerify})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Encrypt(ctx, &kms.EncryptInput{KeyId: r.KeyMetadata.KeyId, Plaintext: []byte("x")})
	wantError(t, err, "InvalidKeyUsageException", *r.KeyMetadata.Arn+" key usage is SIGN_VERIFY which is not valid for Encrypt.")
	_, err = c.Sign(ctx, &kms.SignInput{KeyId: &k.ID, Message: []byte("x"), SigningAlgorithm: types.SigningAlgorithmSpecRsassaPssSha256})
	wantError(t, err, "InvalidKeyUsageException", k.ARN+" key usage is ENCRYPT_DECRYPT which is not valid for Sign.")
}

func describe(t *testing.T, c *kms.Client, id string) *types.KeyMetadata {
	t.Helper()
	d, err := c.DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: &id})
	if err != nil {
		t.Fatal(err)
	}
	return d.KeyMetadata
}

package kmsfake

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

func TestReplicateKey(t *testing.T) {
	c, ctx := client(t, newServer(t, Config{})), t.Context()
	made, err := c.CreateKey(ctx, &kms.CreateKeyInput{MultiRegion: aws.Bool(true)})
	if err != nil {
		t.Fatal(err)
	}
	id, arn := made.KeyMetadata.KeyId, *made.KeyMetadata.Arn
	if !strings.HasPrefix(*id, "mrk-") || !isKeyID(*id) || !*made.KeyMetadata.MultiRegion || made.KeyMetadata.MultiRegionConfiguration.MultiRegionKeyType != types.MultiRegionKeyTypePrimary {
		t.Errorf("primary %+v", made.KeyMetadata)
	}
	replica := strings.Replace(arn, "us-east-1", "eu-west-2", 1)
	_, err = c.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &replica})
	wantError(t, err, "NotFoundException", "Invalid arn eu-west-2")
	r, err := c.ReplicateKey(ctx, &kms.ReplicateKeyInput{KeyId: id, ReplicaRegion: aws.String("eu-west-2"), Description: aws.String("copy"), Tags: []types.Tag{{TagKey: aws.String("a"), TagValue: aws.String("b")}}})
	if err != nil {
		t.Fatal(err)
	}
	if m := r.ReplicaKeyMetadata; *m.Arn != replica || m.KeyState != types.KeyStateCreating || m.Enabled || m.MultiRegionConfiguration.MultiRegionKeyType != types.MultiRegionKeyTypeReplica ||
		*m.MultiRegionConfiguration.PrimaryKey.Arn != arn || len(m.MultiRegionConfiguration.ReplicaKeys) != 1 || len(r.ReplicaTags) != 1 || *r.ReplicaPolicy == "" {
		t.Errorf("replica %+v", m)
	}
	for region, code := range map[string]string{"eu-west-2": "AlreadyExistsException", "us-east-1": "AlreadyExistsException", "cn-north-1": "ValidationException", "xx-nowhere-1": "ValidationException"} {
		_, err = c.ReplicateKey(ctx, &kms.ReplicateKeyInput{KeyId: id, ReplicaRegion: &region})
		wantError(t, err, code, "*")
	}
	usual := makeKey(t, c, types.KeySpecSymmetricDefault, types.KeyUsageTypeEncryptDecrypt)
	for _, wrong := range []*string{usual.KeyId, &replica} {
		_, err = c.ReplicateKey(ctx, &kms.ReplicateKeyInput{KeyId: wrong, ReplicaRegion: aws.String("eu-west-3")})
		wantError(t, err, "UnsupportedOperationException", "*")
	}
}

// replicated makes a multi-Region key with a replica, and returns their ARNs.
func replicated(t *testing.T, c *kms.Client) (id *string, primary, replica string) {
	t.Helper()
	made, err := c.CreateKey(t.Context(), &kms.CreateKeyInput{MultiRegion: aws.Bool(true)})
	if err != nil {
		t.Fatal(err)
	}
	r, err := c.ReplicateKey(t.Context(), &kms.ReplicateKeyInput{KeyId: made.KeyMetadata.KeyId, ReplicaRegion: aws.String("eu-west-2")})
	if err != nil {
		t.Fatal(err)
	}
	return made.KeyMetadata.KeyId, *made.KeyMetadata.Arn, *r.ReplicaKeyMetadata.Arn
}

func TestReplicasAreOneKey(t *testing.T) {
	clock, ctx, dir := newClock(), t.Context(), t.TempDir()
	now := func() time.Time { return clock.now }
	disk := openStore(t, dir, nil)
	c := client(t, newServer(t, Config{Now: now, Store: disk}))
	id, arn, replica := replicated(t, c)
	usual := makeKey(t, c, types.KeySpecSymmetricDefault, types.KeyUsageTypeEncryptDecrypt)

	// What one Region has sealed the other opens; each answers with its own ARN.
	seal := func(key string) []byte {
		t.Helper()
		e, err := c.Encrypt(ctx, &kms.EncryptInput{KeyId: &key, Plaintext: []byte("both"), EncryptionContext: encryptionContext})
		if err != nil || *e.KeyId != key {
			t.Fatalf("encrypt: %v", err)
		}
		return e.CiphertextBlob
	}
	opens := func(key string, blob []byte) {
		t.Helper()
		d, err := c.Decrypt(ctx, &kms.DecryptInput{KeyId: &key, CiphertextBlob: blob, EncryptionContext: encryptionContext})
		if err != nil || string(d.Plaintext) != "both" || *d.KeyId != key {
			t.Errorf("decrypt: %v", err)
		}
	}
	opens(replica, seal(arn))
	there := seal(replica)
	opens(arn, there)
	_, err := c.Decrypt(ctx, &kms.DecryptInput{KeyId: usual.KeyId, CiphertextBlob: there, EncryptionContext: encryptionContext})
	wantError(t, err, "IncorrectKeyException", "*")

	// Rotation is the primary's; the replica follows.
	if _, err := c.RotateKeyOnDemand(ctx, &kms.RotateKeyOnDemandInput{KeyId: id}); err != nil {
		t.Fatal(err)
	}
	_, err = c.RotateKeyOnDemand(ctx, &kms.RotateKeyOnDemandInput{KeyId: &replica})
	wantError(t, err, "UnsupportedOperationException", "*")
	opens(replica, seal(arn))
	opens(replica, there)

	_, err = c.UpdatePrimaryRegion(ctx, &kms.UpdatePrimaryRegionInput{KeyId: id, PrimaryRegion: aws.String("eu-west-3")})
	wantError(t, err, "NotFoundException", "*")
	if _, err := c.UpdatePrimaryRegion(ctx, &kms.UpdatePrimaryRegionInput{KeyId: id, PrimaryRegion: aws.String("eu-west-2")}); err != nil {
		t.Fatal(err)
	}
	disk.Close()

	c = client(t, newServer(t, Config{Now: now, Store: openStore(t, dir, nil)}))
	if m := describe(t, c, *id).MultiRegionConfiguration; m.MultiRegionKeyType != types.MultiRegionKeyTypeReplica || *m.PrimaryKey.Region != "eu-west-2" {
		t.Errorf("after the move and a restart: %+v", m)
	}
	opens(arn, there)
	opens(replica, seal(arn))
	if l, err := c.ListKeys(ctx, &kms.ListKeysInput{}); err != nil || len(l.Keys) != 3 {
		t.Errorf("keys of this Region: %+v, %v", l, err)
	}
}

// TestPrimaryOutlivesItsReplicas: the primary waits for its replicas, then its own
// window begins.
func TestPrimaryOutlivesItsReplicas(t *testing.T) {
	clock, ctx := newClock(), t.Context()
	c := client(t, newServer(t, Config{Now: func() time.Time { return clock.now }}))
	id, arn, replica := replicated(t, c)
	sealed, err := c.Encrypt(ctx, &kms.EncryptInput{KeyId: &replica, Plaintext: []byte("both")})
	if err != nil {
		t.Fatal(err)
	}
	d, err := c.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: id, PendingWindowInDays: aws.Int32(7)})
	if err != nil || d.KeyState != types.KeyStatePendingReplicaDeletion || d.DeletionDate != nil {
		t.Errorf("schedule: %+v, %v", d, err)
	}
	_, err = c.Encrypt(ctx, &kms.EncryptInput{KeyId: id, Plaintext: []byte("x")})
	wantError(t, err, "KMSInvalidStateException", arn+" is pending replica deletion.")
	if _, err := c.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: &replica, PendingWindowInDays: aws.Int32(7)}); err != nil {
		t.Fatal(err)
	}
	begin := clock.now
	clock.advance(8 * 24 * time.Hour)
	if m := describe(t, c, *id); m.KeyState != types.KeyStatePendingDeletion || !m.DeletionDate.Equal(begin.AddDate(0, 0, 14)) {
		t.Errorf("the primary %+v", m)
	}
	_, err = c.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &replica})
	wantError(t, err, "NotFoundException", "*")
	clock.advance(7 * 24 * time.Hour)
	_, err = c.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: sealed.CiphertextBlob})
	wantError(t, err, "NotFoundException", "Key '"+arn+"' does not exist")
}

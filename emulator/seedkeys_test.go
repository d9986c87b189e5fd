package emulator

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
)

// TestSeededKMSKeys opens, under a seeded key, what another emulator has sealed
// under it.
func TestSeededKMSKeys(t *testing.T) {
	const id = "7d6779b2-2de5-48ed-834f-a3009d2c2228"
	seeded := []Key{{ID: id, Material: bytes.Repeat([]byte{7}, 32)}}
	encryption := map[string]string{"aws:rds:dbc-id": "cluster-X"}
	dir := dataDir(t)
	first := startOn(t, Options{DataDir: dir, Keys: seeded})
	made, err := kms.NewFromConfig(first.AWSConfig()).GenerateDataKey(t.Context(), &kms.GenerateDataKeyInput{KeyId: aws.String(id), KeySpec: "AES_256", EncryptionContext: encryption})
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	b := newBed(t, Options{Keys: seeded})
	opened, err := b.kms.Decrypt(t.Context(), &kms.DecryptInput{CiphertextBlob: made.CiphertextBlob, EncryptionContext: encryption})
	if err != nil || !bytes.Equal(opened.Plaintext, made.Plaintext) {
		t.Errorf("in another emulator: %v", err)
	}
	// Deletion windows are on the emulator's clock.
	if _, err := b.kms.ScheduleKeyDeletion(t.Context(), &kms.ScheduleKeyDeletionInput{KeyId: aws.String(id), PendingWindowInDays: aws.Int32(7)}); err != nil {
		t.Fatal(err)
	}
	b.clock.Advance(7 * 24 * time.Hour)
	if _, err := b.kms.DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: aws.String(id)}); err == nil || !strings.Contains(err.Error(), "NotFoundException") {
		t.Errorf("after its window: %v", err)
	}
	_, err = Start(t.Context(), Options{DataDir: dir, Keys: []Key{{ID: id, Material: make([]byte, 32)}}, Logger: slog.New(slog.DiscardHandler)})
	if err == nil || !strings.Contains(err.Error(), "other material") {
		t.Errorf("with other bytes for a key that the directory has: %v", err)
	}
}

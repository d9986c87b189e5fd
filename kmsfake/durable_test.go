package kmsfake

import (
	"bytes"
	"log/slog"
	"reflect"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/das-local/das-local/internal/await"
	"github.com/das-local/das-local/internal/store"
)

func openStore(t *testing.T, dir string, fault store.Fault) *store.Store {
	t.Helper()
	s, err := store.Open(store.Config{Dir: dir, Fault: fault, Patience: 10 * time.Millisecond, Backoff: time.Millisecond,
		Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestKeysAreThereAfterARestart(t *testing.T) {
	ctx, dir, clk := t.Context(), t.TempDir(), newClock()
	disk := openStore(t, dir, nil)
	s := newServer(t, Config{Store: disk, Now: func() time.Time { return clk.now }})
	c := client(t, s)
	k, err := s.CreateKey(ctx, KeyOptions{Alias: "alias/one", Description: "first"})
	if err != nil {
		t.Fatal(err)
	}
	gone, err := s.CreateKey(ctx, KeyOptions{Alias: "alias/gone"})
	if err != nil {
		t.Fatal(err)
	}
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	encryption := map[string]string{"aws:rds:dbc-id": "cluster-X"}
	_, before, err := s.GenerateDataKey(ctx, k.ID, encryption)
	must(nil, err)
	_, ofGone, err := s.GenerateDataKey(ctx, gone.ID, encryption)
	must(nil, err)
	must(c.EnableKeyRotation(ctx, &kms.EnableKeyRotationInput{KeyId: &k.ID, RotationPeriodInDays: aws.Int32(90)}))
	must(c.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/two"), TargetKeyId: &k.ID}))
	must(c.DeleteAlias(ctx, &kms.DeleteAliasInput{AliasName: aws.String("alias/one")}))
	must(c.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: &gone.ID, PendingWindowInDays: aws.Int32(7)}))
	clk.advance(91 * 24 * time.Hour) // the key is rotated by its next use, the other one deleted
	plain, after, err := s.GenerateDataKey(ctx, "alias/two", encryption)
	must(nil, err)
	list := func(s *Server) any {
		c := client(t, s)
		keys, err := c.ListKeys(ctx, &kms.ListKeysInput{})
		must(nil, err)
		aliases, err := c.ListAliases(ctx, &kms.ListAliasesInput{})
		must(nil, err)
		described, err := c.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &k.ID})
		must(nil, err)
		return []any{keys.Keys, aliases.Aliases, described.KeyMetadata}
	}
	was := list(s)
	disk.Close()

	s = newServer(t, Config{Store: openStore(t, dir, nil), Now: func() time.Time { return clk.now }})
	if is := list(s); !reflect.DeepEqual(is, was) {
		t.Errorf("the state is\n%+v\nit was\n%+v", is, was)
	}
	if got, err := s.Decrypt(ctx, after, encryption); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("the newest data key: %v", err)
	}
	if _, err := s.Decrypt(ctx, before, encryption); err != nil {
		t.Errorf("the data key of before the rotation: %v", err)
	}
	_, err = client(t, s).Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: ofGone, EncryptionContext: encryption})
	wantError(t, err, "NotFoundException", "*")
}

// TestAKeyThatIsNotStored checks that a bad disk is an error to the caller, and that
// the next call stores what was left.
func TestAKeyThatIsNotStored(t *testing.T) {
	var bad atomic.Bool
	dir := t.TempDir()
	disk := openStore(t, dir, func(_, _ string) error {
		if bad.Load() {
			return syscall.ENOSPC
		}
		return nil
	})
	s := newServer(t, Config{Store: disk})
	bad.Store(true)
	_, err := client(t, s).CreateKey(t.Context(), &kms.CreateKeyInput{})
	wantError(t, err, "KMSInternalException", "*")
	bad.Store(false)
	var id string
	await.Seen(t, "the recovery of the disk", func() (any, bool) {
		k, err := s.CreateKey(t.Context(), KeyOptions{})
		id = k.ID
		return err, err == nil
	})
	disk.Close()
	if _, err := newServer(t, Config{Store: openStore(t, dir, nil)}).LookupKey(t.Context(), id); err != nil {
		t.Error(err)
	}
}

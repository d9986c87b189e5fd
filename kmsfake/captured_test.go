package kmsfake

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
)

// captured is a data key that somebody has made under a key whose bytes are known.
type captured struct {
	Of, KeyID                 string
	Material, Plaintext, Blob []byte
	Context                   map[string]string
}

// FuzzOpenPlain opens forged blobs of the other form under a key that takes them.
func FuzzOpenPlain(f *testing.F) {
	list := readCaptured(f)
	for _, one := range list[1:] {
		f.Add(one.Blob)
		f.Add(one.Blob[:plainID])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < plainID {
			return
		}
		one := list[1] // the other has the same key and context
		if p, err := openPlain(one.Material, b, one.Context); err == nil && !bytes.Equal(p, one.Plaintext) && !bytes.Equal(p, list[2].Plaintext) {
			t.Errorf("forged: %x", p)
		}
	})
}

func readCaptured(t testing.TB) (list []captured) {
	t.Helper()
	b, err := os.ReadFile("testdata/captured.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &list); err != nil || len(list) != 3 {
		t.Fatalf("%d captures: %v", len(list), err)
	}
	return list
}

// TestCapturedDataKeysReplay opens what an earlier das-local and another emulator
// have sealed, under keys that are seeded with the same id and bytes.
func TestCapturedDataKeysReplay(t *testing.T) {
	dir := t.TempDir()
	disk := openStore(t, dir, nil)
	s := newServer(t, Config{Store: disk})
	for _, one := range readCaptured(t) {
		seed := KeyOptions{ID: one.KeyID, Material: bytes.Clone(one.Material)}
		if _, err := s.SeedKey(t.Context(), seed); err != nil {
			t.Fatal(err)
		}
		if _, err := s.SeedKey(t.Context(), seed); err != nil {
			t.Errorf("the same again: %v", err)
		}
		seed.Material[0]++
		if _, err := s.SeedKey(t.Context(), seed); err == nil {
			t.Error("other material for a key that is there")
		}
	}
	disk.Close()
	s = newServer(t, Config{Store: openStore(t, dir, nil)})
	c := client(t, s)
	for _, one := range readCaptured(t) {
		t.Run(one.Of, func(t *testing.T) {
			out, err := c.Decrypt(t.Context(), &kms.DecryptInput{CiphertextBlob: one.Blob, EncryptionContext: one.Context})
			if err != nil || !bytes.Equal(out.Plaintext, one.Plaintext) {
				t.Fatalf("decrypt: %v", err)
			}
			for _, context := range []map[string]string{nil, {"aws:rds:dbc-id": "cluster-X"}} {
				_, err := c.Decrypt(t.Context(), &kms.DecryptInput{CiphertextBlob: one.Blob, EncryptionContext: context})
				wantError(t, err, "InvalidCiphertextException", "")
			}
			for n := range len(one.Blob) {
				if _, err := s.Decrypt(t.Context(), one.Blob[:n], one.Context); err == nil {
					t.Errorf("%d bytes of it open", n)
				}
			}
			for i := range one.Blob {
				forged := bytes.Clone(one.Blob)
				forged[i] ^= 1
				if _, err := s.Decrypt(t.Context(), forged, one.Context); err == nil {
					t.Errorf("byte %d is not checked", i)
				}
			}
		})
	}
	// Keys of the same ids, but with random material, open none of them.
	other := newServer(t, Config{})
	for _, one := range readCaptured(t) {
		if _, err := other.CreateKey(t.Context(), KeyOptions{ID: one.KeyID}); err != nil {
			t.Fatal(err)
		}
		_, err := client(t, other).Decrypt(t.Context(), &kms.DecryptInput{CiphertextBlob: one.Blob, EncryptionContext: one.Context})
		wantError(t, err, "InvalidCiphertextException", "")
	}
}

// TestBlobsRevealNothing looks for what a blob must not have in the clear.
func TestBlobsRevealNothing(t *testing.T) {
	s := newServer(t, Config{})
	c := client(t, s)
	k, err := s.CreateKey(t.Context(), KeyOptions{Alias: "alias/secret"})
	if err != nil {
		t.Fatal(err)
	}
	plain := []byte("a plaintext of more than a few bytes")
	context := map[string]string{"context-key-0123": "context-value-0123"}
	var blobs [][]byte
	for range 2 {
		e, err := c.Encrypt(t.Context(), &kms.EncryptInput{KeyId: &k.ID, Plaintext: plain, EncryptionContext: context})
		if err != nil {
			t.Fatal(err)
		}
		blobs = append(blobs, e.CiphertextBlob)
	}
	if bytes.Equal(blobs[0][38:], blobs[1][38:]) {
		t.Error("the same plaintext gives the same blob")
	}
	id := []byte(k.ID)
	raw := bytes.ReplaceAll(id, []byte("-"), nil)
	for _, b := range blobs {
		for _, secret := range [][]byte{id, raw, []byte("arn:aws"), []byte("000000000000"), []byte("alias"), []byte("context-"), plain[:8]} {
			if bytes.Contains(b, secret) {
				t.Errorf("the blob has %q", secret)
			}
		}
	}
}

package console

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/envelope"
)

// keyRing decrypts the data keys of a stream's records, each once. It is for one
// request.
type keyRing struct {
	kms    *kms.Client
	bound  map[string]string // the encryption context
	opened map[string][]byte // data keys by their blob
}

func newKeyRing(client *kms.Client, stream string) *keyRing {
	id := strings.TrimPrefix(stream, streamPrefix)
	name := "aws:rds:dbc-id"
	if strings.HasPrefix(id, "db-") {
		name = "aws:rds:db-id"
	}
	return &keyRing{client, map[string]string{name: id}, map[string][]byte{}}
}

// key is KMS Decrypt.
func (k *keyRing) key(ctx context.Context, blob []byte) ([]byte, error) {
	if key := k.opened[string(blob)]; key != nil {
		return key, nil
	}
	out, err := k.kms.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: blob, EncryptionContext: k.bound})
	if err != nil {
		return nil, err
	}
	k.opened[string(blob)] = out.Plaintext
	return out.Plaintext, nil
}

func (k *keyRing) open(ctx context.Context, data []byte) (*activity.Record, error) {
	return envelope.Open(data, func(blob []byte) ([]byte, error) { return k.key(ctx, blob) })
}

// forget zeroes the keys.
func (k *keyRing) forget() {
	for _, key := range k.opened {
		clear(key)
	}
}

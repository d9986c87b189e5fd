package stream

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/das-local/das-local/internal/envelope"
)

// ContextKey is the key of the KMS encryption context; its value is the
// cluster's resource id.
const ContextKey = "aws:rds:dbc-id"

// dataKeyBytes is the length of an AES-256 key.
const dataKeyBytes = 32

// sealingKey is the data key of one instance. Only the publisher uses it.
type sealingKey struct {
	data *envelope.DataKey
	made time.Time
}

// ensureKey gives the lane a data key that is young enough. It returns false
// if ctx ended before there was one.
func (s *Stream) ensureKey(ctx context.Context, l *lane, total *Stats) bool {
	if l.key != nil && s.config.KeyReuse > 0 && time.Since(l.key.made) < s.config.KeyReuse {
		return true
	}
	return s.persist(ctx, "generate data key", func(ctx context.Context) error {
		plaintext, blob, err := s.config.KeyService.GenerateDataKey(ctx, s.config.KeyID,
			map[string]string{ContextKey: s.config.ClusterID})
		if err != nil {
			return err
		}
		defer clear(plaintext)
		if len(plaintext) != dataKeyBytes {
			return fmt.Errorf("a key of %d bytes, want %d", len(plaintext), dataKeyBytes)
		}
		l.dropKey()
		l.key = &sealingKey{
			data: &envelope.DataKey{Plaintext: bytes.Clone(plaintext), Ciphertext: bytes.Clone(blob)},
			made: time.Now(),
		}
		total.DataKeys++
		return nil
	})
}

// dropKey zeroes the lane's key.
func (l *lane) dropKey() {
	if l.key != nil {
		l.key.data.Zero()
		l.key = nil
	}
}

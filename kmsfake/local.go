package kmsfake

import (
	"context"
	"fmt"
	"strings"
)

// Key is what a caller in the same process may know of a key.
type Key struct {
	ID         string // bare id
	ARN        string
	AWSManaged bool
	Enabled    bool
	Symmetric  bool
}

// KeyOptions describes a key to make. The zero value is a new random key.
type KeyOptions struct {
	ID          string // empty: a random UUID
	Alias       string // "alias/…"; empty: none
	Description string
	Material    []byte // 32 bytes; nil: random
}

// CreateKey makes a symmetric customer managed key. It fails if the id or the
// alias is taken.
func (s *Server) CreateKey(_ context.Context, o KeyOptions) (Key, error) {
	if o.Alias != "" {
		if err := checkAliasName(&o.Alias); err != nil {
			return Key{}, fmt.Errorf("create key: %w", err)
		}
	}
	k, err := s.newKey(o)
	if err != nil {
		return Key{}, fmt.Errorf("create key: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.store.expire(s.now())
	if s.store.keys[k.id] != nil {
		return Key{}, fmt.Errorf("create key: %w", keyExists(k.arn))
	}
	if o.Alias != "" {
		if s.store.aliases[o.Alias] != nil {
			return Key{}, fmt.Errorf("create key: %w", aliasExists(s.arn(o.Alias)))
		}
		s.store.setAlias(o.Alias, k, s.now())
	}
	s.store.add(k)
	if err := s.save(); err != nil {
		return Key{}, fmt.Errorf("create key: %w", err)
	}
	return k.public(), nil
}

// LookupKey finds a key by id, ARN, alias name or alias ARN.
func (s *Server) LookupKey(_ context.Context, id string) (Key, error) {
	defer s.lock()()
	k, err := s.resolve(id)
	if err != nil {
		return Key{}, fmt.Errorf("look up key: %w", err)
	}
	return k.public(), nil
}

// GenerateDataKey makes an AES-256 data key, as a service such as RDS does: the
// caller owns plaintext and should clear it. The returned slices share nothing.
func (s *Server) GenerateDataKey(ctx context.Context, keyID string, encryptionContext map[string]string) (plaintext, ciphertext []byte, err error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	d, err := s.dataKey("GenerateDataKey", keyID, 32, encryptionContext)
	if err == nil {
		err = s.flush()
	}
	if err != nil {
		return nil, nil, err
	}
	return d.plaintext, d.blob, nil
}

// Decrypt opens a ciphertext blob that was made under the same encryption
// context.
func (s *Server) Decrypt(ctx context.Context, blob []byte, encryptionContext map[string]string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("decrypt: %w", err)
	}
	o, err := s.unseal("Decrypt", "", blob, encryptionContext)
	if err != nil {
		return nil, fmt.Errorf("decrypt: %w", err)
	}
	return o.plaintext, nil
}

func (k *key) public() Key {
	return Key{ID: k.id, ARN: k.arn, AWSManaged: k.awsManaged, Enabled: k.state == stateEnabled, Symmetric: k.symmetric()}
}

// newKey makes a key that is not in the store yet.
func (s *Server) newKey(o KeyOptions) (*key, error) {
	if o.ID == "" {
		b, err := s.random(16)
		if err != nil {
			return nil, err
		}
		b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
		o.ID = fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
	} else if !isCustomID(o.ID) {
		return nil, validation("Key id %q is not made of letters, digits, '-' and '_'.", o.ID)
	}
	if o.Material == nil {
		b, err := s.random(32)
		if err != nil {
			return nil, err
		}
		o.Material = b
	} else if len(o.Material) != 32 {
		return nil, validation("Key material has %d bytes; a symmetric key has 32.", len(o.Material))
	}
	k := &key{id: o.ID, arn: s.arn("key/" + o.ID), spec: specSymmetric, usage: usageEncrypt,
		state: stateEnabled, description: o.Description, created: s.now(), tags: map[string]string{}}
	k.policy = s.defaultPolicy()
	k.materials = []*material{newMaterial(k, o.Material)}
	return k, nil
}

// isCustomID bounds what a given id may be, since it becomes part of an ARN.
func isCustomID(id string) bool {
	if len(id) > 256 {
		return false
	}
	return strings.Trim(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == ""
}

package kmsfake

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/das-local/das-local/internal/awsapi"
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
		if err := checkAliasName(o.Alias); err != nil {
			return Key{}, fmt.Errorf("create key: %w", err)
		}
	}
	k, err := s.newKey(keyOptions{KeyOptions: o})
	if err != nil {
		return Key{}, fmt.Errorf("create key: %w", err)
	}
	defer s.lock()()
	if s.store.keys[k.name] != nil {
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

// SeedKey is CreateKey for a key that an earlier start may have made: one of the same
// id or else alias. It must then have the same material, if one is given.
func (s *Server) SeedKey(ctx context.Context, o KeyOptions) (Key, error) {
	there, err := s.LookupKey(ctx, cmp.Or(o.ID, o.Alias))
	if err != nil {
		return s.CreateKey(ctx, o)
	}
	if o.Material != nil {
		if err := s.hasMaterial(there.ID, o.Material); err != nil {
			return Key{}, fmt.Errorf("seed key: %w", err)
		}
	}
	return there, nil
}

// hasMaterial checks what a key began with.
func (s *Server) hasMaterial(id string, secret []byte) error {
	defer s.lock()()
	k, err := s.resolveKey(id)
	if err != nil {
		return err
	}
	m, err := newMaterial(k, secret)
	if err == nil && (len(k.materials) == 0 || k.materials[0].id != m.id) {
		err = fmt.Errorf("%s is there already, with other material", k.arn)
	}
	return err
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
	s.used("GenerateDataKey", d.key)
	return d.plaintext, d.blob, nil
}

// Decrypt opens a ciphertext blob that was made under the same encryption
// context.
func (s *Server) Decrypt(ctx context.Context, blob []byte, encryptionContext map[string]string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("decrypt: %w", err)
	}
	o, err := s.unseal(use{operation: "Decrypt", context: encryptionContext}, ciphertext{blob: blob})
	if err != nil {
		return nil, fmt.Errorf("decrypt: %w", err)
	}
	s.used("Decrypt", o.key)
	return o.plaintext, nil
}

func (k *key) public() Key {
	return Key{ID: k.id, ARN: k.arn, AWSManaged: k.awsManaged, Enabled: k.state == stateEnabled, Symmetric: k.symmetric()}
}

// keyOptions is all that can be chosen of a new key. Empty means symmetric, and
// the default policy.
type keyOptions struct {
	KeyOptions
	spec, usage, origin string
	multiRegion         bool
	policy              string
}

// newKey makes a key that is not in the store yet.
func (s *Server) newKey(o keyOptions) (*key, error) {
	if o.spec == "" {
		o.spec, o.usage, o.origin = specSymmetric, usageEncrypt, originKMS
	}
	if o.policy == "" {
		o.policy = s.defaultPolicy()
	}
	if o.ID == "" {
		id, err := s.newKeyID(o.multiRegion)
		if err != nil {
			return nil, err
		}
		o.ID = id
	} else if !isCustomID(o.ID) {
		return nil, validation("Key id %q is not made of letters, digits, '-' and '_'.", o.ID)
	}
	k := s.bareKey(o.ID, s.region)
	k.spec, k.usage, k.origin, k.multiRegion = o.spec, o.usage, o.origin, o.multiRegion
	k.description, k.policy = o.Description, o.policy
	if o.origin == originExternal {
		k.state = statePendingImport
		return k, nil
	}
	k.given = o.Material != nil
	if !k.given {
		secret, err := s.newSecret(keySpecs[o.spec])
		if err != nil {
			return nil, err
		}
		defer clear(secret)
		o.Material = secret
	}
	m, err := newMaterial(k, o.Material)
	if err != nil {
		return nil, validation("Key material does not fit key spec %s: %v.", o.spec, err)
	}
	k.materials = []*material{m}
	return k, nil
}

// bareKey is an enabled key without material.
func (s *Server) bareKey(id, region string) *key {
	k := &key{name: id, id: id, region: region, state: stateEnabled, created: s.now(), tags: map[string]string{},
		arn: awsapi.ARN{Service: "kms", Region: region, AccountID: s.account, Resource: "key/" + id}.String()}
	if region != s.region {
		k.name = region + "/" + id
	}
	return k
}

func (s *Server) newKeyID(multiRegion bool) (string, error) {
	b, err := s.random(16)
	if err != nil {
		return "", err
	}
	if multiRegion {
		return "mrk-" + hex.EncodeToString(b), nil
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]), nil
}

// isCustomID bounds what a given id may be, since it becomes part of an ARN.
func isCustomID(id string) bool {
	if len(id) > 256 {
		return false
	}
	return strings.Trim(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == ""
}

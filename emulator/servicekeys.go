package emulator

import (
	"context"

	"github.com/das-local/das-local/internal/access"
	"github.com/das-local/das-local/internal/stream"
	"github.com/das-local/das-local/kmsfake"
	"github.com/das-local/das-local/rdsapi"
)

// keys tells package access about KMS keys.
type keys struct{ kms *kmsfake.Server }

// Key implements access.Keys.
func (k keys) Key(id string) (access.Key, bool) {
	a, ok := k.kms.Access(id)
	return access.Key(a), ok
}

// KeyOfBlob implements access.Keys.
func (k keys) KeyOfBlob(blob []byte) (access.Key, bool) {
	a, ok := k.kms.AccessOfBlob(blob)
	return access.Key(a), ok
}

// Granted implements access.Keys.
func (k keys) Granted(ctx context.Context, keyARN, principal, operation string, encryptionContext map[string]string) bool {
	return k.kms.GrantAllows(ctx, keyARN, principal, operation, encryptionContext)
}

// MayRetire implements access.Keys.
func (k keys) MayRetire(principal, token, keyID, grantID string) bool {
	return k.kms.MayRetire(principal, token, keyID, grantID)
}

// keyService is RDS as a user of keys.
func (e *Emulator) keyService() *access.Service {
	return &access.Service{Keys: keys{e.kms}, Region: e.opts.Region, AccountID: e.opts.AccountID}
}

// serviceKeys is KMS as RDS uses it for an activity stream: the key policy counts.
type serviceKeys struct {
	kms *kmsfake.Server
	rds *access.Service
}

// GenerateDataKey implements stream.KeyService.
func (k serviceKeys) GenerateDataKey(ctx context.Context, keyID string, encryptionContext map[string]string) (plaintext, ciphertext []byte, err error) {
	if err := k.rds.MayUse(ctx, keyID, "GenerateDataKey", encryptionContext); err != nil {
		return nil, nil, err
	}
	return k.kms.GenerateDataKey(ctx, keyID, encryptionContext)
}

// ResolveKey implements rdsapi.KeyResolver: it finds a key, and refuses one that RDS
// may not use for any cluster's stream.
func (e controller) ResolveKey(ctx context.Context, id string) (rdsapi.KMSKey, error) {
	key, err := e.kms.LookupKey(ctx, id)
	if err != nil {
		return rdsapi.KMSKey{}, err
	}
	if key.AWSManaged {
		return rdsapi.KMSKey(key), nil // refused for that
	}
	clusters := map[string]bool{"": true}
	e.mu.Lock()
	for _, i := range e.instances {
		clusters[i.ClusterResourceID] = true
	}
	e.mu.Unlock()
	service := e.keyService()
	for cluster := range clusters {
		var c map[string]string
		if cluster != "" {
			c = map[string]string{stream.ContextKey: cluster}
		}
		if err = service.MayUse(ctx, key.ARN, "GenerateDataKey", c); err == nil {
			return rdsapi.KMSKey(key), nil
		}
	}
	return rdsapi.KMSKey{}, err
}

package external

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go"
)

// KMS is a KMS somewhere else. It is safe for concurrent use.
type KMS struct {
	cfg    aws.Config
	client *kms.Client
}

// NewKMS makes a client of what Load has configured.
func NewKMS(cfg aws.Config) *KMS {
	return &KMS{cfg, kms.NewFromConfig(cfg, func(o *kms.Options) { o.BaseEndpoint = endpointOf(cfg) })}
}

// Client is the SDK's client, for reading.
func (k *KMS) Client() *kms.Client { return k.client }

// Close ends idle connections.
func (k *KMS) Close() { closeIdle(k.cfg) }

// Key is what an activity stream must know of a key.
type Key struct {
	ID         string // bare id
	ARN        string
	AWSManaged bool
	Enabled    bool
	Symmetric  bool
}

// Key looks a key up by id, ARN, alias name or alias ARN. An error that is no answer
// of KMS is context.DeadlineExceeded too: nothing is known of the key then.
func (k *KMS) Key(ctx context.Context, id string) (Key, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	out, err := k.client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &id})
	var answer smithy.APIError
	switch {
	case err == nil:
	case errors.As(err, &answer) && answer.ErrorFault() != smithy.FaultServer && !throttled(answer):
		return Key{}, fmt.Errorf("describe the KMS key %s: %w", id, err)
	default:
		return Key{}, fmt.Errorf("describe the KMS key %s: %w: %w", id, context.DeadlineExceeded, err)
	}
	m := out.KeyMetadata
	return Key{
		ID: aws.ToString(m.KeyId), ARN: aws.ToString(m.Arn),
		AWSManaged: m.KeyManager == types.KeyManagerTypeAws,
		Enabled:    m.KeyState == types.KeyStateEnabled,
		// Other implementations leave these out.
		Symmetric: (m.KeySpec == "" || m.KeySpec == types.KeySpecSymmetricDefault) &&
			(m.KeyUsage == "" || m.KeyUsage == types.KeyUsageTypeEncryptDecrypt),
	}, nil
}

func throttled(answer smithy.APIError) bool {
	_, yes := retry.DefaultThrottleErrorCodes[answer.ErrorCode()]
	return yes
}

// GenerateDataKey makes an AES-256 data key. The caller owns plaintext and should clear
// it.
func (k *KMS) GenerateDataKey(ctx context.Context, keyID string, encryptionContext map[string]string) (plaintext, ciphertext []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	out, err := k.client.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: &keyID, KeySpec: types.DataKeySpecAes256, EncryptionContext: encryptionContext})
	if err != nil {
		return nil, nil, err
	}
	return out.Plaintext, out.CiphertextBlob, nil
}

package conformance

import (
	"context"
	"fmt"
	"sync"
	"testing"

	mpl "github.com/aws/aws-cryptographic-material-providers-library/releases/go/mpl/awscryptographymaterialproviderssmithygenerated"
	mpltypes "github.com/aws/aws-cryptographic-material-providers-library/releases/go/mpl/awscryptographymaterialproviderssmithygeneratedtypes"
	sdk "github.com/aws/aws-encryption-sdk/releases/go/encryption-sdk/awscryptographyencryptionsdksmithygenerated"
	sdktypes "github.com/aws/aws-encryption-sdk/releases/go/encryption-sdk/awscryptographyencryptionsdksmithygeneratedtypes"
)

// goSDK is AWS's Encryption SDK for Go, in this process. Its signing suite has
// a data race, so mu lets one message through at a time.
type goSDK struct {
	mu sync.Mutex
}

func (*goSDK) name() string { return "go-0.4" }

func (g *goSDK) ask(t *testing.T, r request) ([]byte, error) {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	ctx := context.Background()
	materials, err := mpl.NewClient(mpltypes.MaterialProvidersConfig{})
	if err != nil {
		return nil, err
	}
	keyring, err := materials.CreateRawAesKeyring(ctx, mpltypes.CreateRawAesKeyringInput{
		KeyName: "DataKey", KeyNamespace: "BC", WrappingKey: r.key,
		WrappingAlg: mpltypes.AesWrappingAlgAlgAes256GcmIv12Tag16,
	})
	if err != nil {
		return nil, err
	}
	policy := mpltypes.ESDKCommitmentPolicy(r.policy)
	client, err := sdk.NewClient(sdktypes.AwsEncryptionSdkConfig{CommitmentPolicy: &policy})
	if err != nil {
		return nil, err
	}
	if r.op == opDecrypt {
		out, err := client.Decrypt(ctx, sdktypes.DecryptInput{Ciphertext: r.data, Keyring: keyring})
		if err != nil {
			return nil, err
		}
		return out.Plaintext, nil
	}
	suite := mpltypes.ESDKAlgorithmSuiteId(fmt.Sprintf("0x%04x", uint16(r.suite)))
	frame := int64(r.frame)
	out, err := client.Encrypt(ctx, sdktypes.EncryptInput{
		Plaintext: r.data, AlgorithmSuiteId: &suite, EncryptionContext: r.context,
		FrameLength: &frame, Keyring: keyring,
	})
	if err != nil {
		return nil, err
	}
	return out.Ciphertext, nil
}

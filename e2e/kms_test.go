package e2e

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/das-local/das-local/e2e/testbed"
)

// startWithKeys runs a das-local that has KMS keys by its environment.
func startWithKeys(t *testing.T, dir, keys string) *testbed.Process {
	t.Helper()
	p, err := testbed.Start(t.Context(), testbed.Config{Bin: bed.bin, Env: append(env(bed.dir), "DAS_LOCAL_KMS_KEY="+keys),
		Args: []string{"--upstream=" + bed.pg.URL("postgres"), "--start-stream=off", "--data-dir=" + dir}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if p.Alive() {
			if err := p.Stop(); err != nil {
				t.Error(err)
			}
		}
	})
	return p
}

// TestKMSOverAKill: what KMS has answered is there after kill -9. The judge is AWS's
// Encryption SDK, under a key with a grant's token and both Regions' keys of a
// multi-Region key; and a data key that an earlier das-local has sealed opens under a
// key that the environment brings.
func TestKMSOverAKill(t *testing.T) {
	ctx := within(t)
	captured := capturedKey(t)
	keys := captured.KeyID + "=" + hex.EncodeToString(captured.Material)
	dir := filepath.Join(t.TempDir(), "data")
	p := startWithKeys(t, dir, keys)
	c := newCloud(p)
	_, key := c.newKey(ctx, t)
	grant, err := c.kms.CreateGrant(ctx, &kms.CreateGrantInput{KeyId: &key, GranteePrincipal: aws.String("arn:aws:iam::000000000000:user/test"),
		Operations: []kmstypes.GrantOperation{kmstypes.GrantOperationDecrypt, kmstypes.GrantOperationGenerateDataKey}})
	if err != nil {
		t.Fatal(err)
	}
	primary, err := c.kms.CreateKey(ctx, &kms.CreateKeyInput{MultiRegion: aws.Bool(true)})
	if err != nil {
		t.Fatal(err)
	}
	replica, err := c.kms.ReplicateKey(ctx, &kms.ReplicateKeyInput{KeyId: primary.KeyMetadata.KeyId, ReplicaRegion: aws.String("eu-west-2")})
	if err != nil {
		t.Fatal(err)
	}
	p.Signal(syscall.SIGKILL)
	if _, err := p.Wait(time.Minute); err != nil {
		t.Fatal(err)
	}

	p = startWithKeys(t, dir, keys)
	cmd := python(t, "python", filepath.Join(moduleRoot(t), "testdata", "consumers", "python", "kms_keys.py"),
		key, *primary.KeyMetadata.Arn, *replica.ReplicaKeyMetadata.Arn, *grant.GrantToken)
	cmd.Env = append(cmd.Env, awsEnv(p, "us-east-1")...)
	if r := runCmd(t, cmd); r.code != 0 || r.stdout != "ok\n" {
		t.Errorf("%+v", r)
	}
	out, err := newCloud(p).kms.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: captured.Blob, EncryptionContext: captured.Context})
	if err != nil || base64.StdEncoding.EncodeToString(out.Plaintext) != captured.Plaintext {
		t.Errorf("the captured data key: %v", err)
	}
}

// capture is a data key in kmsfake/testdata/captured.json.
type capture struct {
	KeyID          string
	Material, Blob []byte
	Plaintext      string
	Context        map[string]string
}

// capturedKey is the one that a das-local has sealed.
func capturedKey(t *testing.T) capture {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(moduleRoot(t), "kmsfake", "testdata", "captured.json"))
	if err != nil {
		t.Fatal(err)
	}
	var list []capture
	if err := json.Unmarshal(b, &list); err != nil || len(list) == 0 {
		t.Fatalf("%d captures: %v", len(list), err)
	}
	return list[0]
}

func moduleRoot(t *testing.T) string {
	t.Helper()
	root, err := testbed.ModuleRoot()
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// TestKMSModel: the constraints that KMS's inputs are checked against are those of the
// service model that botocore carries, in the version that the requirements pin.
func TestKMSModel(t *testing.T) {
	dir := filepath.Join(moduleRoot(t), "kmsfake")
	want := mustRun(t, python(t, "python", filepath.Join(dir, "testdata", "model.py")))
	is, err := os.ReadFile(filepath.Join(dir, "model.json"))
	if err != nil {
		t.Fatal(err)
	}
	if string(is) != want {
		t.Error("kmsfake/model.json is not what kmsfake/testdata/model.py prints")
	}
}

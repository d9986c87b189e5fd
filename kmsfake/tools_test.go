package kmsfake

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// tool runs a program against the server; there is no skipping without it.
func tool(t *testing.T, url, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Fatalf("%v: this test needs Python 3 with boto3, and the AWS command line: pip install boto3 awscli", err)
	}
	cmd := exec.CommandContext(t.Context(), name, args...)
	none := filepath.Join(t.TempDir(), "none")
	cmd.Env = append(os.Environ(), "AWS_ENDPOINT_URL="+url, "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_DEFAULT_REGION=us-east-1",
		"AWS_CONFIG_FILE="+none, "AWS_SHARED_CREDENTIALS_FILE="+none, "AWS_PAGER=", "AWS_EC2_METADATA_DISABLED=true")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if strings.Contains(stderr.String(), "No module named") {
		t.Fatalf("this test needs boto3: pip install boto3 awscli\n%s", &stderr)
	}
	if err != nil {
		t.Fatalf("%s %q: %v\n%s%s", name, args, err, out, &stderr)
	}
	return strings.TrimSpace(string(out))
}

func TestBoto3(t *testing.T) {
	url := serve(t, newServer(t, Config{}))
	tool(t, url, "python3", filepath.Join("testdata", "keys.py"), url)
}

func TestCommandLine(t *testing.T) {
	url := serve(t, newServer(t, Config{}))
	id := tool(t, url, "aws", "kms", "create-key", "--query", "KeyMetadata.KeyId", "--output", "text")
	if !isKeyID(id) {
		t.Fatalf("key id %q", id)
	}
	tool(t, url, "aws", "kms", "create-alias", "--alias-name", "alias/cli", "--target-key-id", id)
	blob := tool(t, url, "aws", "kms", "generate-data-key", "--key-id", "alias/cli", "--key-spec", "AES_256",
		"--encryption-context", "aws:rds:dbc-id=cluster-X", "--query", "CiphertextBlob", "--output", "text")
	if len(blob) != 248 || !strings.HasPrefix(blob, "AQIDAH") {
		t.Errorf("blob %s", blob)
	}
	const alice = "arn:aws:iam::000000000000:user/alice"
	grant := tool(t, url, "aws", "kms", "create-grant", "--key-id", id, "--grantee-principal", alice, "--operations", "Decrypt",
		"--constraints", "EncryptionContextSubset={aws:rds:dbc-id=cluster-X}", "--query", "GrantId", "--output", "text")
	if got := tool(t, url, "aws", "kms", "list-grants", "--key-id", id, "--query", "Grants[].[GrantId,GranteePrincipal]", "--output", "text"); got != grant+"\t"+alice {
		t.Errorf("grants %q", got)
	}
	tool(t, url, "aws", "kms", "revoke-grant", "--key-id", id, "--grant-id", grant)
}

package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/das-local/das-local/internal/awsapi"
	"github.com/das-local/das-local/kmsfake"
)

// call makes a KMS call and decodes the answer.
func call(t *testing.T, url, operation, body string, out any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "TrentService."+operation)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(out); err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: status %d, %v", operation, answer.StatusCode, err)
	}
}

// TestKMSKeyProviders has AWS's Encryption SDK seal and open messages under keys of
// the KMS: one with a grant token, and both Regions' keys of a multi-Region key.
func TestKMSKeyProviders(t *testing.T) {
	s, err := kmsfake.New(kmsfake.Config{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(awsapi.NewHandler(awsapi.Config{Services: []awsapi.Service{s}, OneRegion: true}))
	defer server.Close()
	defer http.DefaultClient.CloseIdleConnections()
	key, err := s.CreateKey(context.Background(), kmsfake.KeyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var grant struct{ GrantToken string }
	call(t, server.URL, "CreateGrant", `{"KeyId":"`+key.ID+`","GranteePrincipal":"arn:aws:iam::000000000000:user/test","Operations":["GenerateDataKey","Decrypt"]}`, &grant)
	var primary struct{ KeyMetadata struct{ Arn string } }
	call(t, server.URL, "CreateKey", `{"MultiRegion":true}`, &primary)
	var replica struct{ ReplicaKeyMetadata struct{ Arn string } }
	call(t, server.URL, "ReplicateKey", `{"KeyId":"`+primary.KeyMetadata.Arn+`","ReplicaRegion":"eu-west-2"}`, &replica)

	cmd := exec.CommandContext(t.Context(), ".venv/v3/bin/python", "python/kms.py", key.ARN, primary.KeyMetadata.Arn, replica.ReplicaKeyMetadata.Arn, grant.GrantToken)
	cmd.Env = append(os.Environ(), "AWS_ENDPOINT_URL_KMS="+server.URL, "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_DEFAULT_REGION=us-east-1",
		"AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null", "AWS_EC2_METADATA_DISABLED=true")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if out, err := cmd.Output(); err != nil || string(out) != "ok\n" {
		t.Errorf("%v: %s\n%s", err, out, &stderr)
	}
}

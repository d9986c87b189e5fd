package e2e

import (
	"bytes"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPassthrough: one endpoint for das-local's services and for moto's.
func TestPassthrough(t *testing.T) {
	moto, stop := startMoto(t)
	p := startDAS(t, "--passthrough="+moto, "--start-stream=off")
	aws := func(args ...string) result {
		cmd := python(t, "aws", append([]string{"--endpoint-url", p.Endpoint, "--output", "text"}, args...)...)
		cmd.Env = append(append(cmd.Env, awsEnv(p, "us-east-1")...), "AWS_MAX_ATTEMPTS=1")
		return runCmd(t, cmd)
	}
	for _, test := range []struct{ call, want string }{
		{"dynamodb create-table --table-name leases --billing-mode PAY_PER_REQUEST --attribute-definitions AttributeName=k,AttributeType=S --key-schema AttributeName=k,KeyType=HASH", "arn:aws:dynamodb:us-east-1:123456789012:table/leases"},
		{"dynamodb list-tables", "leases"},
		{"sns create-topic --name t", "arn:aws:sns:us-east-1:123456789012:t"},
		{"cloudwatch put-metric-data --namespace n --metric-name m --value 1", ""},
		{"cloudwatch list-metrics --namespace n", "METRICS\tm\tn"},
		{"sts assume-role --role-arn arn:aws:iam::123456789012:role/x --role-session-name session", "assumed-role/x/session"},
		{"sts get-caller-identity", "000000000000\tarn:aws:iam::000000000000:root"}, // das-local's own
		{"kms list-aliases", "alias/das-local"},
		{"rds describe-db-clusters --query DBClusters[0].DBClusterIdentifier", "my-cluster"},
		{"s3 mb s3://bucket", "bucket"},
	} {
		if r := aws(strings.Fields(test.call)...); r.code != 0 || !strings.Contains(r.stdout, test.want) {
			t.Errorf("aws %s: exit status %d\n%s%s", test.call, r.code, r.stdout, r.stderr)
		}
	}
	// A body that is larger than das-local takes for its own calls.
	body := make([]byte, 20<<20)
	rand.Read(body)
	dir := t.TempDir()
	up, down := filepath.Join(dir, "up"), filepath.Join(dir, "down")
	if err := os.WriteFile(up, body, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"s3api", "put-object", "--bucket", "bucket", "--key", "a b", "--body", up}, {"s3api", "get-object", "--bucket", "bucket", "--key", "a b", down}} {
		if r := aws(args...); r.code != 0 {
			t.Fatalf("aws %q: %s%s", args, r.stdout, r.stderr)
		}
	}
	if got, err := os.ReadFile(down); err != nil || !bytes.Equal(got, body) {
		t.Errorf("the object has changed: %d bytes, %v", len(got), err)
	}
	stop()
	if r := aws("dynamodb", "list-tables"); r.code == 0 || !strings.Contains(r.stderr, "The endpoint of --passthrough, "+moto+", cannot be reached") {
		t.Errorf("without moto: exit status %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	if r := aws("kms", "list-aliases"); r.code != 0 {
		t.Errorf("KMS without moto: %s", r.stderr)
	}
}

// TestNoPassthrough: what is not served is told so by name, with the flag.
func TestNoPassthrough(t *testing.T) {
	for _, call := range []string{"dynamodb list-tables", "sns list-topics", "cloudwatch list-metrics", "s3 ls", "lambda list-functions", "sts assume-role --role-arn arn:aws:iam::123456789012:role/x --role-session-name session"} {
		cmd := python(t, "aws", append([]string{"--endpoint-url", bed.proc.Endpoint}, strings.Fields(call)...)...)
		cmd.Env = append(append(cmd.Env, awsEnv(bed.proc, "us-east-1")...), "AWS_MAX_ATTEMPTS=1")
		if r := runCmd(t, cmd); r.code == 0 || !strings.Contains(r.stderr, "Start it with --passthrough URL") {
			t.Errorf("aws %s: exit status %d\n%s%s", call, r.code, r.stdout, r.stderr)
		}
	}
}

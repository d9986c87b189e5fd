package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/das-local/das-local/e2e/testbed"
)

// TestIAM drives the README's example account with the aws command line and tail.
func TestIAM(t *testing.T) {
	root, err := testbed.ModuleRoot()
	if err != nil {
		t.Fatal(err)
	}
	p := startDAS(t, "--iam="+filepath.Join(root, "testdata", "iam", "account.json"), "--start-stream=off", "--heartbeat=0")
	if !strings.Contains(p.Stderr.String(), "configure.json:11: a stray comma") {
		t.Errorf("the stray comma is not told:\n%s", p.Stderr)
	}
	env := func(key, secret, token string) []string {
		e := append(awsEnv(p, "us-east-1"), "AWS_ACCESS_KEY_ID="+key, "AWS_SECRET_ACCESS_KEY="+secret)
		if token != "" {
			e = append(e, "AWS_SESSION_TOKEN="+token)
		}
		return e
	}
	aws := func(env []string, args string) result {
		cmd := python(t, "aws", append([]string{"--endpoint-url", p.Endpoint, "--output", "text"}, strings.Fields(args)...)...)
		cmd.Env = append(cmd.Env, env...)
		return runCmd(t, cmd)
	}
	admin, security := env("AKIAADMIN", "admin-secret", ""), env("AKIASECURITY", "security-secret", "")
	dba, consumer := env("AKIADBA", "dba-secret", ""), env("ASIACONSUMER", "consumer-secret", "consumer-token")
	const cluster = "arn:aws:rds:us-east-1:000000000000:cluster:my-cluster"
	const start = "rds start-activity-stream --mode async --kms-key-id alias/das-local --apply-immediately --resource-arn " + cluster
	for _, test := range []struct {
		env        []string
		call, want string
		ok         bool
	}{
		{admin, "sts get-caller-identity", "arn:aws:iam::000000000000:user/admin", true},
		{consumer, "sts get-caller-identity", "arn:aws:sts::000000000000:assumed-role/consumer/local", true},
		{dba, start, "An error occurred (AccessDenied) when calling the StartActivityStream operation: User: arn:aws:iam::000000000000:user/dba is not authorized to perform: " +
			"rds:StartActivityStream on resource: " + cluster + " with an explicit deny in an identity-based policy", false},
		{dba, "kms list-keys", "(AccessDeniedException)", false},
		{dba, "rds describe-db-clusters", "my-cluster", true},
		{consumer, start, "because no identity-based policy allows the rds:StartActivityStream action", false},
		{env("AKIAADMIN", "wrong", ""), "rds describe-db-clusters", "(SignatureDoesNotMatch)", false},
		{env("AKIAADMIN", "wrong", ""), "kinesis list-streams", "(InvalidSignatureException)", false},
		{env("test", "test", ""), "rds describe-db-clusters", "(InvalidClientTokenId)", false},
		{env("test", "test", ""), "kms list-keys", "(UnrecognizedClientException)", false},
		{security, start, "aws-rds-das-cluster-", true},
	} {
		r := aws(test.env, test.call)
		if (r.code == 0) != test.ok || !strings.Contains(r.stdout+r.stderr, test.want) {
			t.Errorf("aws %s: exit status %d\n%s%s", test.call, r.code, r.stdout, r.stderr)
		}
	}
	stream := ""
	for ctx := within(t); ; {
		r := aws(admin, "rds describe-db-clusters --query DBClusters[0].[ActivityStreamStatus,ActivityStreamKinesisStreamName]")
		if status, name, _ := strings.Cut(strings.TrimSpace(r.stdout), "\t"); status == "started" {
			stream = name
			break
		}
		select {
		case <-ctx.Done():
			t.Fatalf("the stream does not start: %s%s", r.stdout, r.stderr)
		case <-time.After(50 * time.Millisecond):
		}
	}
	// tail reads with the consumer's credentials, and sees who started the stream.
	tail := func(env []string) result {
		cmd := das(t, "tail", "--endpoint="+p.Endpoint, "--stream="+stream, "--no-follow")
		cmd.Env = append(cmd.Env, env...)
		return runCmd(t, cmd)
	}
	if r := tail(consumer); r.code != 0 || !regexp.MustCompile(`"command":"StartActivityStream".*"dbUserName":"arn:aws:iam::000000000000:user/security"`).MatchString(r.stdout) {
		t.Errorf("tail: exit status %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	if r := tail(dba); r.code == 0 || !strings.Contains(r.stderr, "AccessDeniedException") {
		t.Errorf("tail of the dba's: exit status %d\n%s%s", r.code, r.stdout, r.stderr)
	}
}

// TestBadIAMFile: the error has file, line and what to do.
func TestBadIAMFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "iam.json")
	if err := os.WriteFile(file, []byte("{\n  \"UserDetailList\": [\n    {\"UserName\": \"a\", \"Policies\": []}\n  ]\n}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := das(t, "up", "--iam="+file, "--listen=127.0.0.1:0", "--aws-listen=127.0.0.1:0")
	r := runCmd(t, cmd)
	if r.code != 1 || !strings.Contains(r.stderr, file+":3: a user has no member \"Policies\"; it has UserName, ") {
		t.Errorf("exit status %d\n%s", r.code, r.stderr)
	}
}

// TestAWSTLS: the aws command line and tail trust the certificate that up names.
func TestAWSTLS(t *testing.T) {
	p, err := testbed.Launch(testbed.Config{Bin: bed.bin, Env: env(bed.dir), Args: []string{"--upstream=" + bed.pg.URL("postgres"), "--aws-tls"}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	}()
	for ctx := within(t); !strings.Contains(p.Stdout.String(), "\nevents "); { // the last line, once it is ready
		select {
		case <-ctx.Done():
			t.Fatalf("it does not get ready:\n%s%s", p.Stdout, p.Stderr)
		case <-time.After(20 * time.Millisecond):
		}
	}
	file := regexp.MustCompile(`(?m)^certificate +(\S+) `).FindStringSubmatch(p.Stdout.String())
	if file == nil {
		t.Fatalf("no certificate is named:\n%s", p.Stdout)
	}
	p.Endpoint = strings.Replace(p.Endpoint, "http://", "https://", 1)
	cmd := python(t, "aws", "--endpoint-url", p.Endpoint, "--output", "text", "kinesis", "list-streams")
	cmd.Env = append(append(cmd.Env, awsEnv(p, "us-east-1")...), "AWS_CA_BUNDLE="+file[1])
	if r := runCmd(t, cmd); r.code != 0 || !strings.Contains(r.stdout, "aws-rds-das-cluster-") {
		t.Errorf("aws: exit status %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	tail := das(t, "tail", "--endpoint="+p.Endpoint, "--ca="+file[1], "--no-follow", "--heartbeats")
	if r := runCmd(t, tail); r.code != 0 {
		t.Errorf("tail: exit status %d\n%s", r.code, r.stderr)
	}
	tail = das(t, "tail", "--endpoint="+p.Endpoint, "--no-follow")
	if r := runCmd(t, tail); r.code == 0 || !strings.Contains(r.stderr, "certificate") {
		t.Errorf("tail without the certificate: exit status %d\n%s", r.code, r.stderr)
	}
}

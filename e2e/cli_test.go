package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/das-local/das-local/e2e/testbed"
)

// profile is the profile name of the user guide's commands.
const profile = "MY_PROFILE_CREDENTIALS"

// cli is the aws command line with a configuration of its own, as a user of
// das-local has it: a profile, and the endpoint in the environment.
type cli struct {
	t   *testing.T
	env []string
}

func newCLI(t *testing.T, p *testbed.Process) cli {
	t.Helper()
	dir := t.TempDir()
	config, credentials := filepath.Join(dir, "config"), filepath.Join(dir, "credentials")
	write := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(config, "[profile "+profile+"]\noutput = json\n")
	write(credentials, "["+profile+"]\naws_access_key_id = test\naws_secret_access_key = test\n")
	return cli{t, []string{"AWS_ENDPOINT_URL=" + p.Endpoint, "AWS_CONFIG_FILE=" + config,
		"AWS_SHARED_CREDENTIALS_FILE=" + credentials, "AWS_PAGER=", "AWS_EC2_METADATA_DISABLED=true"}}
}

func (c cli) run(args ...string) result {
	c.t.Helper()
	cmd := python(c.t, "aws", args...)
	cmd.Env = append(cmd.Env, c.env...)
	return runCmd(c.t, cmd)
}

// ok runs a command that must succeed and reads its JSON into out.
func (c cli) ok(out any, args ...string) {
	c.t.Helper()
	r := c.run(args...)
	if r.code != 0 {
		c.t.Fatalf("aws %s: exit status %d\n%s%s", strings.Join(args, " "), r.code, r.stdout, r.stderr)
	}
	if out == nil {
		return
	}
	if err := json.Unmarshal([]byte(r.stdout), out); err != nil {
		c.t.Fatalf("aws %s: %v\n%s", strings.Join(args, " "), err, r.stdout)
	}
}

// fails runs a command that must fail with that error code and text.
func (c cli) fails(code, text string, args ...string) {
	c.t.Helper()
	r := c.run(args...)
	if r.code == 0 || !strings.Contains(r.stderr, "("+code+")") || !strings.Contains(r.stderr, text) {
		c.t.Errorf("aws %s: exit status %d, %q; want the error (%s) with %q", strings.Join(args, " "), r.code, r.stderr, code, text)
	}
}

// describeClusters is the part of describe-db-clusters that the user guide shows.
type describeClusters struct {
	DBClusters []struct {
		DBClusterIdentifier             string
		DBClusterArn                    string
		DbClusterResourceId             string
		ActivityStreamKinesisStreamName string
		ActivityStreamStatus            string
		ActivityStreamKmsKeyId          string
		ActivityStreamMode              string
	}
}

// startAnswer is the answer to start-activity-stream and stop-activity-stream.
type startAnswer struct {
	KmsKeyId, KinesisStreamName, Status, Mode string
}

// describe runs the user guide's command until the stream has that status.
func (c cli) describe(status string) describeClusters {
	c.t.Helper()
	for ctx := within(c.t); ; {
		var d describeClusters
		c.ok(&d, "rds", "--region", "us-west-2", "describe-db-clusters", "--db-cluster-identifier", "my-cluster", "--profile", profile)
		if len(d.DBClusters) != 1 {
			c.t.Fatalf("%d clusters", len(d.DBClusters))
		}
		if d.DBClusters[0].ActivityStreamStatus == status {
			return d
		}
		if ctx.Err() != nil {
			c.t.Fatalf("the stream is %q and not %q", d.DBClusters[0].ActivityStreamStatus, status)
		}
	}
}

// TestCommandLine runs the commands of the user guide as they stand there,
// and the mistakes that people make with them.
func TestCommandLine(t *testing.T) {
	p := startDAS(t, "--start-stream=off", "--region=us-west-2")
	aws := newCLI(t, p)
	cluster := aws.describe("stopped").DBClusters[0]
	if !regexp.MustCompile(`^arn:aws:rds:us-west-2:000000000000:cluster:my-cluster$`).MatchString(cluster.DBClusterArn) {
		t.Errorf("cluster ARN %q", cluster.DBClusterArn)
	}
	stream := "aws-rds-das-" + cluster.DbClusterResourceId
	var key struct{ KeyMetadata struct{ KeyId, Arn string } }
	aws.ok(&key, "kms", "--region", "us-west-2", "create-key", "--profile", profile)
	start := func(key string) []string {
		return []string{"rds", "--region", "us-west-2", "start-activity-stream", "--mode", "sync", "--kms-key-id", key,
			"--resource-arn", cluster.DBClusterArn, "--apply-immediately", "--profile", profile}
	}
	stop := []string{"rds", "--region", "us-west-2", "stop-activity-stream", "--resource-arn", cluster.DBClusterArn, "--apply-immediately", "--profile", profile}

	aws.fails("KMSKeyNotAccessibleFault", "", start("alias/aws/rds")...)
	aws.fails("KMSKeyNotAccessibleFault", "", start("12345678-1234-1234-1234-123456789012")...)
	aws.fails("InvalidParameterCombination", "Activity Streams feature expected to be started, but is stopped", stop...)
	aws.fails("DBClusterNotFoundFault", "", "rds", "--region", "us-west-2", "describe-db-clusters", "--db-cluster-identifier", "no-such-cluster", "--profile", profile)

	var began startAnswer
	aws.ok(&began, start(key.KeyMetadata.Arn)...)
	if (began != startAnswer{key.KeyMetadata.Arn, stream, "starting", "sync"}) {
		t.Errorf("start-activity-stream answered %+v", began)
	}
	cluster = aws.describe("started").DBClusters[0]
	if cluster.ActivityStreamKinesisStreamName != stream || cluster.ActivityStreamKmsKeyId != key.KeyMetadata.KeyId || cluster.ActivityStreamMode != "sync" {
		t.Errorf("describe-db-clusters answered %+v", cluster)
	}
	aws.fails("InvalidParameterCombination", "expected to be stopped, but is started", start(key.KeyMetadata.Arn)...)
	var summary struct {
		StreamDescriptionSummary struct {
			StreamStatus         string
			RetentionPeriodHours int
		}
	}
	describeStream := []string{"kinesis", "--region", "us-west-2", "describe-stream-summary", "--stream-name", stream, "--profile", profile}
	aws.ok(&summary, describeStream...)
	if s := summary.StreamDescriptionSummary; s.StreamStatus != "ACTIVE" || s.RetentionPeriodHours != 24 {
		t.Errorf("describe-stream-summary answered %+v", s)
	}

	var ended startAnswer
	aws.ok(&ended, stop...)
	if (ended != startAnswer{key.KeyMetadata.Arn, stream, "stopping", ""}) {
		t.Errorf("stop-activity-stream answered %+v", ended)
	}
	aws.describe("stopped")
	aws.fails("ResourceNotFoundException", "", describeStream...)
	aws.fails("InvalidParameterCombination", "Activity Streams feature expected to be started, but is stopped", stop...)
}

// TestEndpointFlag reaches das-local with --endpoint-url, without any
// configuration of the endpoint, and has an action that is not served refused as AWS
// does. Of KMS and Kinesis the command line knows none.
func TestEndpointFlag(t *testing.T) {
	aws := newCLI(t, bed.proc)
	aws.env[0] = "AWS_IGNORED="
	var streams struct{ StreamNames []string }
	aws.ok(&streams, "kinesis", "--endpoint-url", bed.proc.Endpoint, "--region", "us-east-1", "list-streams", "--profile", profile)
	if len(streams.StreamNames) != 1 || !strings.HasPrefix(streams.StreamNames[0], "aws-rds-das-cluster-") {
		t.Errorf("list-streams answered %v", streams.StreamNames)
	}
	at := []string{"--endpoint-url", bed.proc.Endpoint, "--region", "us-east-1", "--profile", profile}
	aws.fails("InvalidAction", "", append([]string{"rds", "describe-source-regions"}, at...)...)
	var stores struct{ CustomKeyStores []any }
	aws.ok(&stores, append([]string{"kms", "describe-custom-key-stores"}, at...)...)
}

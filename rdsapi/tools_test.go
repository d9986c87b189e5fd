package rdsapi

import (
	"encoding/json"
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
	home := t.TempDir()
	credentials := filepath.Join(home, "credentials")
	if err := os.WriteFile(credentials, []byte("[MY_PROFILE_CREDENTIALS]\naws_access_key_id = test\naws_secret_access_key = test\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Env = append(os.Environ(), "AWS_ENDPOINT_URL="+url, "AWS_SHARED_CREDENTIALS_FILE="+credentials, "AWS_CONFIG_FILE="+filepath.Join(home, "config"),
		"AWS_PAGER=", "AWS_EC2_METADATA_DISABLED=true")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if strings.Contains(stderr.String(), "No module named") {
		t.Fatalf("this test needs boto3: pip install boto3 awscli\n%s", &stderr)
	}
	if err != nil {
		t.Fatalf("%s %q: %v\n%s%s", name, args, err, out, &stderr)
	}
	return string(out)
}

func TestBoto3(t *testing.T) {
	b := start(t, Config{})
	tool(t, b.url, "python3", filepath.Join("testdata", "lifecycle.py"), b.url, keyID)
}

// TestCommandLine gives the commands of the Aurora user guide (2019).
func TestCommandLine(t *testing.T) {
	b := withCluster(t, Config{Region: "us-west-2"})
	const arn = "arn:aws:rds:us-west-2:000000000000:cluster:my-cluster"
	out := tool(t, b.url, "aws", "rds", "--region", "us-west-2", "start-activity-stream", "--mode", "sync", "--kms-key-id", keyARN,
		"--resource-arn", arn, "--apply-immediately", "--profile", "MY_PROFILE_CREDENTIALS")
	var started struct {
		KmsKeyId, KinesisStreamName, Status, Mode string
		ApplyImmediately                          bool
	}
	if err := json.Unmarshal([]byte(out), &started); err != nil {
		t.Fatal(err)
	}
	if started.KmsKeyId != keyARN || started.Status != "starting" || started.Mode != "sync" || !started.ApplyImmediately {
		t.Errorf("start prints %s", out)
	}
	b.awaitStream(t, streamStarted)
	out = tool(t, b.url, "aws", "rds", "--region", "us-west-2", "describe-db-clusters", "--db-cluster-identifier", "my-cluster", "--profile", "MY_PROFILE_CREDENTIALS")
	var described struct {
		DBClusters []struct{ DBClusterIdentifier, ActivityStreamKinesisStreamName, ActivityStreamStatus, ActivityStreamKmsKeyId, ActivityStreamMode string }
	}
	if err := json.Unmarshal([]byte(out), &described); err != nil || len(described.DBClusters) != 1 {
		t.Fatalf("describe prints %s: %v", out, err)
	}
	if c := described.DBClusters[0]; c.ActivityStreamKinesisStreamName != started.KinesisStreamName || c.ActivityStreamStatus != "started" ||
		c.ActivityStreamKmsKeyId != keyID || c.ActivityStreamMode != "sync" {
		t.Errorf("describe prints %s", out)
	}
	out = tool(t, b.url, "aws", "rds", "--region", "us-west-2", "stop-activity-stream", "--resource-arn", arn, "--apply-immediately", "--profile", "MY_PROFILE_CREDENTIALS")
	if !strings.Contains(out, `"Status": "stopping"`) {
		t.Errorf("stop prints %s", out)
	}
	b.awaitStream(t, streamStopped)
}

func TestBoto3Subscriptions(t *testing.T) {
	b := withCluster(t, Config{Topics: map[string]string{"das": "http://127.0.0.1:1/"}})
	tool(t, b.url, "python3", filepath.Join("testdata", "subscriptions.py"), b.url, topicARN)
}

func TestBoto3Waiters(t *testing.T) {
	b := start(t, Config{})
	tool(t, b.url, "python3", filepath.Join("testdata", "waiters.py"), b.url)
}

// TestCommandLineLife makes a cluster and deletes it as a shell script would.
func TestCommandLineLife(t *testing.T) {
	b := start(t, Config{EngineVersion: "15.4"})
	aws := func(args ...string) string {
		t.Helper()
		return strings.TrimSpace(tool(t, b.url, "aws", append([]string{"rds", "--endpoint-url", b.url, "--region", "us-east-1", "--profile", "MY_PROFILE_CREDENTIALS", "--output", "text"}, args...)...))
	}
	aws("create-db-cluster", "--db-cluster-identifier", "cli", "--engine", "aurora-postgresql", "--engine-version", "15.4", "--master-username", "postgres",
		"--manage-master-user-password", "--tags", "Key=team,Value=audit", "--serverless-v2-scaling-configuration", "MinCapacity=0.5,MaxCapacity=4")
	aws("wait", "db-cluster-available", "--db-cluster-identifier", "cli")
	for _, id := range []string{"cli-1", "cli-2"} {
		aws("create-db-instance", "--db-instance-identifier", id, "--db-cluster-identifier", "cli", "--engine", "aurora-postgresql", "--db-instance-class", "db.r6g.large")
	}
	aws("wait", "db-instance-available", "--filters", "Name=db-cluster-id,Values=cli")
	if got := aws("modify-db-cluster", "--db-cluster-identifier", "cli", "--engine-version", "15.10", "--query", "DBCluster.[EngineVersion,PendingModifiedValues.EngineVersion]"); got != "15.4\t15.10" {
		t.Errorf("modify prints %q", got)
	}
	if got := aws("failover-db-cluster", "--db-cluster-identifier", "cli", "--target-db-instance-identifier", "cli-2", "--query", "DBCluster.Status"); got != "failing-over" {
		t.Errorf("failover prints %q", got)
	}
	b.awaitID(t, "cli", statusAvailable)
	if got := aws("describe-db-clusters", "--query", "DBClusters[0].DBClusterMembers[?IsClusterWriter].DBInstanceIdentifier"); got != "cli-2" {
		t.Errorf("the writer is %q", got)
	}
	aws("create-db-cluster-snapshot", "--db-cluster-identifier", "cli", "--db-cluster-snapshot-identifier", "snap")
	aws("wait", "db-cluster-snapshot-available", "--db-cluster-snapshot-identifier", "snap")
	for _, id := range []string{"cli-1", "cli-2"} {
		aws("delete-db-instance", "--db-instance-identifier", id)
		aws("wait", "db-instance-deleted", "--db-instance-identifier", id)
	}
	aws("delete-db-cluster", "--db-cluster-identifier", "cli", "--final-db-snapshot-identifier", "final")
	aws("wait", "db-cluster-deleted", "--db-cluster-identifier", "cli")
	if got := aws("describe-db-cluster-snapshots", "--query", "DBClusterSnapshots[].DBClusterSnapshotIdentifier"); got != "final\tsnap" {
		t.Errorf("snapshots are %q", got)
	}
}

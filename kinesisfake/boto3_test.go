package kinesisfake

import (
	"os/exec"
	"testing"
)

// TestBoto3 runs testdata/boto3_check.py, which asserts.
func TestBoto3(t *testing.T) {
	if out, err := exec.Command("python3", "-c", "import boto3").CombinedOutput(); err != nil {
		t.Fatalf("python3 with boto3 is needed (pip install boto3): %v\n%s", err, out)
	}
	url := serve(t, newServer(t, Config{}))
	if out, err := exec.CommandContext(t.Context(), "python3", "testdata/boto3_check.py", url).CombinedOutput(); err != nil {
		t.Errorf("boto3: %v\n%s", err, out)
	}
}

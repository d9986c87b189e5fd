package main

import (
	"os"
	"testing"
)

// TestAWSFile: the example in docs/another-kinesis.md of publishing to AWS is one.
func TestAWSFile(t *testing.T) {
	text, err := os.ReadFile("../../testdata/config/aws.yaml")
	if err != nil {
		t.Fatal(err)
	}
	o, err := configured(t, string(text))
	if err != nil || o.KinesisEndpoint != "aws" || o.KMSEndpoint != "aws" || o.KMSKeyID != "alias/audit" || o.Region != "eu-west-1" || o.ClusterResourceID == "" {
		t.Errorf("%+v: %v", o, err)
	}
}

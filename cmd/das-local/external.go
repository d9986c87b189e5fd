package main

import (
	"github.com/das-local/das-local/emulator"
)

// externalFlags defines the flags for a Kinesis and a KMS that are not das-local's own.
func externalFlags(fs flagSet, o *emulator.Options) {
	fs.StringVar(&o.KinesisEndpoint, "kinesis-endpoint", "", "`URL` of a Kinesis to publish to in place of the embedded one, or \"aws\" for AWS; credentials are those of the AWS SDK, the Region is --region")
	fs.StringVar(&o.KMSEndpoint, "kms-endpoint", "", "`URL` of a KMS to use in place of the embedded one, or \"aws\"")
	fs.StringVar(&o.KMSKeyID, "kms-key-id", "", "`KEY` of the first cluster's stream in the KMS of --kms-endpoint: id, ARN or alias")
	fs.StringVar(&o.ClusterResourceID, "cluster-resource-id", "", "resource `ID` of the first cluster, cluster-… (26 capitals and digits); processes in front of the same server share it; empty makes one")
	fs.StringVar(&o.InstanceResourceID, "instance-resource-id", "", "resource `ID` of its instance, db-…; each process has its own; empty makes one")
}

// Package rdsapi serves the RDS actions for Aurora clusters, their instances,
// activity streams and RDS events, over the AWS Query protocol.
//
//	aws rds start-activity-stream ──▶ rdsapi ──StreamController──▶ emulator
//	aws rds create-db-instance    ──▶ rdsapi ──InstanceController─▶ emulator
//
// See https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/
package rdsapi

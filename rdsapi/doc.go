// Package rdsapi serves the RDS actions for Aurora clusters, their instances,
// activity streams and RDS events, over the AWS Query protocol.
//
//	aws rds start-activity-stream ──▶ Server ──StreamController──▶ emulator
//	aws rds create-db-instance    ──▶ Server ──InstanceController─▶ emulator
//
// An activity stream goes stopped → starting → started → stopping → stopped.
// The action answers with the transitional status; Run then does the work:
//
//	StartActivityStream ──▶ starting ──queue──▶ Run: StartStream ──▶ started, RDS event
//	                                                   └─ fails ───▶ stopped, RDS event
//
// Without ApplyImmediately the change is pending: nothing moves until an
// instance of the cluster is rebooted (RDS would also do it in the maintenance
// window, which is not emulated). Meanwhile the cluster's members say
// pending-reboot and DescribePendingMaintenanceActions lists the change.
//
// With Config.Store the state is on disk. Whoever unlocks it stores what has
// changed, so no action has to; an action whose change could not be stored answers
// with an error, and the next one tries again. Resume starts what is there.
//
// Databases are real, the rest of RDS is not: passwords, snapshots, subnets and
// parameter groups are accepted and shown as far as clients need, without effect.
//
// See https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/
package rdsapi

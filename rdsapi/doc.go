// Package rdsapi serves the RDS actions for Aurora clusters, their instances,
// activity streams and RDS events, over the AWS Query protocol.
//
//	aws rds start-activity-stream ──▶ Server ──StreamController──▶ emulator
//	aws rds create-db-instance    ──▶ Server ──InstanceController─▶ emulator
//
// An activity stream goes stopped → starting → started → stopping → stopped.
// The action answers with the transitional status; Run then does the work, while
// the cluster's instances are down and say configuring-activity-stream:
//
//	StartActivityStream ──▶ starting ──queue──▶ Run: RefuseSessions, AwaitSessions
//	                                                 StartStream ──▶ started, AdmitSessions, RDS event
//	                                                     └─ fails ──▶ stopped, the same
//
// Without ApplyImmediately the change is pending: nothing moves until an instance
// of the cluster is rebooted, the maintenance window begins, or
// ApplyPendingMaintenanceAction asks for it. Meanwhile the cluster's members say
// pending-reboot. Run looks at Config.Clock, which may be put forward.
//
// A stream that cannot record says so by RecordLossBegin. By its cluster's tag
// TagOnStreamFailure the sessions go on, or the instances are shut down until
// somebody starts them:
//
//	RecordLossBegin ──▶ RDS event ──▶ RefuseSessions at once ──Run──▶ stopped
//	RecordLossEnd   ──▶ RDS event with what was lost
//
// Events are kept for two weeks and, as they happen, posted to the addresses of
// Config.Topics that event subscriptions name, and of Config.EventBuses.
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

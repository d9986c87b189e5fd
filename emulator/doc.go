// Package emulator runs the whole service in one process: a proxied
// PostgreSQL cluster, its activity stream, and the Kinesis, KMS, RDS and STS
// endpoints around it.
//
//	psql ──▶ proxy ⇄ PostgreSQL          aws rds start-activity-stream
//	           │ activity events                     │
//	           ▼                                     ▼
//	        stream ──records──▶ kinesisfake ◀── rdsapi ── StreamController
//	           └── data keys ◀── kmsfake
//
// ForTest gives a test one: with a database of its own on a PostgreSQL that all tests of
// the process share, and an error for what the test does not close. A test sends its
// statements to PostgresURL, and WaitFor has the event that a Match describes:
//
//	e := emulator.ForTest(t)
//	conn, err := pgx.Connect(ctx, e.PostgresURL())
//	…
//	event, err := e.WaitFor(ctx, emulator.Match{Command: "INSERT", ObjectName: "public.t"}.Matches)
//
// Events has all of them. AWSConfig is for clients of the AWS SDK, such as a consumer
// under test. Faults and Clock have the service fail, and time pass, on purpose. Reset
// begins anew.
//
// Programs use Start, which wires everything and returns when every listener accepts.
// Close ends it in the order in which nothing is lost: sessions first, then what is
// queued, then the endpoints, then the database server.
//
// With Options.DataDir all state is in one store (internal/store), which the
// services write and nobody else, and the next Start goes on from there.
//
// With Options.KinesisEndpoint and Options.KMSEndpoint records and data keys are those
// of services somewhere else (internal/external), which several emulators may share.
//
// A start or a stop of a stream by the RDS API restarts the instances: their proxies end
// the sessions and turn clients away for the moment it takes. So does, for longer, a
// stream that cannot record, if Options.OnStreamFailure says so; it tells the
// emulator before it lets any session go on.
//
// See https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/DBActivityStreams.html
package emulator

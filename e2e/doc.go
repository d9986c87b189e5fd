// Package e2e tests das-local from the outside: it builds the binary, starts it
// as a user does and judges it by what other people's programs see.
//
//	psql pgx pgbench pg_dump ──▶ das-local ──▶ PostgreSQL
//	aws CLI, aws-sdk-go-v2   ──▶    │
//	Python, JavaScript       ◀── Kinesis, KMS ── compared with the samples of
//	                                             the Aurora user guide (2019)
//
// The Python and JavaScript tools are installed into .cache/e2e once; later
// runs find them there.
//
// See https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/DBActivityStreams.html
package e2e

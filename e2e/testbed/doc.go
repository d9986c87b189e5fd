// Package testbed runs the das-local binary and what stands around it: a
// private PostgreSQL server, free ports, and a reader of the stream's far end.
// The end-to-end tests, the oracle replay and the benchmark stand on it.
//
//	psql, pgx, pgbench ──▶ das-local (subprocess) ──▶ PostgreSQL (private)
//	                           │ Kinesis, KMS
//	                 das-local tail (subprocess) ──▶ Tail.Events
//
// Nothing in here looks into the product: it knows flags, standard output, the
// health page and the JSON of an event, as a user does.
//
// See https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/DBActivityStreams.html
package testbed

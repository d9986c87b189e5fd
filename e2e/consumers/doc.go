// Command consumers has others' clients read one activity stream while it is
// resharded, and compares what each of them prints with what tail prints.
//
//	psql's work ──▶ das-local ──▶ Kinesis ──▶ tail                             the reference
//	                  ▲                  ├──▶ KCL 1 (Java, polls)             ─┐
//	    SplitShard, MergeShards,         ├──▶ KCL 3 (Java, fan-out, h2c, CBOR) │ every event
//	    UpdateShardCount                 ├──▶ JavaScript (fan-out, h2c)        │ exactly once
//	                                     ├──▶ Go, HTTP/1.1 (fan-out)           │
//	                                     └──▶ Go, h2c (fan-out)               ─┘
//
// The KCLs keep their leases in DynamoDB Local. conformance/run fetches and compiles
// what the clients are made of, and calls this program:
//
//	go run ./e2e/consumers -bin bin/das-local -clients .cache/conformance
//
// It prints a table, and ends with 1 if a client has missed an event or printed one
// twice.
package main

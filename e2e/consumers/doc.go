// Command consumers has others' clients read one activity stream while it is
// resharded, and compares what each of them prints with what tail prints.
//
//	psql's work ──▶ das-local ──▶ Kinesis ──▶ tail                             the reference
//	                  ▲                  ├──▶ KCL 1, KCL 3, today's guide (Java) ─┐
//	    SplitShard, MergeShards,         ├──▶ JavaScript (fan-out; polls)         │ every event
//	    UpdateShardCount                 ├──▶ AWS CLI and das-local decrypt       │ exactly once
//	                                     ├──▶ Go (fan-out, HTTP/1.1 and h2c)      │
//	                                     └──▶ the guides' Python, at the end     ─┘
//
// The guides' Python consumers list the shards once and do not follow a change of them.
// They are started when the changes are over, at LATEST, and must print what is written
// from then on. A client that reads from LATEST is given work when it has printed a
// heartbeat.
//
// The KCLs keep their leases in DynamoDB Local. conformance/run fetches and compiles
// what the clients are made of, and calls this program:
//
//	go run ./e2e/consumers -bin bin/das-local -clients .cache/conformance
//
// It prints a table, and ends with 1 if a client has missed an event or printed one
// twice.
package main

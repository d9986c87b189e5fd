// Command crash kills das-local at random instants and checks that its stream has
// what it promised.
//
//	16 sessions ──numbered rows──▶ das-local --data-dir ──▶ PostgreSQL (survives)
//	                                  │ kill -9, restart, again
//	                 a consumer ◀─────┘ at the end: Kinesis, KMS Decrypt
//
// In sync mode every statement that was acknowledged must be in the stream exactly
// once, in its session's order. In async mode a session may lose its last
// statements, and only those: what it lost must be the end of what it did, and
// nothing that was acknowledged longer than -lag before the kill. Meanwhile other
// streams are filled and deleted, so that kills hit flushes and trims as well, some
// kills hit a start, and in async mode the key is disabled now and then, so that
// the queue goes to disk.
//
// With -faults nothing is killed at random. The file layer and Kinesis fail on purpose
// (fsync errors, a full disk, short writes, throttling) while the sessions write; when
// that is over every acknowledged statement must be in the stream, but for those that
// RDS events tell to be lost: each of these inside a window that was told, and as many
// as were told. In every other round the texts are so long that the queue overflows.
// Then comes a kill, and all of it must still be so.
//
// With -guarantee executed every row that the server has must have its event: one of known
// outcome if its statement was acknowledged, else of known or unknown outcome. In some
// rounds a backend of the server is killed first.
package main

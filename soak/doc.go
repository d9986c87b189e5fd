// Command soak has das-local work for a long time and checks that nothing wears out.
//
//	pgbench, 32 clients ──numbered rows──▶ das-local --data-dir ──▶ PostgreSQL
//	splits and merges of its shards ──────▶     │
//	a second cluster, whose stream is started   │
//	and stopped over and over ────────────▶     │
//	                 a consumer that follows ◀──┘
//
// At the end every statement of every client must be in the stream exactly once, no
// session of pgbench may have seen an error, and das-local's memory (what is resident,
// and what the garbage collector left of the heap) and its descriptors must be as many
// as after the warm-up.
//
// The stream of the second cluster is restarted and not that of the first, because
// --apply-immediately ends a cluster's sessions, as AWS does.
package main

// Package catalog answers what a name in a client's SQL means on the real
// server: which relation, which functions, which view definition, which
// parameter types. It asks over connections of its own and remembers the
// answers; the client's session is never used.
//
//	Relation, Functions, …  ──hit──▶ cache (lock-free, no allocation)
//	        │ miss
//	        ▼
//	  one flight a key ──▶ worker of the database ──▶ side connection ──▶ PostgreSQL
//	   (callers wait at most MaxWait)      "das-local catalog", read-only,
//	                                       short statement_timeout and lock_timeout
//
// # What is cached
//
// A name is looked up in all schemas at once, and the search path, the role's
// USAGE rights and the session's temporary schema are applied to the cached
// list: sessions with different paths share entries. The cache is bounded in
// entries and bytes.
//
// # How fresh an answer is
//
// Every cached answer of a database carries the database's version. A change
// of version makes all of them void:
//
//   - Invalidate changes it. Call it when DDL was seen to complete, and again
//     when the transaction that held DDL commits: before that, the side
//     connection cannot see the change.
//   - At most once per CheckInterval, and only while names are being looked up, the
//     database's snapshot (txid_current_snapshot) is compared. If any transaction committed
//     since, a fingerprint of what answers are made of (pg_class, pg_proc, pg_rewrite, pg_constraint
//     and so on: object ids and xmin, one MVCC snapshot) is compared. So DDL by anyone, temporary tables included, is noticed no later than two
//     intervals after its commit, whatever route it took. On a database whose
//     fingerprint is slow to compute the interval stretches to 50 times its cost.
//
// Answers "not found" live for NegativeTTL only. Objects created in a
// transaction that has not committed are not found.
//
// # Statements
//
// Analyze has the server itself say what a statement means: it is sent as a Parse message, which the server
// analyses and rewrites, but does not plan or run, with debug_print_rewritten on. The server sends the
// result as a LOG message, to this connection only: log_min_messages, which a superuser may set, keeps it out of the server's
// log. So overloads, implicit casts, operators, defaults, views, rules and policies are the server's own
// choice. What the planner then does is redone here as far as it follows from the tree and the catalogue
// (the files tree*.go): WITH queries and sub-selects that are merged or dropped, constants that are
// folded, EXISTS that is planned twice (treeexists.go), min() and max() by an index (treeminmax.go), what cannot have rows
// (treeempty.go, treepush.go), the order in which functions start.
//
//	SQL ─▶ classify.Disarm ─▶ Parse ─▶ LOG: rewritten tree ─▶ querytree.Read ─▶ look-ups by OID ─▶ walker ─▶ Analysis
//
// # No code of clients
//
// The side connection's user has more rights than most clients. What a client wrote goes to the server as a
// classify.Inert only, which has no literal left that parse analysis would evaluate; the walker puts the literals back into the tree
// (literals.go). Names that clients give are parameters of functions that look names up. Own queries run
// with an empty search path, set whatever new sessions of the database get, and the very first without leaving
// anything to the path (side.go). What planning would evaluate is not planned: rows are counted only where
// that has no expressions (count.go). Version 12 has one more danger: see partitionkeys.go.
//
// # When the server does not answer
//
// Nothing blocks a session: a look-up waits MaxWait at most, then answers "not
// found" and so do the following ones, at once, until the server answers again. Reconnecting backs
// off exponentially; the failure is logged once, and so is the recovery.
// Cached answers stay in use meanwhile.
//
// # Temporary tables
//
// A session's temporary schema is pg_temp_N, N being its backend number. From
// PostgreSQL 16 on the server tells the number of each process. Before, it is
// deduced: from pg_locks while the session is in a transaction, and from the order
// of the server's process list, if need be with the help of a few short
// connections (see temp.go). Where that gives no proof, a temporary relation is
// chosen only if nothing else on the path and no other session has the name.
//
// https://www.postgresql.org/docs/current/ddl-schemas.html#DDL-SCHEMAS-PATH
package catalog

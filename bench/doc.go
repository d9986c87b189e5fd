// Command bench measures what das-local costs a PostgreSQL client, beside a
// direct connection and beside pgbouncer.
//
//	           ┌──────────────────────▶
//	pgbench ───┼──▶ pgbouncer ────────▶ PostgreSQL (private)
//	           └──▶ das-local, stream on (async) ─▶
//
// All targets of a cell run one after the other in every round, each round
// beginning with another of them, and ratios are formed inside a round: what
// else the machine does then weighs on all alike. A figure is the median of
// the rounds. A counted run before them shows that the stream has every
// statement.
//
// See https://www.postgresql.org/docs/current/pgbench.html
package main

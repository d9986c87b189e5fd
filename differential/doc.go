// Command differential sends the same work through das-local in both of its audit
// modes and compares the activity events that come of it.
//
//	                    ┌──▶ das-local --audit catalog ──▶ PostgreSQL ──▶ sessions ─┐
//	oracle's corpus ────┤                                                             ├─ align ─ judge ─▶ table by kind
//	pgbench             │                                                             │
//	regression suite ───┴──▶ das-local --audit server ───▶ PostgreSQL + pgaudit ──────┘
//
// What the mode server has of a statement is what the server's own audit recorded,
// so it is the judge; the mode catalog has text, protocol and catalogue only. The
// corpus is compared case by case, the rest statement by statement: the statements
// of two sessions are aligned by their text, so that one that only one side knows
// costs no more than itself.
//
// Two sides agree on a statement if they have the same events: class, command,
// object, text, parameters, rows, substatementId, and if it failed, SQLSTATE and
// message. Statement ids count by rank, relations of one query in any order, and
// temporary schemas without their number.
//
// Of all statements, some are decidable without the server: see decider. For them
// the floor in floors holds; the program exits 1 below it.
//
// The activity stream is synchronous, so that names are looked up before the next
// statement can change them and a run repeats; -stream async shows the other mode.
package main

// Command oracle replays recorded sessions through das-local and compares the
// activity events with what the server's own audit recorded for them.
//
//	testdata/oracle/public.jsonl ──▶ case ──raw messages──▶ das-local ──▶ PostgreSQL
//	                                  │                        │
//	                            records ◀──── compare ────▶ events of the session
//	                                              │
//	                                     share of agreement by kind
//
// A case agrees if its events have the records' class, command, objects,
// parameters, text and rows, with ids of the same rank. What is by design not
// compared: statements that failed, the objects and rows of COPY and DECLARE
// CURSOR, and the order of the relations of one query.
//
// See https://github.com/pgaudit/pgaudit
package main

// Package audit makes activity events of what the tracker saw in a session.
//
//	track.Item ─▶ Session.Apply ─┬─ classify: class, command, relations, functions
//	                             ├─ catalogue: what the server makes of a query; else schemas, kinds, views
//	                             ├─ session state: search path, PREPARE, open transaction
//	                             └─▶ []activity.Event
//
// A statement takes a number (statementId) when it ends; CONNECT has number 1. All
// events of a statement share the number; the substatement number tells the parts apart:
// each function called, the relations of a query together, the statement around a query
// (EXPLAIN, EXECUTE, CREATE TABLE AS). A statement that touches several relations
// has one event for each of them. While a portal of the client's is open, the statements that follow it are
// parts of the same statement, as the server's own audit has it.
//
// What only the server knows, such as statements inside functions, triggers and
// foreign keys, does not appear, unless the server's own audit, pgaudit, helps
// (Config.Assisted): then its records are the events, and the rest makes up what it
// leaves out.
//
//	Audited ──▶ records ──Completed──▶ settle ──▶ events of the records
//	                                     └─ none: classify, catalogue, as above
//
// A Session belongs to one goroutine. It does no I/O of its own: look-ups go through the
// Catalog that it is given, and a statement without relations makes none.
//
// https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/DBActivityStreams.html
package audit

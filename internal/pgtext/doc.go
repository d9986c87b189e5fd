// Package pgtext prints bind parameters as the server prints them: the audit
// shows $1 = t for a client that sent 1, yes or a binary byte.
//
//	text format   ──parse──▶ value ──print──▶ as the type's output function does
//	                └─ not surely understood ───▶ unchanged
//	binary format ──decode─▶ value ──print──▶ as the type's output function does
//	                └─ malformed or unknown type ─▶ \x… (hexadecimal)
//
// It knows the built-in types of PostgreSQL 12 to 17 and their arrays, ranges and
// multiranges. It has no catalogue: Settings.TypeOf describes enums, domains, composites and
// ranges, Settings.RegName names what a regclass and the like stand for; without them, the binary
// values of the former print as hexadecimal and those of the latter as the object's number.
// Money prints as with lc_monetary C or en_US, for servers do not report that setting.
//
// The bytes come from strangers: every length and count is checked against the
// bytes at hand before anything is allocated, nesting is limited, and the output is bounded (see
// maxGrowth): what would exceed it is treated as malformed.
//
// https://www.postgresql.org/docs/current/protocol-overview.html#PROTOCOL-FORMAT-CODES
package pgtext

// Package classify reads SQL text the way PostgreSQL's parser does and says
// what an activity event must say about it: class, command, the relations it
// reads and writes, the functions it calls, what it changes in the session,
// and which parts of it are secret.
//
//	text ─▶ exact-text cache ──hit──────────────────────────────▶ Result
//	   │ miss
//	   ├─ SELECT, INSERT, UPDATE, DELETE, MERGE, VALUES:
//	   │    lexer blanks the literals ─▶ shape cache ──hit──────▶ Result
//	   │                                   │ miss
//	   ├───────────────────────────────────┴─▶ small enough? ─▶ pg_query ─▶ tree walk
//	   └─ too large, or not understood ─▶ lexer only: first keywords, target
//
// The package is pure: it opens nothing, logs nothing, starts no goroutine. It is
// the only importer of pg_query. Names stay as written; what they mean is for the
// caller's catalogue to say.
//
// # No text ends the process
//
// PostgreSQL's parser builds trees as deep as the text asks for, and libpg_query
// walks them recursively without a depth check: 24,000 terms of "1+1+…" (46 KB)
// overflow an 8 MB thread stack, which no recover can catch; and the time it takes grows with
// the square of the depth. So a lexer of our own looks first (see mayParse): it bounds the depth
// that a text can have, from its parentheses, commas and tokens, and what may be too deep
// or is too long never reaches the parser. Such texts get the answer of the lexer alone: their first
// keywords, and the target of an INSERT, UPDATE, DELETE or COPY. Lists of literals (IN, ARRAY, rows
// of VALUES) are cut short before that, so that bulk INSERTs keep exact answers. The tests run
// texts that kill the parser otherwise, also on a thread stack of a quarter of Linux's usual size.
//
// # Redaction
//
// Redact works on tokens, so that it also holds for texts that do not parse, for their beginnings, and
// for pieces of statements such as the server shows from inside functions. It decodes literals of every
// form and looks into them, as deep as statements are put together.
//
//	text ─▶ Redact ──────────▶ commandText        RedactBroken: the server found a syntax error
//	     └▶ SecretParams ────▶ paramList          RedactValue: what a value tells by itself
//	     └▶ RedactMessage ───▶ errorMessage       it quotes nothing that is not shown
//
// https://www.postgresql.org/docs/current/sql-syntax-lexical.html
package classify

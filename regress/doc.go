// Command regress lets other people's test suites judge whether das-local is
// transparent: PostgreSQL's own regression suite, and those of two drivers.
//
//	                ┌──────────▶ PostgreSQL   direct, twice ──────────┐
//	suite ──────────┤                                                  ├─ judge: test by test
//	                └─ das-local ─▶ PostgreSQL   with the stream on ──┘
//	                      └─ das-local tail ──▶ nothing was lost
//
// With -quick the second direct run waits until something differs. Every run has
// a new server of its own. A test that gives two outcomes
// directly is unstable, is named and judges nothing; every other test must give
// through das-local what it gives directly. For PostgreSQL's suite the outcome
// is all that psql printed, whatever pg_regress thinks of it; for a driver's it
// is whether the test passes.
//
// A difference counts if nothing but das-local explains it:
//
//   - das-local is one session more that reads the catalogues. A snapshot that
//     is open anywhere in a database keeps VACUUM from marking a page as visible
//     to all, and plans depend on the marks. So where PostgreSQL's suite differs,
//     it runs directly once more with such a session beside it, and what it
//     prints then is right too.
//   - A driver's test may race with its server, and any hop lets it lose. Tests
//     that differ run three times more, through das-local and through a relay
//     that knows nothing of PostgreSQL. Those that the relay changes as well, and
//     those that never differ again, are named with the unstable ones.
//
// See https://www.postgresql.org/docs/current/regress.html
package main

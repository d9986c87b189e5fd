// Command regress lets other people's test suites judge whether das-local is
// transparent: PostgreSQL's own regression suite, and those of two drivers.
//
//	                ┌──────────▶ PostgreSQL   direct, twice ──────────┐
//	suite ──────────┤                                                  ├─ judge: test by test
//	                └─ das-local ─▶ PostgreSQL   with the stream on ──┘
//	                      └─ das-local tail ──▶ nothing was lost
//
// Every run has a new server of its own. A test that gives two outcomes
// directly is unstable, is named and judges nothing; every other test must give
// through das-local what it gives directly. For PostgreSQL's suite the outcome
// is all that psql printed, whatever pg_regress thinks of it; for a driver's it
// is whether the test passes.
//
// das-local is one session more that reads the catalogues, which shows in one
// place: a transaction that is open anywhere in a database keeps VACUUM from
// marking a page as visible to all, and plans depend on the marks. So
// PostgreSQL's suite also runs directly with another such session beside it,
// and what it prints then is right too.
//
// See https://www.postgresql.org/docs/current/regress.html
package main

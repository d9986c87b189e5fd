// Package pgsuite fetches the regression suite of the PostgreSQL that is
// installed and says where its parts lie, for whoever wants real statements by
// the thousand.
//
//	source package ──scripts/regress-source──▶ .cache/regress/postgresql-15.18/
//	                                                │ Open: a copy that the server's user may read
//	                                            Suite{Dir: sql/ expected/ data/ *.so, schedule}
//
// Nothing of the suite is part of this module: it is fetched once for an
// installed version.
//
// See https://www.postgresql.org/docs/current/regress.html
package pgsuite

// Package pgtest gives the tests of a package one private PostgreSQL server.
//
//	var server *pgserver.Server
//
//	func TestMain(m *testing.M) { pgtest.Main(m, &server, nil) }
package pgtest

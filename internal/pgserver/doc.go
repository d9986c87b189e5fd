// Package pgserver runs a private PostgreSQL server from the binaries of a
// local installation, as an unprivileged user when the caller is root, and
// leaves neither process nor file behind.
//
//	Find ──▶ Installation ──initdb (once)──▶ prepared data directory (user's cache)
//	                                             │ copy, 0.1 s
//	Start ─sweep what dead processes left─▶ TMP/das-local-pg-…/ ──▶ postmaster
//	                                          lock  held while the owner lives
//	                                          data  the data directory
//	                                          s     the socket directory
//
// The server listens on 127.0.0.1 and on a Unix socket of its own, and trusts
// whoever connects unless a password is configured: anybody who has an account
// on the machine can be its superuser. Its data is thrown away at the end, so
// it runs without fsync: keep nothing in it that matters. With Config.DataDir the
// data is kept there and fsync is on; the private directory then has a link to it.
//
// The postmaster ends with its owner, even with one that is killed: on Linux
// the kernel signals it, elsewhere the next Start stops it. Directories are
// told apart from those in use by a file lock, which cannot outlive a process.
//
// See https://www.postgresql.org/docs/current/server-start.html
package pgserver

// Package pgserver runs a private PostgreSQL server from the binaries of a
// local installation, as an unprivileged user when the caller is root, and
// leaves neither process nor file behind.
package pgserver

//go:build !linux

package pgtest

// Dir is where a server's private directory belongs whose data is thrown away: the
// system's directory for temporary files.
func Dir() string { return "" }

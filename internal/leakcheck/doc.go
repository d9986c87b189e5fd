// Package leakcheck runs a package's tests and fails them if they leave
// goroutines or file descriptors behind.
//
//	func TestMain(m *testing.M) { leakcheck.Main(m) }
package leakcheck

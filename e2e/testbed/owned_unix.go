//go:build unix && !linux

package testbed

import "syscall"

// ownedAttr gives the program a process group of its own: a ^C at the test's terminal is
// the test's to handle. The kernel has no signal for the end of a parent.
func ownedAttr(cred *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: cred}
}

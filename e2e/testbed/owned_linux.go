package testbed

import "syscall"

// ownedAttr has the kernel send SIGTERM, as an operator would, when the thread that
// started the program ends: what the program itself has started then ends too. The
// program has a process group of its own: a ^C at the test's terminal is the test's to
// handle.
func ownedAttr(cred *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: cred, Pdeathsig: syscall.SIGTERM}
}

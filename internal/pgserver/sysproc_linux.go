package pgserver

import "syscall"

// postmasterAttr runs the server as the account, away from the terminal's
// signals, and has the kernel stop it when the thread that started it ends.
// SIGQUIT: at once, without a checkpoint of data that nobody will read.
func postmasterAttr(a *account) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{
		Credential: a.credential(),
		Setpgid:    true,
		Pdeathsig:  syscall.SIGQUIT,
	}
}

//go:build unix && !linux

package pgserver

import "syscall"

// postmasterAttr runs the server as the account, away from the terminal's
// signals. A server whose owner was killed is stopped by the next Start.
func postmasterAttr(a *account) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: a.credential(), Setpgid: true}
}

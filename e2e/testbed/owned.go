package testbed

import (
	"os/exec"
	"runtime"
	"syscall"
)

// startOwned starts a program that must not outlive this process, even if this process
// is killed, and runs the rest of its life, which ends with cmd.Wait, in a goroutine.
func startOwned(cmd *exec.Cmd, cred *syscall.Credential, life func()) error {
	cmd.SysProcAttr = ownedAttr(cred)
	started := make(chan error, 1)
	go func() { // ends with the program
		// The kernel ends the program when the thread that started it ends, so the
		// thread does nothing else until then.
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			life()
		}
	}()
	return <-started
}

//go:build unix

package pgserver

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// killPatience bounds the wait for processes that were killed.
const killPatience = time.Minute

// Kill ends all processes of the server by SIGKILL, as a machine does that loses its
// power. Restart starts the server again, which recovers. A server that is down
// already stays so.
func (s *Server) Kill() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return errors.New("kill: the server is stopped")
	}
	select {
	case <-s.process.done:
		return nil
	default:
	}
	pid := s.process.cmd.Process.Pid
	_ = syscall.Kill(pid, syscall.SIGSTOP) // so that it has no more children
	all := children(pid)
	_ = syscall.Kill(pid, syscall.SIGKILL)
	for _, child := range all {
		_ = syscall.Kill(child, syscall.SIGKILL) // it may have ended
	}
	<-s.process.done
	// As long as one of them lives the server's shared memory counts as in use.
	for end := time.Now().Add(killPatience); ; time.Sleep(5 * time.Millisecond) {
		left := alive(all)
		if left == 0 {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("kill: %d processes of the server do not end", left)
		}
	}
}

// stat is the state and the parent of a process, from Linux's /proc; elsewhere ok is
// false: there the children of a killed server end when they notice.
func stat(pid int) (state byte, parent int, ok bool) {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return 0, 0, false
	}
	behind := strings.LastIndexByte(string(text), ')') // the name in parentheses may be anything
	fields := strings.Fields(string(text)[behind+1:])
	if len(fields) < 2 || len(fields[0]) != 1 {
		return 0, 0, false
	}
	parent, err = strconv.Atoi(fields[1])
	return fields[0][0], parent, err == nil
}

func children(of int) (pids []int) {
	entries, _ := os.ReadDir("/proc") // without it there are none to find
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if _, parent, ok := stat(pid); ok && parent == of {
			pids = append(pids, pid)
		}
	}
	return pids
}

// alive counts the processes that still run.
func alive(pids []int) (n int) {
	for _, pid := range pids {
		if state, _, ok := stat(pid); ok && state != 'Z' && state != 'X' {
			n++
		}
	}
	return n
}

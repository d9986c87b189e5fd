package proxy

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// listenUnix adds the Unix-domain socket that libpq looks for, and its lock
// file, so that a second server on the same port notices the first.
func (p *Proxy) listenUnix(dir string) error {
	_, port, err := net.SplitHostPort(p.listeners[0].Addr().String())
	if err != nil {
		return fmt.Errorf("listen on Unix-domain socket: %w", err)
	}
	path := filepath.Join(dir, ".s.PGSQL."+port)
	lock, err := lockSocket(path + ".lock")
	if err != nil {
		return fmt.Errorf("listen on Unix-domain socket: %w", err)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		lock.release()
		return fmt.Errorf("listen on Unix-domain socket: %w", err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		lock.release()
		return fmt.Errorf("listen on Unix-domain socket: %w", err)
	}
	os.Chmod(path, 0o777) // as PostgreSQL's unix_socket_permissions
	p.lock = lock
	p.listeners = append(p.listeners, l)
	return nil
}

// A socketLock is a lock file that holds the pid of its owner.
type socketLock struct{ path string }

func lockSocket(path string) (*socketLock, error) {
	for range 10 {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err == nil {
			_, err = fmt.Fprintf(f, "%d\n", os.Getpid())
			if cerr := f.Close(); err == nil {
				err = cerr
			}
			return &socketLock{path}, err
		}
		if !errors.Is(err, os.ErrExist) {
			return nil, err
		}
		if pid := ownerOf(path); pid > 0 {
			return nil, fmt.Errorf("%s: the socket is in use by process %d", path, pid)
		}
		os.Remove(path)
	}
	return nil, fmt.Errorf("%s: cannot make lock file", path)
}

// ownerOf is the live process that a lock file names, or 0.
func ownerOf(path string) int {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(b), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || pid <= 0 {
		return 0
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		return 0
	}
	if err := process.Signal(syscall.Signal(0)); err != nil && !errors.Is(err, syscall.EPERM) {
		return 0
	}
	return pid
}

func (l *socketLock) release() {
	if l != nil {
		os.Remove(l.path)
	}
}

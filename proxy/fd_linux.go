package proxy

import (
	"fmt"
	"net"
	"os"
	"syscall"
)

// duplicate makes a second descriptor of a connection.
func duplicate(l *leg) (int, error) {
	fd, errno := uintptr(0), syscall.Errno(0)
	err := l.raw.Control(func(old uintptr) {
		fd, _, errno = syscall.RawSyscall(syscall.SYS_FCNTL, old, syscall.F_DUPFD_CLOEXEC, 0)
	})
	if err == nil && errno != 0 {
		err = errno
	}
	if err != nil {
		return -1, fmt.Errorf("duplicate descriptor: %w", err)
	}
	return int(fd), nil
}

func closeFD(fd int) { syscall.Close(fd) }

// connOf makes a connection of a descriptor, which it closes.
func connOf(fd int) net.Conn {
	f := os.NewFile(uintptr(fd), "session")
	defer f.Close()
	conn, err := net.FileConn(f)
	if err != nil {
		return new(net.TCPConn) // out of descriptors: every use is an error, so the session ends
	}
	return conn
}

package proxy

import (
	"fmt"
	"net"
	"os"
	"syscall"
	"unsafe"
)

// duplicate makes a second descriptor of a connection.
func duplicate(l *leg) (int, error) {
	raw := l.system()
	if raw == nil {
		return -1, syscall.EINVAL
	}
	fd, errno := uintptr(0), syscall.Errno(0)
	err := raw.Control(func(old uintptr) {
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

const again = -1

// rawRead reads without telling the scheduler, for it does not block. It
// returns again if there is nothing, and less if the read failed.
func rawRead(fd int, p []byte) int {
	for {
		n, _, errno := syscall.RawSyscall(syscall.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)))
		switch errno {
		case 0:
			return int(n)
		case syscall.EINTR:
		case syscall.EAGAIN:
			return again
		default:
			return again - 1
		}
	}
}

// rawWrite writes what fits and returns how much that was.
func rawWrite(fd int, p []byte) int {
	for {
		n, _, errno := syscall.RawSyscall(syscall.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)))
		switch errno {
		case 0:
			return int(n)
		case syscall.EINTR:
		default:
			return 0
		}
	}
}

// shutFD ends both directions of a connection, which stays open.
func shutFD(fd int) { _ = syscall.Shutdown(fd, syscall.SHUT_RDWR) } // it may have ended

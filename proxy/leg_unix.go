//go:build unix

package proxy

import (
	"net"
	"syscall"
)

const canReadRaw = true

// tryRead reads once; false means that there is nothing yet. Only then does an
// idle session wait, and it has no buffer.
func (l *leg) tryRead(fd uintptr) bool {
	l.buf = l.bufs.get(l.large)
	for {
		l.n, l.err = syscall.Read(int(fd), *l.buf)
		if l.err != syscall.EINTR {
			break
		}
	}
	if l.err == syscall.EAGAIN {
		l.release()
		return false
	}
	return true
}

// unread says whether the socket holds bytes that nobody has read.
func unread(conn net.Conn) bool {
	sc, ok := conn.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return false
	}
	more := false
	raw.Control(func(fd uintptr) {
		var b [1]byte
		n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		more = err == nil && n > 0
	})
	return more
}

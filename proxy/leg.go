package proxy

import (
	"io"
	"net"
	"sync"
	"syscall"
)

// Sizes of the buffers that chunks are read into. A read that fills the small
// one makes the next use the large one.
const (
	smallBuf = 16 << 10
	largeBuf = 64 << 10
)

// buffers are pools of read buffers, shared by the sessions of a proxy: an
// idle session holds none.
type buffers struct {
	small sync.Pool
	large sync.Pool
}

func (b *buffers) get(large bool) *[]byte {
	pool, size := &b.small, smallBuf
	if large {
		pool, size = &b.large, largeBuf
	}
	if p, ok := pool.Get().(*[]byte); ok {
		return p
	}
	p := make([]byte, size)
	return &p
}

func (b *buffers) put(p *[]byte) {
	if len(*p) == largeBuf {
		b.large.Put(p)
	} else {
		b.small.Put(p)
	}
}

// A leg is one of a session's two connections. One goroutine reads from it.
type leg struct {
	net.Conn
	raw   syscall.RawConn // nil if the bytes are not the socket's own, as with TLS
	under *socket         // of a client's TLS, else nil
	bufs  *buffers
	buf   *[]byte // held between next and release
	large bool
	n     int
	err   error
	try   func(fd uintptr) bool // tryRead, made once
}

func newLeg(conn net.Conn, bufs *buffers) *leg {
	l := &leg{Conn: conn, bufs: bufs, under: socketUnder(conn)}
	if sc, ok := conn.(syscall.Conn); ok && canReadRaw {
		if raw, err := sc.SyscallConn(); err == nil {
			l.raw, l.try = raw, l.tryRead
		}
	}
	return l
}

// next waits for bytes and returns what one read yields. They are valid until
// release.
func (l *leg) next() ([]byte, error) {
	if l.raw != nil {
		l.n, l.err = 0, nil
		if err := l.raw.Read(l.try); err != nil {
			return nil, err
		}
		if l.err == nil && l.n == 0 {
			l.err = io.EOF
		}
	} else {
		l.buf = l.bufs.get(l.large)
		l.n, l.err = l.Conn.Read(*l.buf)
	}
	if l.n <= 0 {
		return nil, l.err
	}
	chunk := (*l.buf)[:l.n]
	l.large = l.n == len(*l.buf) || l.large && l.n > smallBuf/2
	return chunk, l.err
}

// release gives the buffer back.
func (l *leg) release() {
	if l.buf != nil {
		l.bufs.put(l.buf)
		l.buf = nil
	}
}

// system is the system's connection, if the leg can leave it for a descriptor.
func (l *leg) system() syscall.RawConn {
	if l.under == nil {
		return l.raw
	}
	if sc, ok := l.under.Conn.(syscall.Conn); ok {
		if raw, err := sc.SyscallConn(); err == nil {
			return raw
		}
	}
	return nil
}

// leave closes the leg's connection, of which fd is a duplicate.
func (l *leg) leave(fd int) {
	if l.under == nil {
		l.Conn.Close()
		return
	}
	l.under.Conn.Close()
	l.under.fd, l.under.onLoop = fd, true
}

// resume is the leg with fd, which leave was told of, for a connection.
func (l *leg) resume(fd int) *leg {
	if l.under == nil {
		return newLeg(connOf(fd), l.bufs)
	}
	l.under.Conn, l.under.onLoop = connOf(fd), false
	return l
}

// closeWrite tells the other side that no more bytes come.
func (l *leg) closeWrite() {
	if c, ok := l.Conn.(interface{ CloseWrite() error }); ok {
		c.CloseWrite()
	}
}

package proxy

import (
	"fmt"
	"sync"
	"syscall"
	"unsafe"
)

// A loop relays sessions that are in the open, on both legs, with one thread
// on epoll. A round trip then costs four system calls and no goroutine switch,
// half of what it costs with two goroutines a session.
//
//	add ──▶ riders ──▶ read, track, write ──▶ … ──▶ hand back
//
// It knows the plain case only. Whatever needs patience, such as a full socket,
// an end, an error, or a wait for durable events, is handed back, with what is
// left to write, to the session's goroutines. Audit is the auditQueue's, for a
// look-up may wait.
type loop struct {
	p      *Proxy
	epoll  int
	wakeFD int
	buf    []byte
	riders []*rider // by slot; nil: free
	free   []int
	dirty  []*session // sessions with items that the auditQueue does not know of yet

	mu     sync.Mutex
	orders []*rider // to be added, or handed back if they are on
	closed bool
	done   chan struct{}
}

func newLoop(p *Proxy) (*loop, error) {
	epoll, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("make event loop: %w", err)
	}
	var pipe [2]int
	if err := syscall.Pipe2(pipe[:], syscall.O_CLOEXEC|syscall.O_NONBLOCK); err != nil {
		syscall.Close(epoll)
		return nil, fmt.Errorf("make event loop: %w", err)
	}
	l := &loop{p: p, epoll: epoll, wakeFD: pipe[1], buf: make([]byte, largeBuf), done: make(chan struct{})}
	event := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: wakeSlot, Pad: int32(pipe[0])}
	if err := syscall.EpollCtl(epoll, syscall.EPOLL_CTL_ADD, pipe[0], &event); err != nil {
		syscall.Close(pipe[0])
		syscall.Close(pipe[1])
		syscall.Close(epoll)
		return nil, fmt.Errorf("make event loop: %w", err)
	}
	go l.run(pipe[0])
	return l, nil
}

// wakeSlot is the slot number in events of the pipe that carries no bytes but
// wake-ups.
const wakeSlot = -1

// add takes a session on. It must be handed back before its legs are used.
func (l *loop) add(r *rider) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	l.orders = append(l.orders, r)
	l.wake()
	return true
}

// release asks for a session back, which may be on its way already.
func (l *loop) release(r *rider) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.orders = append(l.orders, r)
		l.wake()
	}
}

// close hands all sessions back and waits for the loop to end.
func (l *loop) close() {
	l.mu.Lock()
	if !l.closed {
		l.closed = true
		l.wake()
	}
	l.mu.Unlock()
	<-l.done
}

// wake makes run look at its orders; a full pipe will do so anyway. mu is held.
func (l *loop) wake() {
	b := [1]byte{}
	syscall.Write(l.wakeFD, b[:])
}

func (l *loop) run(pipe int) {
	defer close(l.done)
	events := make([]syscall.EpollEvent, 128)
	for {
		n := l.await(events)
		for i := range n {
			e := &events[i]
			if e.Fd == wakeSlot {
				var drain [64]byte
				syscall.Read(pipe, drain[:])
				continue
			}
			r := l.riders[e.Fd]
			if r == nil {
				continue // handed back a moment ago
			}
			if e.Pad == clientSide {
				l.fromClient(r)
			} else {
				l.fromUpstream(r)
			}
		}
		if len(l.dirty) > 0 {
			l.p.audits.add(l.dirty)
			clear(l.dirty)
			l.dirty = l.dirty[:0]
		}
		if !l.obey() {
			syscall.Close(l.epoll)
			syscall.Close(pipe)
			l.mu.Lock()
			syscall.Close(l.wakeFD)
			l.mu.Unlock()
			return
		}
	}
}

// await returns at once if there are events; else it lets others have the
// processor while it waits.
func (l *loop) await(events []syscall.EpollEvent) int {
	at := unsafe.Pointer(&events[0])
	n, _, errno := syscall.RawSyscall6(syscall.SYS_EPOLL_PWAIT, uintptr(l.epoll), uintptr(at), uintptr(len(events)), 0, 0, 0)
	if errno == 0 && n > 0 {
		return int(n)
	}
	n, _, errno = syscall.Syscall6(syscall.SYS_EPOLL_PWAIT, uintptr(l.epoll), uintptr(at), uintptr(len(events)), ^uintptr(0), 0, 0)
	if errno != 0 {
		return 0
	}
	return int(n)
}

// obey does what was ordered. It reports false when the loop is over.
func (l *loop) obey() bool {
	l.mu.Lock()
	orders, closed := l.orders, l.closed
	l.orders = nil
	l.mu.Unlock()
	for _, r := range orders {
		select {
		case <-r.back:
		default:
			if r.on {
				l.handBack(r)
			} else {
				l.register(r)
			}
		}
	}
	if !closed {
		return true
	}
	for _, r := range l.riders {
		if r != nil {
			l.handBack(r)
		}
	}
	return false
}

func (l *loop) register(r *rider) {
	if n := len(l.free); n > 0 {
		r.slot, l.free = l.free[n-1], l.free[:n-1]
	} else {
		r.slot = len(l.riders)
		l.riders = append(l.riders, nil)
	}
	l.riders[r.slot], r.on = r, true
	for side, fd := range r.side {
		event := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(r.slot), Pad: int32(side)}
		if err := syscall.EpollCtl(l.epoll, syscall.EPOLL_CTL_ADD, fd, &event); err != nil {
			l.handBack(r)
			return
		}
	}
}

func (l *loop) handBack(r *rider) {
	for _, fd := range r.side {
		syscall.EpollCtl(l.epoll, syscall.EPOLL_CTL_DEL, fd, nil)
	}
	l.riders[r.slot], r.on = nil, false
	l.free = append(l.free, r.slot)
	close(r.back)
}

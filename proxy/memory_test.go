package proxy

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/await"
	"github.com/jackc/pgx/v5/pgconn"
)

// keeper is a Recorder that keeps events.
type keeper struct {
	mu     sync.Mutex
	events []activity.Event
	more   chan struct{} // holds a token when events were added
}

func (*keeper) Recording() bool { return true }

func (k *keeper) Record(events []activity.Event) <-chan struct{} {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.events = append(k.events, events...)
	select {
	case k.more <- struct{}{}:
	default:
	}
	return nil
}

// of waits for events of a text.
func (k *keeper) of(t *testing.T, text string) (found []activity.Event) {
	t.Helper()
	late := time.After(await.Patience)
	for len(found) == 0 {
		select {
		case <-k.more:
		case <-late:
			t.Fatal("no event came")
		}
		k.mu.Lock()
		for _, e := range k.events {
			if e.CommandText == text {
				found = append(found, e)
			}
		}
		k.mu.Unlock()
	}
	return found
}

// TestLongBind: a parameter of 100 MB passes through in little memory, whoever relays it, and its
// event has the beginning.
func TestLongBind(t *testing.T) {
	const size, text = 100 << 20, "select length($1), $2::int"
	for name, noLoop := range map[string]bool{"event loop": false, "goroutines": true} {
		t.Run(name, func(t *testing.T) {
			kept := &keeper{more: make(chan struct{}, 1)}
			p := startProxy(t, nil, func(c *Config) { c.Recorder, c.NoEventLoop = kept, noLoop })
			conn, err := pgconn.Connect(t.Context(), url(p, "sslmode=disable"))
			if err != nil {
				t.Fatal(err)
			}
			h, err := conn.Hijack()
			if err != nil {
				t.Fatal(err)
			}
			defer h.Conn.Close()
			head := message('P', append([]byte("\x00"+text+"\x00"), 0, 1, 0, 0, 0, 25))
			body := binary.BigEndian.AppendUint32([]byte("\x00\x00\x00\x00\x00\x02"), size)
			head = append(binary.BigEndian.AppendUint32(append(head, 'B'), uint32(4+len(body)+size+4+2+2)), body...)
			tail := append([]byte("\x00\x00\x00\x0242\x00\x00"), message('E', []byte("\x00\x00\x00\x00\x00"))...)
			grown := pump(t, h.Conn, head, size, append(tail, message('S', nil)...))
			if t.Logf("%d bytes more of the heap were in use", grown); grown > 6<<20 {
				t.Error("that is too much")
			}
			if answer := readAll(t, h.Conn); !bytes.Contains(answer, []byte("104857600")) {
				t.Fatalf("answer %q", answer)
			}
			events := kept.of(t, text)
			if len(events) != 1 || len(events[0].Params) != 2 || events[0].Params[1] != "42" {
				t.Fatalf("%d events", len(events))
			}
			if v := events[0].Params[0]; v[1<<20:] != "… [cut: 103809024 bytes]" {
				t.Errorf("%d bytes, ending in %q", len(v), v[len(v)-40:])
			}
		})
	}
}

// pump writes head, size bytes and tail, and gives by how much what is in use of the heap grew
// meanwhile. What could be collected is not counted: how much of that lies about depends on the
// heap that the tests before have left.
func pump(t *testing.T, conn net.Conn, head []byte, size int, tail []byte) uint64 {
	t.Helper()
	chunk := bytes.Repeat([]byte("x"), 256<<10)
	inUse := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := inUse()
	most := before
	write := func(b []byte) {
		if _, err := conn.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	write(head)
	for n := 0; n < size; n += len(chunk) {
		write(chunk)
		if n%(4<<20) == 0 {
			most = max(most, inUse())
		}
	}
	write(tail)
	return most - before
}

// readAll reads up to ReadyForQuery.
func readAll(t *testing.T, conn net.Conn) (answer []byte) {
	t.Helper()
	if err := conn.SetReadDeadline(await.Deadline()); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 4096)
	for !bytes.HasSuffix(answer, []byte("Z\x00\x00\x00\x05I")) {
		n, err := conn.Read(buf)
		answer = append(answer, buf[:n]...)
		if err != nil && err != io.EOF {
			t.Fatalf("%v after %q", err, answer)
		}
	}
	return answer
}

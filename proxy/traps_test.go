package proxy

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
)

var (
	syncMsg  = message('S')
	flushMsg = message('H')
	copyDone = message('c')
)

func copyDataMsg(text string) []byte { return message('d', []byte(text)) }

// TestFlush: what follows a Flush comes without a ReadyForQuery, and an error
// without any Flush; what the server skips after it has no answer.
func TestFlush(t *testing.T) {
	rec := newRecording()
	w := dialRaw(t, startProxy(t, rec, nil))
	w.startup(nil)
	w.send(parseMsg("", "select 1"), bindMsg("", ""), flushMsg)
	if got := w.types("2"); got != "12" {
		t.Errorf("after the first Flush: %s", got)
	}
	w.send(executeMsg("", 0), flushMsg)
	if got := w.types("C"); got != "DC" {
		t.Errorf("after the second Flush: %s", got)
	}
	w.send(parseMsg("", "select 1/0"), bindMsg("", ""), executeMsg("", 0))
	if got := w.types("E"); got != "1E" {
		t.Errorf("after the error: %s", got)
	}
	w.send(parseMsg("", "select 'skipped'"), bindMsg("", ""), executeMsg("", 0), flushMsg, syncMsg, queryMsg("select 2"))
	if got := w.types("Z") + w.types("Z"); got != "ZTDCZ" {
		t.Errorf("after Sync: %s", got)
	}
	w.send(message('X'))
	same(t, ran(rec.ended(t, 1)[0]), []string{"select 1|SELECT 1|1", "select 1/0|22012", "select 2|SELECT 1|1"})
}

// TestCopyErrors: each side may end a COPY, and what is still under way then
// belongs to nothing.
func TestCopyErrors(t *testing.T) {
	rec := newRecording()
	w := dialRaw(t, startProxy(t, rec, nil))
	w.startup(nil)
	say := func(what, last, want string, messages ...[]byte) {
		t.Helper()
		w.send(messages...)
		if got := w.types(last); got != want {
			t.Errorf("%s: %s, want %s", what, got, want)
		}
	}
	say("create", "Z", "CZ", queryMsg("create temp table trap (n int)"))
	say("copy in", "G", "G", queryMsg("copy trap from stdin"))
	rest := bytes.Repeat(copyDataMsg("2\n"), 200000)
	say("a bad row before many", "Z", "EZ", copyDataMsg("1\n"), copyDataMsg("x\n"), rest, copyDone)
	say("copy in", "G", "G", queryMsg("copy trap from stdin"))
	say("the client gives up", "Z", "EZ", copyDataMsg("1\n"), message('f', "no more"))
	// The server takes no Sync while it copies, so the first one is lost.
	begin := [][]byte{parseMsg("", "copy trap from stdin"), bindMsg("", ""), executeMsg("", 0), syncMsg}
	say("extended copy in", "G", "12G", begin...)
	say("extended, good", "Z", "CZ", copyDataMsg("1\n"), syncMsg, flushMsg, copyDone, syncMsg)
	say("extended copy in", "G", "12G", begin...)
	say("extended, a bad row", "Z", "EZ", copyDataMsg("y\n"), rest, copyDone, syncMsg)
	w.send(queryMsg("copy (select 10/(50-g) from generate_series(1, 100) g) to stdout"))
	if got := w.types("Z"); got != "H"+strings.Repeat("d", 49)+"EZ" {
		t.Errorf("an error in the middle of copy out: %s", got)
	}
	say("afterwards", "Z", "TDCZ", queryMsg("select count(*) from trap"))
	w.send(message('X'))
	same(t, ran(rec.ended(t, 1)[0]), []string{
		"create temp table trap (n int)|CREATE TABLE|0", "copy trap from stdin|22P02", "copy trap from stdin|57014",
		"copy trap from stdin|COPY 1|0", "copy trap from stdin|22P02",
		"copy (select 10/(50-g) from generate_series(1, 100) g) to stdout|22012", "select count(*) from trap|SELECT 1|1",
	})
}

// TestCancelUnderLoad: among many sessions that run, a cancel request ends the
// statement of the one whose key it has.
func TestCancelUnderLoad(t *testing.T) {
	p := startProxy(t, newRecording(), nil)
	const sessions = 12
	wires, keys := make([]*wire, sessions), make([][]byte, sessions)
	for i := range wires {
		w := dialRaw(t, p)
		wires[i] = w
		w.send(startupMsg(3<<16, "user", "postgres"))
		for typ := byte(1); typ != 'Z'; {
			var body []byte
			if typ, body = w.next(); typ == 'K' {
				keys[i] = body
			}
		}
	}
	var load sync.WaitGroup
	for i, w := range wires {
		if i%2 == 1 {
			w.send(queryMsg(fmt.Sprintf("select pg_sleep(600 + %d)", i)))
			continue
		}
		load.Go(func() {
			for range 300 {
				w.send(queryMsg("select repeat('x', 5000)"))
				if got := w.types("Z"); got != "TDCZ" {
					t.Errorf("a session that nobody cancelled: %s", got)
				}
			}
		})
	}
	for i := sessions - 1; i > 0; i -= 2 {
		awaitRunning(t, fmt.Sprintf("select pg_sleep(600 + %d)", i))
		cancelKey(t, p, keys[i])
		if got := wires[i].types("Z"); got != "TEZ" && got != "EZ" {
			t.Errorf("a cancelled session: %s", got)
		}
	}
	load.Wait()
}

// cancelKey sends a CancelRequest and waits for the server to have taken it.
func cancelKey(t *testing.T, p *Proxy, key []byte) {
	t.Helper()
	conn, err := net.Dial("tcp", p.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{t, conn}
	defer w.Close()
	head := binary.BigEndian.AppendUint32(nil, uint32(8+len(key)))
	w.send(binary.BigEndian.AppendUint32(head, 80877102), key)
	if typ, _ := w.next(); typ != 0 {
		t.Errorf("a cancel request has an answer: %c", typ)
	}
}

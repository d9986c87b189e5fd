package proxy

import (
	"io"
	"strings"
	"testing"

	"github.com/das-local/das-local/proxy/internal/track"
)

// auditNotice is what pgaudit sends of a statement.
func auditNotice(text string) []byte {
	return message('N', []byte("SINFO\x00VINFO\x00C00000\x00MAUDIT: "+text+"\x00Fpgaudit.c\x00L945\x00Rlog_audit_event\x00\x00"))
}

// TestRecordCut: a server that dies, or sends no messages, in the middle of a record.
// The client is told why after whole messages, and sees nothing of the record.
func TestRecordCut(t *testing.T) {
	notice := auditNotice("SESSION,1,1,READ,SELECT,,,select 1,<none>,1")
	for _, sync := range []bool{false, true} {
		for _, n := range []int{1, 4, 5, 6, 30, len(notice) - 1} {
			up, conns := fakeUpstream(t)
			rec := newRecording()
			rec.sync = sync
			rec.wait = func() <-chan struct{} { ch := make(chan struct{}); close(ch); return ch }
			p := startProxy(t, rec, func(c *Config) { c.Upstream.Address, c.Audit.Assisted = up, true })
			w := dialRaw(t, p)
			w.send(startupMsg(3<<16, "user", "u"))
			conn := <-conns
			w.types("Z")
			w.send(queryMsg("select 1"))
			io.ReadFull(conn, make([]byte, len(queryMsg("select 1"))))
			conn.Write(append(append(message('D', int16(0)), notice...), notice[:n]...))
			conn.Close()
			if got := w.types("E"); got != "DE" {
				t.Errorf("cut at %d, sync %t: the client gets %q", n, sync, got)
			}
			rec.ended(t, 1)
		}
	}
}

// TestRecordsUnseen: records between and within the chunks, with the loop and
// without, are taken out.
func TestRecordsUnseen(t *testing.T) {
	up, conns := fakeUpstream(t)
	rec := newRecording()
	p := startProxy(t, rec, func(c *Config) { c.Upstream.Address, c.Audit.Assisted = up, true })
	w := dialRaw(t, p)
	w.send(startupMsg(3<<16, "user", "u"))
	conn := <-conns
	w.types("Z")
	notice := auditNotice("SESSION,1,1,READ,SELECT,,,select 1," + strings.Repeat("x", 3000) + ",1")
	answer := append(append(append(append(message('D', int16(0)), notice...), message('C', "SELECT 1")...), notice...), "Z\x00\x00\x00\x05I"...)
	for cut := 1; cut < len(answer); cut += 97 {
		w.send(queryMsg("select 1"))
		io.ReadFull(conn, make([]byte, len(queryMsg("select 1"))))
		conn.Write(answer[:cut])
		conn.Write(answer[cut:])
		if got := w.types("Z"); got != "DCZ" {
			t.Fatalf("cut at %d: the client gets %q", cut, got)
		}
	}
	w.send(message('X'))
	conn.Close()
	if n := len(rec.ended(t, 1)[0].of(track.Audited)); n != 2*((len(answer)-2)/97+1) {
		t.Errorf("%d records", n)
	}
}

package track

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// record is the notice by which pgaudit says something, and forged one that SQL
// can raise.
func record(text, context string) []byte {
	b := []byte("SINFO\x00VINFO\x00C00000\x00MAUDIT: " + text + "\x00")
	if context != "" {
		b = append(b, "W"+context+"\x00"...)
	}
	return msg('N', append(b, "Fpgaudit.c\x00L945\x00Rlog_audit_event\x00\x00"...))
}

func forged(text string) []byte {
	return msg('N', []byte("SINFO\x00VINFO\x00C00000\x00M"+text+"\x00WPL/pgSQL function inline_code_block line 1 at RAISE\x00Fpl_exec.c\x00L3900\x00Rexec_stmt_raise\x00\x00"))
}

// mixed is a server's stream with records at every kind of place.
func mixed() (stream, clean []byte) {
	own := func(m ...[]byte) {
		for _, b := range m {
			stream, clean = append(stream, b...), append(clean, b...)
		}
	}
	audit := func(b []byte) { stream = append(stream, b...) }
	audit(record("SESSION,1,1,READ,SELECT,,,select 1,<none>,1", ""))
	own(msg('T', int16(0)), row, row)
	audit(record("SESSION,1,1,READ,SELECT,TABLE,public.t,select 1,<none>,2", ""))
	audit(record("SESSION,1,2,READ,SELECT,TABLE,public.u,select 1,<none>,2", "parallel worker"))
	own(tag("SELECT 2"))
	own(forged("AUDIT: SESSION,1,1,WRITE,DELETE,TABLE,public.x,delete from x,<none>,1"))
	own(forged("hello"), forged(""), msg('N', byte(0)), msg('N'))
	own(msg('N', []byte("Fpgaudit.c\x00Rlog_audit_event\x00\x00"))) // no message
	own(msg('N', []byte("MAUDIT: no end")))
	audit(record("SESSION,2,1,READ,SELECT,,,"+strings.Repeat("x", 2100)+",<none>,2", "")) // longer than what is kept
	own(zed('I'))
	return stream, clean
}

// pass feeds a stream in chunks, and gives what the client gets and what happened.
// The completion is to be held, what comes before it is not.
func pass(t *testing.T, chunks [][]byte) (client []byte, got []string) {
	t.Helper()
	tr := New(Config{Assisted: true, MaxText: 500})
	if _, err := tr.Server(hello, time.Time{}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := tr.Client(query("select 1"), time.Time{}); err != nil {
		t.Fatal(err)
	}
	first := -1
	for _, c := range chunks {
		items, err := tr.Server(slices.Clone(c), time.Time{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		out := tr.Pass(slices.Clone(c))
		if h := tr.Hold(); h >= 0 && first < 0 {
			first = len(client) + h
		}
		client = append(client, out...)
		for _, it := range items {
			if it.Kind == Audited {
				got = append(got, fmt.Sprintf("audited %.40q %t %t", it.Text, it.TextLen > len(it.Text), it.Worker))
			} else if s := show(it); s != "" {
				got = append(got, s)
			}
		}
	}
	if at := bytes.Index(client, tag("SELECT 2")); first < at || first >= at+len(tag("SELECT 2")) {
		t.Fatalf("hold at %d, the completion is at %d", first, at)
	}
	return client, got
}

// TestRecordsSplit cuts a stream with records at every pair of places: what the
// client gets and what is reported do not depend on it.
func TestRecordsSplit(t *testing.T) {
	stream, clean := mixed()
	client, want := pass(t, [][]byte{stream})
	if string(client) != string(clean) {
		t.Fatalf("whole: the client gets %q,\nwant %q", client, clean)
	}
	if n := strings.Count(strings.Join(want, "\n"), "audited"); n != 4 {
		t.Fatalf("whole: %d records in %q, want 4", n, want)
	}
	check := func(name string, chunks [][]byte) {
		t.Helper()
		client, got := pass(t, chunks)
		got = unspecific(got)
		if string(client) != string(clean) {
			t.Fatalf("%s: the client gets %q,\nwant %q", name, client, clean)
		}
		if !slices.Equal(got, unspecific(want)) {
			t.Fatalf("%s: %q,\nwant %q", name, got, want)
		}
	}
	for i := range len(stream) + 1 {
		check(fmt.Sprint("at ", i), [][]byte{stream[:i], stream[i:]})
		for _, n := range []int{1, 4, 5, 6, 40} { // a short chunk in the middle
			if i+n <= len(stream) {
				check(fmt.Sprint("at ", i, " and ", i+n), [][]byte{stream[:i], stream[i : i+n], stream[i+n:]})
			}
		}
	}
	for _, n := range []int{1, 2, 3, 7, 64} {
		check(fmt.Sprint("every ", n), slices.Collect(slices.Chunk(stream, n)))
	}
}

// unspecific leaves out whether a record was kept whole: one that lies in one chunk
// is.
func unspecific(got []string) []string {
	out := make([]string, len(got))
	for i, s := range got {
		out[i] = strings.Replace(s, " true ", " false ", 1)
	}
	return out
}

// FuzzRecords: how a stream is cut changes neither what the client gets nor what
// is reported, and a client gets every message that is no record.
func FuzzRecords(f *testing.F) {
	stream, _ := mixed()
	f.Add(stream, []byte{5, 1, 7})
	f.Add(record("SESSION,1,1", "a"), []byte{0})
	f.Add(forged("AUDIT: x"), []byte{3})
	f.Fuzz(func(t *testing.T, stream, cuts []byte) {
		play := func(cuts []byte) (client []byte, got []string) {
			tr := New(Config{Assisted: true, MaxText: 1 << 16})
			tr.Server(hello, time.Time{}, nil)
			tr.Client(query("select 1"), time.Time{})
			for b, k := stream, 0; len(b) > 0; k++ {
				n := len(b)
				if len(cuts) > 0 {
					n = min(n, 1+int(cuts[k%len(cuts)]))
				}
				items, err := tr.Server(b[:n], time.Time{}, nil)
				out := tr.Pass(slices.Clone(b[:n]))
				if h := tr.Hold(); h > len(out) {
					t.Fatalf("hold at %d of %d", h, len(out))
				}
				for _, it := range items {
					got = append(got, fmt.Sprintf("%s %q", show(it), it.Text))
				}
				if err != nil {
					return client, append(got, err.Error()) // what follows is no stream
				}
				client = append(client, out...)
				b = b[n:]
			}
			return client, got
		}
		whole, want := play(nil)
		cut, got := play(cuts)
		if n := min(len(whole), len(cut)); string(whole[:n]) != string(cut[:n]) || !slices.Equal(got, want) {
			t.Errorf("whole: %q %q\ncut:   %q %q", whole, want, cut, got)
		}
	})
}

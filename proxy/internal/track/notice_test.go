package track

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// record is a message of the server's own audit, and notice one of somebody else.
func record(text string) []byte {
	return msg('N', []byte("SINFO\x00VINFO\x00C00000\x00MAUDIT: "+text+"\x00Fpgaudit.c\x00L900\x00Rlog_audit_event\x00\x00"))
}

func noticed(text string) []byte {
	return msg('N', []byte("SNOTICE\x00VNOTICE\x00C00000\x00M"+text+"\x00Fpl_exec.c\x00L1\x00Rexec_stmt_raise\x00\x00"))
}

// passed plays a server's stream in chunks that end at cuts and returns what the
// client gets, and what the tracker says.
func passed(conf Config, stream []byte, cuts ...int) (client []byte, got []string) {
	tr := New(conf)
	items, _ := tr.Server(hello, time.Time{}, nil)
	tr.Client(query("select 1"), time.Time{})
	from := 0
	for _, to := range append(cuts, len(stream)) {
		chunk := slices.Clone(stream[from:to])
		var err error
		if items, err = tr.Server(chunk, time.Time{}, items); err != nil {
			return client, append(got, err.Error())
		}
		client = append(client, tr.Pass(chunk)...)
		from = to
	}
	for _, it := range items {
		it.Text = it.Text[:min(len(it.Text), 40)] // more is kept of a record that comes whole
		got = append(got, fmt.Sprintf("%s %v", show(it), it.Kind == Audited))
	}
	return client, got
}

// TestRecordsInPieces cuts a stream in two, and in equal chunks: what the client
// gets of it, and the records, are always the same.
func TestRecordsInPieces(t *testing.T) {
	long := strings.Repeat("x", 4000) // more than is kept of a record
	plain := join(msg('T', int16(0)), noticed("hello"), msg('D', int16(0)), noticed("AUDIT: forged"), noticed(long),
		tag("SELECT 1"), zed('I'))
	mixed := join(record("SESSION,1,1,READ,SELECT"), msg('T', int16(0)), noticed("hello"), record("SESSION,1,2"), record("SESSION,1,3"),
		msg('D', int16(0)), noticed("AUDIT: forged"), record(long), noticed(long), tag("SELECT 1"), record("SESSION,2,1"), zed('I'))
	conf := Config{Assisted: true, MaxText: 64}
	_, want := passed(conf, mixed)
	if records := strings.Count(strings.Join(want, "\n"), "true"); records != 5 {
		t.Fatalf("%d records in one chunk: %q", records, want)
	}
	check := func(cuts []int) {
		t.Helper()
		client, got := passed(conf, mixed, cuts...)
		if !bytes.Equal(client, plain) {
			t.Fatalf("cut at %v the client gets %d bytes, want %d", cuts, len(client), len(plain))
		}
		if !slices.Equal(got, want) {
			t.Fatalf("cut at %v: %q, want %q", cuts, got, want)
		}
	}
	check(nil)
	for i := 1; i < len(mixed); i++ {
		check([]int{i})
	}
	for size := 1; size < 300; size++ {
		var cuts []int
		for at := size; at < len(mixed); at += size {
			cuts = append(cuts, at)
		}
		check(cuts)
	}
}

// FuzzRecords: how a server's stream is cut changes neither what the client gets of
// it nor what the tracker says.
func FuzzRecords(f *testing.F) {
	f.Add(join(record("SESSION,1,1"), noticed("hello"), tag("SELECT 1"), zed('I')), []byte{6, 40})
	f.Add(join(noticed("AUDIT: forged"), record("x"), record("y"), zed('I')), []byte{1})
	f.Fuzz(func(t *testing.T, stream, lengths []byte) {
		conf := Config{Assisted: true, MaxText: 1 << 20} // longer than any message here
		var cuts []int
		at := 0
		for _, n := range lengths {
			if at += int(n); at <= len(stream) {
				cuts = append(cuts, at)
			}
		}
		client, want := passed(conf, stream)
		cut, got := passed(conf, stream, cuts...)
		if !slices.Equal(got, want) {
			t.Errorf("whole: %q\ncut:   %q", want, got)
		}
		if !bytes.HasPrefix(client, cut) && !bytes.HasPrefix(cut, client) {
			t.Errorf("the client gets %q, and %q of pieces", client, cut)
		}
	})
}

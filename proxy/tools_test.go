package proxy

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/das-local/das-local/internal/pgserver"
	"github.com/das-local/das-local/proxy/internal/track"
)

// target are the options by which PostgreSQL's programs reach the proxy.
func target(p *Proxy) []string {
	return []string{"-h", "127.0.0.1", "-p", port(p), "-U", pgserver.Superuser}
}

func TestPgbench(t *testing.T) {
	rec := newRecording()
	p := startProxy(t, rec, nil)
	client(t, "createdb", append(target(p), "bench")...)
	client(t, "pgbench", append(target(p), "-i", "-q", "bench")...)
	for _, mode := range []string{"simple", "extended", "prepared"} {
		client(t, "pgbench", append(target(p), "-n", "-M", mode, "-c", "4", "-t", "50", "bench")...)
	}
	updates := 0
	for _, s := range rec.ended(t, 17) { // createdb, pgbench -i, and 3 runs of 1 + 4
		for _, it := range s.of(track.Completed) {
			if strings.HasPrefix(it.Text, "UPDATE pgbench_branches") && it.Tag == "UPDATE 1" {
				updates++
			}
		}
	}
	if updates != 600 {
		t.Errorf("%d updates of 600 were seen", updates)
	}

	through := dump(t, append(target(p), "bench")...)
	straight := dump(t, "-h", "127.0.0.1", "-p", portOf(server.Addr()), "-U", pgserver.Superuser, "bench")
	if through != straight {
		t.Error("pg_dump through the proxy differs")
	}
	client(t, "createdb", append(target(p), "copy")...)
	file := filepath.Join(t.TempDir(), "dump.sql")
	if err := os.WriteFile(file, []byte(through), 0o600); err != nil {
		t.Fatal(err)
	}
	client(t, "psql", append(target(p), "-Xq", "-v", "ON_ERROR_STOP=1", "-f", file, "copy")...)
	if again := dump(t, append(target(p), "copy")...); again != through {
		t.Error("the dump of the restored dump differs")
	}
}

// dump is pg_dump's output without the random key that newer ones print.
func dump(t *testing.T, args ...string) string {
	t.Helper()
	var kept []string
	for line := range strings.Lines(client(t, "pg_dump", args...)) {
		if !strings.HasPrefix(line, "\\restrict ") && !strings.HasPrefix(line, "\\unrestrict ") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

func TestReplication(t *testing.T) {
	rec := newRecording()
	p := startProxy(t, rec, nil)
	dir := t.TempDir()
	client(t, "pg_basebackup", append(target(p), "-D", dir, "-X", "stream", "-c", "fast")...)
	if _, err := os.Stat(filepath.Join(dir, "PG_VERSION")); err != nil {
		t.Error(err)
	}
	var texts []string
	for _, s := range rec.ended(t, 2) {
		for _, it := range s.of(track.Completed) {
			texts = append(texts, fmt.Sprintf("%.17s|%s", it.Text, it.Tag))
		}
		if s.about.DatabaseName != "" {
			t.Errorf("%+v", s.about)
		}
	}
	slices.Sort(texts)
	for _, want := range []string{"BASE_BACKUP", "IDENTIFY_SYSTEM|IDENTIFY_SYSTEM", "START_REPLICATION|START_REPLICATION"} {
		if !slices.ContainsFunc(texts, func(s string) bool { return strings.HasPrefix(s, want) }) {
			t.Errorf("no %s in %q", want, texts)
		}
	}
	t.Logf("%q", texts)
}

// TestFunctionCall makes a large object by the fast path.
func TestFunctionCall(t *testing.T) {
	rec := newRecording()
	p := startProxy(t, rec, nil)
	w := dialRaw(t, p)
	w.startup(nil)
	// lo_creat(integer) is 957, lo_unlink(oid) is 964.
	w.send(message('F', int32(957), int16(1), int16(1), int16(1), int32(4), int32(-1), int16(1)))
	typ, body := w.next()
	if typ != 'V' || len(body) != 8 || w.types("Z") != "Z" {
		t.Fatalf("%c %x", typ, body)
	}
	w.send(message('F', int32(964), int16(1), int16(1), int16(1), int32(4), body[4:], int16(1)))
	if got := w.types("Z"); got != "VZ" {
		t.Error(got)
	}
	w.send(message('F', int32(964), int16(1), int16(1), int16(1), int32(4), body[4:], int16(1)))
	if got := w.types("Z"); got != "EZ" {
		t.Error(got)
	}
	w.send([]byte("X\x00\x00\x00\x04"))
	s := rec.ended(t, 1)[0]
	var got []string
	for _, it := range s.of(track.Completed, track.Failed) {
		got = append(got, fmt.Sprintf("%d %d %d %v", it.Source, it.FunctionOID, len(it.Params.Values), it.Err != nil))
	}
	same(t, got, []string{"3 957 1 false", "3 964 1 false", "3 964 1 true"})
}

// TestHugeStatement: 300 MB of statement pass without being held.
func TestHugeStatement(t *testing.T) {
	if testing.Short() {
		t.Skip("300 MB")
	}
	rec := newRecording()
	p := startProxy(t, rec, nil)
	w := dialRaw(t, p)
	w.startup(nil)
	const size = 300 << 20
	head, tail := "select length('", "')"
	frame := message('Q', "")[:5]
	n := 4 + len(head) + size + len(tail) + 1
	frame[1], frame[2], frame[3], frame[4] = byte(n>>24), byte(n>>16), byte(n>>8), byte(n)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	w.send(frame, []byte(head))
	chunk := bytes.Repeat([]byte("a"), 1<<16)
	for range size / len(chunk) {
		if _, err := w.Write(chunk); err != nil {
			t.Fatal(err)
		}
	}
	w.send([]byte(tail), []byte{0})
	if got := w.types("Z"); got != "TDCZ" {
		t.Error(got)
	}
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapSys) - int64(before.HeapSys); grown > 16<<20 {
		t.Errorf("the heap grew by %d MiB", grown>>20)
	}
	w.send([]byte("X\x00\x00\x00\x04"))
	io.Copy(io.Discard, w)
	got := rec.ended(t, 1)[0].of(track.Completed)
	if len(got) != 1 || got[0].TextLen != n-5 || len(got[0].Text) != 1<<20 || got[0].Tag != "SELECT 1" {
		t.Errorf("%d, %d bytes", got[0].TextLen, len(got[0].Text))
	}
}

package track

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

func connected(t testing.TB, conf Config) *Tracker {
	t.Helper()
	tr := New(conf)
	if _, err := tr.Server(hello, time.Time{}, nil); err != nil || !tr.Connected() || tr.PID() != 4711 {
		t.Fatalf("hello: %v", err)
	}
	return tr
}

func TestMalformedLength(t *testing.T) {
	for _, tt := range []struct {
		name string
		auth bool
		b    string
		bad  bool
	}{
		{"too short", true, "Q\x00\x00\x00\x03", true},
		{"zero", true, "Q\x00\x00\x00\x00", true},
		{"1 GiB", true, "Q\x40\x00\x00\x04", true},
		{"1 GiB - 1", true, "Q\x3f\xff\xff\xff", false},
		{"negative", true, "d\xff\xff\xff\xff", true},
		{"password of 10,000", false, "p\x00\x00\x27\x10", false},
		{"password of more", false, "p\x00\x00\x27\x11", true},
	} {
		for cut := range 5 {
			tr := New(Config{})
			if tt.auth {
				tr = connected(t, Config{})
			}
			ahead := string(syncMsg)
			good, err := tr.Client([]byte(ahead+tt.b[:cut]), time.Time{})
			if err == nil {
				good, err = tr.Client([]byte(tt.b[cut:]), time.Time{})
				good += len(ahead) + cut
			}
			var framing *FramingError
			if errors.As(err, &framing) != tt.bad {
				t.Errorf("%s, cut at %d: %v", tt.name, cut, err)
			}
			if cut == 0 && tt.bad && good != len(ahead) {
				t.Errorf("%s: %d good bytes", tt.name, good)
			}
		}
	}
	tr := New(Config{})
	if _, err := tr.Server([]byte("R\x00\x00\x00\x02"), time.Time{}, nil); err == nil {
		t.Error("server's bad length went through")
	}
}

func TestTokenLength(t *testing.T) {
	tr := New(Config{})
	if _, err := tr.Server(msg('R', int32(7)), time.Time{}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := tr.Client([]byte("p\x00\x00\xff\xff"), time.Time{}); err != nil {
		t.Errorf("GSSAPI token of 65,535 bytes: %v", err)
	}
}

func TestTextLimit(t *testing.T) {
	sql := strings.Repeat("x", 5000)
	for _, n := range []int{1 << 20, 1000, 100, 3} {
		tr := connected(t, Config{MaxText: 1000})
		feed := func(b []byte) {
			for ; len(b) > 0; b = b[min(n, len(b)):] {
				if _, err := tr.Client(b[:min(n, len(b))], time.Time{}); err != nil {
					t.Fatal(err)
				}
			}
		}
		feed(join(query(sql), parse("p", sql, 20, 23), bind("", "p", sql), execute("", 0), syncMsg))
		items, err := tr.Server(join(tag("A"), zed('I'), parsed, bound, tag("B"), zed('I')), time.Time{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		got := 0
		for _, it := range items {
			if it.Kind != Completed {
				continue
			}
			got++
			if it.Text != sql[:1000] || it.TextLen != 5000 {
				t.Errorf("chunks of %d: text of %d, length %d", n, len(it.Text), it.TextLen)
			}
			if it.Source == Execute && (fmt.Sprint(it.Params.Types) != "[20 23]" || len(it.Params.Values[0]) < 1000) {
				t.Errorf("chunks of %d: types %v, value of %d bytes", n, it.Params.Types, len(it.Params.Values[0]))
			}
		}
		if got != 2 {
			t.Errorf("%d statements", got)
		}
	}
}

// TestStatedLength: a stated length takes no memory, nor does a long message.
func TestStatedLength(t *testing.T) {
	for _, typ := range []byte("QPBFDCEdpXz") {
		tr := connected(t, Config{})
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := tr.Client([]byte{typ, 0x3f, 0, 0, 0}, time.Time{}); err != nil {
			t.Fatal(err)
		}
		chunk := make([]byte, 1<<16)
		for i := range chunk {
			chunk[i] = 'x'
		}
		for range 500 {
			if _, err := tr.Client(chunk, time.Time{}); err != nil {
				t.Fatal(err)
			}
		}
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 8<<20 {
			t.Errorf("%c: %d bytes allocated for 32 MiB of message", typ, grown)
		}
	}
}

func TestBounds(t *testing.T) {
	tr := connected(t, Config{MaxStatements: 10, MaxBytes: 1 << 16})
	for i := range 1000 {
		if _, err := tr.Client(join(parse(fmt.Sprint("s", i), strings.Repeat("y", 900)), bind(fmt.Sprint("p", i), "")), time.Time{}); err != nil {
			t.Fatal(err)
		}
		if _, err := tr.Server(join(parsed, bound), time.Time{}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(tr.stmts.named); n != 10 || len(tr.stmts.order) > 40 {
		t.Errorf("%d statements, %d in order", n, len(tr.stmts.order))
	}
	if tr.stmts.get("s999") == nil || tr.stmts.get("s0") != nil {
		t.Error("the oldest statement should have gone")
	}
	if n := len(tr.ports.named); n < 100 || tr.ports.bytes > 1<<16 || tr.ports.get("p999") == nil {
		t.Errorf("%d portals, %d bytes", n, tr.ports.bytes)
	}
	if tr.queue.bytes != 0 {
		t.Errorf("%d bytes held by an empty queue", tr.queue.bytes)
	}
	long := strings.Repeat("z", 900)
	for range 1000 {
		if _, err := tr.Client(query(long+long), time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	if tr.queue.bytes > 1<<16+1000*shortText+2000 {
		t.Errorf("%d bytes await answers", tr.queue.bytes)
	}
	for range maxPending {
		if _, err := tr.Client(syncMsg, time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	if !tr.Full() {
		t.Error("not full")
	}
}

// TestStrayCopyDone: CopyDone outside COPY has no answer, so it may not pile up.
func TestStrayCopyDone(t *testing.T) {
	tr := connected(t, Config{})
	for range 100000 {
		if _, err := tr.Client(join(copyDone), time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := tr.Client(query("a"), time.Time{}); err != nil {
		t.Fatal(err)
	}
	for range 100000 {
		if _, err := tr.Client(copyDone, time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	if tr.queue.n > 2 {
		t.Errorf("%d entries", tr.queue.n)
	}
}

func TestQuiet(t *testing.T) {
	tr := connected(t, Config{})
	tr.Quiet(true)
	send := func(b ...[]byte) {
		if _, err := tr.Client(join(b...), time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	take := func(b ...[]byte) (got []string) {
		items, err := tr.Server(join(b...), time.Time{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, it := range items {
			if it.Kind == Completed || it.Kind == Failed {
				got = append(got, show(it))
			}
		}
		return got
	}
	send(query("secret"), parse("p", "select $1"), bind("", "p", "x"), execute("", 0), syncMsg)
	if got := take(tag("A"), zed('I'), parsed, bound, tag("B"), zed('I')); got != nil {
		t.Errorf("quiet tracker said %q", got)
	}
	tr.Quiet(false)
	send(bind("", "p", "y"), execute("", 0), syncMsg)
	if got := take(bound, tag("C"), zed('I')); fmt.Sprint(got) != `[ok "select $1" name=p tag=C params=["y"] types=[]]` {
		t.Errorf("after the quiet: %q", got)
	}
}

func TestHold(t *testing.T) {
	tr := connected(t, Config{})
	if _, err := tr.Client(join(query("a"), query("b")), time.Time{}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		chunk []byte
		hold  int
	}{
		{row, -1}, {join(row, row, tag("A"), zed('I')), 2 * len(row)}, {msg('N', byte(0)), -1},
		{join(row, tag("B"))[:len(row)+3], -1}, {join(tag("B")[3:], zed('I')), 0},
	} {
		if _, err := tr.Server(tt.chunk, time.Time{}, nil); err != nil {
			t.Fatal(err)
		}
		if tr.Hold() != tt.hold {
			t.Errorf("%q: hold at %d, want %d", tt.chunk, tr.Hold(), tt.hold)
		}
	}
}

func TestRefused(t *testing.T) {
	tr := New(Config{})
	items, err := tr.Server(join(msg('R', int32(10)), failed("FATAL", "28P01")), time.Time{}, nil)
	if err != nil || len(items) != 1 || items[0].Kind != AuthFailed || items[0].Err.SQLState != "28P01" {
		t.Errorf("%v %v", items, err)
	}
	if items = tr.Close(nil, time.Time{}, nil); len(items) != 0 {
		t.Errorf("end of a refused session: %v", items)
	}
}

func TestAllocations(t *testing.T) {
	tr := connected(t, Config{})
	at := time.Now()
	items := make([]Item, 0, 8)
	turn := func(client, server []byte) {
		if _, err := tr.Client(client, at); err != nil {
			t.Fatal(err)
		}
		var err error
		if items, err = tr.Server(server, at, items[:0]); err != nil {
			t.Fatal(err)
		}
	}
	turn(join(parse("p", "select 1"), syncMsg), join(parsed, zed('I')))
	plain := join(bind("", "p"), msg('D', byte('P'), ""), execute("", 0), syncMsg)
	with := join(bind("", "p", "1", "2"), execute("", 0), syncMsg)
	answer := join(bound, msg('T', int16(0)), row, tag("SELECT 1"), zed('I'))
	simple := query("select 1")
	for _, tt := range []struct {
		name   string
		client []byte
		most   float64
	}{{"prepared execute", plain, 0}, {"with parameters", with, 3}, {"simple", simple, 1}} {
		if n := testing.AllocsPerRun(100, func() { turn(tt.client, answer) }); n > tt.most {
			t.Errorf("%s: %v allocations", tt.name, n)
		}
	}
}

func BenchmarkPrepared(b *testing.B) {
	tr := connected(b, Config{})
	tr.Client(join(parse("p", "select 1"), syncMsg), time.Time{})
	tr.Server(join(parsed, zed('I')), time.Time{}, nil)
	client := join(bind("", "p", "1"), execute("", 0), syncMsg)
	answer := join(bound, row, tag("SELECT 1"), zed('I'))
	items := make([]Item, 0, 8)
	b.ReportAllocs()
	for b.Loop() {
		tr.Client(client, time.Time{})
		items, _ = tr.Server(answer, time.Time{}, items[:0])
	}
}

func BenchmarkRows(b *testing.B) {
	tr := connected(b, Config{})
	var chunk []byte
	for len(chunk) < 8000 {
		chunk = append(chunk, row...)
	}
	b.SetBytes(int64(len(chunk)))
	for b.Loop() {
		tr.Server(chunk, time.Time{}, nil)
	}
}

// TestShortStatements: statements beyond the budget keep the beginning of their text.
func TestShortStatements(t *testing.T) {
	tr := connected(t, Config{MaxBytes: 1 << 20})
	text := func(i int) string { return fmt.Sprint(i, strings.Repeat("y", 100<<10)) }
	turn := func(client, server []byte) (items []Item) {
		t.Helper()
		if _, err := tr.Client(client, time.Time{}); err != nil {
			t.Fatal(err)
		}
		items, err := tr.Server(server, time.Time{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if tr.stmts.bytes > 1<<20 {
			t.Fatalf("%d bytes", tr.stmts.bytes)
		}
		return items
	}
	const n = 300
	for i := range n {
		turn(parse(fmt.Sprint("s", i), text(i)), parsed)
	}
	types := make([]any, 60000)
	for i := range types {
		types[i] = int32(23)
	}
	for i := range n { // the server says more than the client
		turn(msg('D', byte('S'), fmt.Sprint("s", i)), join(msg('t', append([]any{int16(-5536)}, types...)...), msg('n')))
	}
	for _, i := range []int{0, n / 2, n - 1} {
		got := turn(join(bind("", fmt.Sprint("s", i)), execute("", 0), syncMsg), join(bound, tag("SELECT 1"), zed('I')))[0]
		if got.TextLen != len(text(i)) || len(got.Text) < shortText || !strings.HasPrefix(text(i), got.Text) {
			t.Errorf("%d: %.10q of %d, %d bytes", i, got.Text, got.TextLen, len(got.Text))
		}
	}
	for i := range n {
		turn(msg('C', byte('S'), fmt.Sprint("s", i)), msg('3'))
	}
	if tr.stmts.bytes != 0 || len(tr.stmts.named) != 0 {
		t.Errorf("%d bytes in the end", tr.stmts.bytes)
	}
}

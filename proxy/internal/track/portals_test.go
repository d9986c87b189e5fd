package track

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

// turns feeds both sides and gives the items.
func turns(t *testing.T, tr *Tracker, client, server []byte) []Item {
	t.Helper()
	if _, err := tr.Client(client, time.Time{}); err != nil {
		t.Fatal(err)
	}
	items, err := tr.Server(server, time.Time{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return items
}

// TestManyPortals: each of more portals than a server would hold has its text.
func TestManyPortals(t *testing.T) {
	tr := connected(t, Config{})
	turns(t, tr, join(query("begin"), parse("s", "select 1")), join(tag("BEGIN"), zed('T'), parsed))
	const n = 40000
	for i := range n {
		turns(t, tr, bind(fmt.Sprint("p", i), "s", "x"), bound)
	}
	for _, i := range []int{n - 1, 0, 10001} {
		got := turns(t, tr, execute(fmt.Sprint("p", i), 0), tag("SELECT 1"))
		if len(got) != 1 || got[0].Text != "select 1" || got[0].Name != "s" {
			t.Errorf("portal %d: %+v", i, got)
		}
	}
	turns(t, tr, query("rollback"), join(tag("ROLLBACK"), zed('I')))
	if tr.ports.bytes != 0 || len(tr.ports.order) != 0 {
		t.Errorf("%d bytes of %d portals in the end", tr.ports.bytes, len(tr.ports.order))
	}
}

// TestPortalBytes: what portals hold is bounded: their parameters, and texts of statements
// that are replaced meanwhile.
func TestPortalBytes(t *testing.T) {
	const most = 1 << 20
	for name, value := range map[string]string{"texts": "", "parameters": strings.Repeat("v", 100<<10)} {
		t.Run(name, func(t *testing.T) {
			tr := connected(t, Config{MaxBytes: most})
			turns(t, tr, query("begin"), join(tag("BEGIN"), zed('T')))
			text := func(i int) string {
				return fmt.Sprintf("select %d, '%s'", i, strings.Repeat("y", 100<<10-len(value)))
			}
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			const n = 400
			for i := range n {
				turns(t, tr, join(parse("", text(i)), bind(fmt.Sprint("p", i), "", value)), join(parsed, bound))
				if tr.ports.bytes > most {
					t.Fatalf("%d bytes after %d", tr.ports.bytes, i)
				}
			}
			runtime.GC()
			runtime.ReadMemStats(&after)
			if held := int64(after.HeapAlloc) - int64(before.HeapAlloc); held > 3*most {
				t.Errorf("%d bytes of the heap", held)
			}
			for _, i := range []int{0, n - 1} {
				got := turns(t, tr, execute(fmt.Sprint("p", i), 0), tag("SELECT 1"))[0]
				if got.TextLen != len(text(i)) || got.Text == "" || !strings.HasPrefix(text(i), got.Text) || len(got.Params.Values)+got.Params.Dropped != 1 {
					t.Errorf("portal %d: %.20q of %d, %d parameters, %d dropped", i, got.Text, got.TextLen, len(got.Params.Values), got.Params.Dropped)
				}
			}
			for i := range n {
				turns(t, tr, msg('C', byte('P'), fmt.Sprint("p", i)), msg('3'))
			}
			if tr.ports.bytes != 0 || len(tr.ports.named) != 0 {
				t.Errorf("%d bytes in the end", tr.ports.bytes)
			}
		})
	}
}

// TestPortalsBeyond: of more portals than can be known the first are forgotten, and it is
// not taken for another what is run by their names.
func TestPortalsBeyond(t *testing.T) {
	tr := connected(t, Config{MaxBytes: 1 << 16})
	turns(t, tr, join(query("begin"), parse("s", "select 1")), join(tag("BEGIN"), zed('T'), parsed))
	const n = 1000
	for i := range n {
		turns(t, tr, bind(fmt.Sprint("p", i), "s"), bound)
	}
	turns(t, tr, execute("p999", 1), join(row, suspended))
	for name, want := range map[string]string{"p999": "select 1", "p0": ""} {
		got := turns(t, tr, execute(name, 0), join(row, tag("SELECT 1")))
		if len(got) != 1 || got[0].Text != want || (got[0].Portal == name) != (want == "") {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestCursorPortal: a cursor's rows are counted over the runs of its portal, until it is closed.
func TestCursorPortal(t *testing.T) {
	tr := connected(t, Config{})
	turns(t, tr, query("begin"), join(tag("BEGIN"), zed('T')))
	declare := func() { turns(t, tr, query("declare c"), join(tag("DECLARE CURSOR"), zed('T'))) }
	fetch := func(n int, end []byte) (items []Item) {
		var rows []byte
		for range n {
			rows = append(rows, row...)
		}
		return turns(t, tr, execute("c", int32(n)), join(rows, end))
	}
	declare()
	if got := fetch(3, suspended); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	if got := fetch(97, tag("SELECT 97")); len(got) != 1 || got[0].Rows != 100 || got[0].Portal != "c" {
		t.Errorf("%+v", got)
	}
	if got := fetch(0, tag("SELECT 0")); len(got) != 1 || got[0].Rows != 0 {
		t.Errorf("once more: %+v", got)
	}
	fetch(2, suspended)
	got := turns(t, tr, query("close c"), join(tag("CLOSE CURSOR"), zed('T')))
	if len(got) != 3 || !got[0].Partial || got[0].Rows != 2 || got[0].Portal != "c" || got[1].Tag != "CLOSE CURSOR" {
		t.Errorf("closed: %+v", got)
	}
	declare()
	if got := fetch(1, tag("SELECT 1")); len(got) != 1 || got[0].Rows != 1 {
		t.Errorf("another: %+v", got)
	}
	fetch(4, suspended)
	if got := turns(t, tr, query("commit"), join(tag("COMMIT"), zed('I'))); len(got) < 2 || !got[1].Partial || got[1].Rows != 4 {
		t.Errorf("at the end: %+v", got)
	}
}

// TestSuspendedPortals: portals that still owe an item are kept, and no more than can be known.
func TestSuspendedPortals(t *testing.T) {
	tr := connected(t, Config{MaxBytes: 1 << 16})
	turns(t, tr, join(query("begin"), parse("s", "select 1")), join(tag("BEGIN"), zed('T'), parsed))
	const n = 1000
	for i := range n {
		turns(t, tr, join(bind(fmt.Sprint("p", i), "s"), execute(fmt.Sprint("p", i), 1)), join(bound, row, suspended))
		if tr.ports.bytes > 1<<16 || len(tr.ports.order) > n || len(tr.ports.suspended) > 1<<16/portalSize {
			t.Fatalf("%d bytes, %d portals, %d of them suspended", tr.ports.bytes, len(tr.ports.order), len(tr.ports.suspended))
		}
	}
	told := 0
	for _, it := range turns(t, tr, query("commit"), join(tag("COMMIT"), zed('I'))) {
		if it.Partial && it.Rows == 1 && it.Text == "select 1" {
			told++
		}
	}
	if told < 100 {
		t.Errorf("%d portals told their rows", told)
	}
}

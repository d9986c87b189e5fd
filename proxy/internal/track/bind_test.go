package track

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// paramsOf runs one Bind in chunks of n bytes and gives the params of its statement.
func paramsOf(t *testing.T, most, n int, message []byte) *Params {
	t.Helper()
	tr := connected(t, Config{MaxText: most})
	for b := join(parse("", "x"), message, execute("", 0), syncMsg); len(b) > 0; b = b[min(n, len(b)):] {
		if _, err := tr.Client(b[:min(n, len(b))], time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	items, err := tr.Server(join(parsed, bound, tag("A"), zed('I')), time.Time{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(items, func(it Item) bool { return it.Kind == Completed })
	if i < 0 {
		t.Fatal("no statement")
	}
	return items[i].Params
}

// TestLongValues: of a long value the beginning is kept, and those after it are there.
func TestLongValues(t *testing.T) {
	x := func(n int) string { return strings.Repeat("x", n) }
	null := msg('B', "", "", int16(2), int16(1), int16(0), int16(3), int32(-1), int32(2000), []byte(x(2000)), int32(-1), int16(0))
	for name, c := range map[string]struct {
		message []byte
		lens    []int // -1 is NULL
		missing []int
		dropped int
	}{
		"short":              {bind("", "", "a", "", "b"), []int{1, 0, 1}, nil, 0},
		"limit":              {bind("", "", x(1000)), []int{1000}, nil, 0},
		"one more":           {bind("", "", x(1001)), []int{1000}, []int{1}, 0},
		"long first":         {bind("", "", x(100000), "id", x(3)), []int{1000, 2, 3}, []int{99000}, 0},
		"all long":           {bind("", "", x(5000), x(5000), x(5000), "id"), []int{1000, 1000, 64, 2}, []int{4000, 4000, 4936}, 0},
		"with NULL":          {null, []int{-1, 1000, -1}, []int{0, 1000}, 0},
		"many":               {bind("", "", slices.Repeat([]string{"1"}, 2000)...), slices.Repeat([]int{1}, 4000/valueSize), nil, 2000 - 4000/valueSize},
		"many, in few bytes": {bind("", "", make([]string, 200)...), make([]int, 4000/valueSize), nil, 200 - 4000/valueSize},
	} {
		for _, n := range []int{1 << 20, 4096, 17, 1} {
			p := paramsOf(t, 1000, n, c.message)
			if p == nil {
				t.Fatalf("%s: no parameters", name)
			}
			var lens []int
			for _, v := range p.Values {
				if lens = append(lens, len(v)); v == nil {
					lens[len(lens)-1] = -1
				}
			}
			if !slices.Equal(lens, c.lens) || !slices.Equal(p.Missing, c.missing) || p.Dropped != c.dropped {
				t.Errorf("%s in chunks of %d: %d values %v, missing %v, dropped %d", name, n, len(lens), lens[:min(9, len(lens))], p.Missing, p.Dropped)
			}
		}
	}
	p := paramsOf(t, 1000, 100, null)
	if fmt.Sprint(p.Formats) != "[1 0]" || !bytes.Equal(p.Values[1], []byte(x(1000))) {
		t.Errorf("formats %v", p.Formats)
	}
}

// TestLongMessage: an error's message that is cut says so.
func TestLongMessage(t *testing.T) {
	tr := connected(t, Config{})
	if _, err := tr.Client(query("x"), time.Time{}); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("m", 100_000)
	items, err := tr.Server(msg('E', []byte("SERROR\x00VERROR\x00CP0001\x00M"+long+"\x00\x00")), time.Time{}, nil)
	if err != nil || len(items) != 1 {
		t.Fatal(items, err)
	}
	if e := items[0].Err; e.SQLState != "P0001" || len(e.Message) < 60_000 || len(e.Message)+e.Missing < 100_000 || len(e.Message)+e.Missing > 100_010 {
		t.Errorf("%s: %d bytes, %d missing", e.SQLState, len(e.Message), e.Missing)
	}
}

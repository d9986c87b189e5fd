package audit_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/classify"
	"github.com/das-local/das-local/proxy/internal/audit"
	"github.com/das-local/das-local/proxy/internal/track"
)

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// parsed is an item of a Parse, executed one of an Execute of which the tracker knows
// no text.
func parsed(name, text string) track.Item {
	return track.Item{Kind: track.Prepared, Name: name, Text: text, TextLen: len(text)}
}

func executed(name, tag string, values ...string) track.Item {
	it := track.Item{Kind: track.Completed, Source: track.Execute, Name: name, Tag: tag, Params: &track.Params{}}
	for _, v := range values {
		it.Params.Values = append(it.Params.Values, []byte(v))
	}
	return it
}

func remembering(t *testing.T, change ...func(*audit.Config)) *audit.Session {
	t.Helper()
	classifier, err := classify.New(classify.Config{})
	if err != nil {
		t.Fatal(err)
	}
	conf := audit.Config{Classifier: classifier, Catalog: &tables{}, Session: &activity.Session{}}
	for _, f := range change {
		f(&conf)
	}
	s, err := audit.New(conf)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestPreparedBytes: prepared statements hold a bounded number of bytes, and one whose text
// was too long to be kept still says what it is and what it hides.
func TestPreparedBytes(t *testing.T) {
	s := remembering(t)
	const size, n = 1 << 20, 2 * audit.MaxPreparedBytes >> 20
	long := func(sql string) string { return sql + " /*" + strings.Repeat("x", size-len(sql)-5) + "*/" }
	before := heap()
	apply := func(items ...track.Item) (got []string) {
		for _, e := range s.Apply(t.Context(), nil, items) {
			got = append(got, show(e))
		}
		return got
	}
	secret := strings.Repeat(" ", 2000) + "select pgp_sym_encrypt($1, $2) from t"
	apply(parsed("hidden", long(secret)), query(long("PREPARE q AS INSERT INTO t VALUES ($1)"), "PREPARE"))
	for i := range n {
		apply(parsed(fmt.Sprint("s", i), long(fmt.Sprintf("select %d from t", i))), ready('I'))
		if got := s.PreparedBytes(); got > audit.MaxPreparedBytes {
			t.Fatalf("%d bytes after %d", got, i)
		}
	}
	if held := int64(heap()) - int64(before); held > audit.MaxPreparedBytes+audit.MaxPreparedBytes/2 {
		t.Errorf("%d bytes of the heap", held)
	}
	events := apply(executed("s0", "SELECT 3"))
	begin := "READ SELECT TABLE public.t rows=3 [select 0 from t /*xx"
	if len(events) != 1 || !strings.Contains(events[0], begin) || !strings.HasSuffix(events[0], "x… [cut: 1047552 bytes]]") {
		t.Errorf("the oldest: %.200q", events)
	}
	events = apply(executed("hidden", "SELECT 1", "data", "KEY"))
	if len(events) != 1 || !strings.Contains(events[0], `["data" "<REDACTED>"]`) || !strings.Contains(events[0], "… [cut: ") {
		t.Errorf("with a secret: %.100q", events)
	}
	events = apply(query("EXECUTE q(1)", "INSERT 0 1"))
	if len(events) != 2 || !strings.Contains(events[0], "WRITE INSERT TABLE public.t rows=1") || !strings.Contains(events[0], "… [cut: ") {
		t.Errorf("of PREPARE: %.200q", events)
	}
	events = apply(executed(fmt.Sprint("s", n-1), "SELECT 3"))
	if len(events) != 1 || strings.Contains(events[0], "… [cut") || len(events[0]) < size {
		t.Errorf("the youngest: %.200q", events)
	}
}

// TestForgotten: a statement of which nothing is known says so; a name that stands for
// nothing has no text.
func TestForgotten(t *testing.T) {
	bad := executed("s", "")
	bad.Kind, bad.Err = track.Failed, &track.Error{Severity: "ERROR", SQLState: "26000", Message: "prepared statement \"s\" does not exist"}
	for want, it := range map[string]track.Item{
		"2.1 READ SELECT rows=1 [… [cut: all]]": executed("s", "SELECT 1"),
		"2.1 MISC UNKNOWN 26000":                bad,
	} {
		s := remembering(t)
		got := s.Apply(t.Context(), nil, []track.Item{it})
		if len(got) != 1 || !strings.HasPrefix(show(got[0]), want) {
			t.Errorf("%s, want %s", show(got[0]), want)
		}
	}
}

// TestCursorPortal: who fetches a cursor's rows by its portal reads what the cursor does, in both
// modes.
func TestCursorPortal(t *testing.T) {
	run := track.Item{Kind: track.Completed, Source: track.Execute, Portal: "c", Tag: "SELECT 97", Rows: 100}
	left := track.Item{Kind: track.Completed, Source: track.Execute, Portal: "c", Partial: true, Rows: 3}
	other := run
	other.Portal = "<unnamed portal 1>"
	const declare = "DECLARE c CURSOR FOR SELECT * FROM t, t2"
	want := []string{
		"2.1 READ DECLARE CURSOR TABLE public.t [" + declare + "]", "2.1 READ DECLARE CURSOR TABLE public.t2 [" + declare + "]",
		"3.1 READ SELECT TABLE public.t rows=100 [" + declare + "]", "3.1 READ SELECT TABLE public.t2 rows=100 [" + declare + "]",
		"4.1 READ SELECT TABLE public.t rows=3 [" + declare + "]", "4.1 READ SELECT TABLE public.t2 rows=3 [" + declare + "]",
		"5.1 READ SELECT rows=97 [… [cut: all]]",
	}
	other.Rows = 97
	for _, assisted := range []bool{false, true} {
		s := remembering(t, func(c *audit.Config) { c.Assisted = assisted })
		var got []string
		for _, e := range s.Apply(t.Context(), nil, []track.Item{query(declare, "DECLARE CURSOR"), run, left, other}) {
			got = append(got, show(e))
		}
		if !slices.Equal(got, want) {
			t.Errorf("assisted %v:\n%s", assisted, strings.Join(got, "\n"))
		}
	}
}

package track

import (
	"slices"
	"testing"
	"time"
)

func TestQuietTellsWhatChangesTheSession(t *testing.T) {
	tr := New(Config{})
	items, _ := tr.Server(hello, time.Time{}, nil)
	tr.Quiet(true)
	items = items[:0]
	for _, st := range []step{
		c(query("select 1")), s(row, tag("SELECT 1"), zed('I')),
		c(query(" PREPARE p AS SELECT 1")), s(tag("PREPARE"), zed('I')),
		c(query("begin")), s(tag("BEGIN"), zed('T')),
		c(parse("", "set search_path = a"), bind("", ""), execute("", 0), syncMsg), s(parsed, bound, tag("SET"), zed('T')),
		c(parse("", "insert"), bind("", ""), execute("", 0), syncMsg), s(parsed, bound, tag("INSERT 0 1"), zed('T')),
		c(query("settle")), s(tag("SETTLE"), zed('T')),
		c(query("begin; set x = 1; commit")), s(tag("BEGIN"), tag("SET"), tag("COMMIT"), zed('I')),
		c(query("select pg_catalog.set_config('search_path', '', false)")), s(row, tag("SELECT 1"), zed('I')),
		c(query("reset all")), s(failed("ERROR", "42501"), zed('I')),
	} {
		for i := range st.bytes { // one by one: the text comes in pieces
			if st.client {
				_, _ = tr.Client(st.bytes[i:i+1], time.Unix(1, 0))
			} else {
				items, _ = tr.Server(st.bytes[i:i+1], time.Unix(2, 0), items)
			}
		}
	}
	var got []string
	for _, it := range items {
		if it.Kind == Completed || it.Kind == Failed {
			if !it.Quiet {
				t.Errorf("%q is told as wanted", it.Text)
			}
			got = append(got, it.Text+"/"+it.Tag)
		}
	}
	many := "begin; set x = 1; commit"
	want := []string{" PREPARE p AS SELECT 1/PREPARE", "set search_path = a/SET", many + "/BEGIN", many + "/SET", many + "/COMMIT",
		"select pg_catalog.set_config('search_path', '', false)/SELECT 1"}
	if !slices.Equal(got, want) {
		t.Errorf("told %q\nwant %q", got, want)
	}
}

package track

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// The groups are those of statements that one number is given to by a real server's audit: while a
// portal of a query, or of a utility that returns rows, is open.
func TestOpenPortalsJoinStatements(t *testing.T) {
	begin := []step{c(query("begin")), s(tag("BEGIN"), zed('T'))}
	end := []step{c(query("commit")), s(tag("COMMIT"), zed('I'))}
	closeP := []step{c(msg('C', byte('P'), "p"), syncMsg), s(closed, zed('T'))}
	simple := func(text, done string) []step { return []step{c(query(text)), s(tag(done), zed('T'))} }
	run := func(portal, text, done string) []step {
		return []step{c(parse("", text), bind(portal, ""), execute(portal, 0), syncMsg), s(parsed, bound, tag(done), zed('T'))}
	}
	for _, tc := range []struct {
		name  string
		steps [][]step
		want  string
	}{
		{"a query's portal", [][]step{begin, run("p", "select 1", "SELECT 0"), simple("a", "A"), run("", "insert", "INSERT 0 1"), closeP, end},
			"begin:0 select 1:1 a:1 insert:1 commit:0"},
		{"of a utility with rows", [][]step{begin, run("p", "show x", "SHOW"), run("q", "set y", "SET"), end}, "begin:0 show x:1 set y:1 commit:1"},
		{"of a utility without", [][]step{begin, run("p", "set x", "SET"), simple("a", "A"), end}, "begin:0 set x:1 a:0 commit:0"},
		{"of a finished INSERT", [][]step{begin, run("p", "insert", "INSERT 0 1"), simple("a", "A"), end}, "begin:0 insert:1 a:0 commit:0"},
		{"two after one another", [][]step{begin, run("", "select 1", "SELECT 0"), run("", "select 2", "SELECT 0"), end},
			"begin:0 select 1:1 select 2:2 commit:0"},
		{"an error closes", [][]step{begin, run("p", "select 1", "SELECT 0"), {c(query("x")), s(failed("ERROR", "22012"), zed('E'))},
			{c(query("rollback")), s(tag("ROLLBACK"), zed('I'))}}, "begin:0 select 1:1 x:1 rollback:0"},
	} {
		tr := New(Config{})
		items, _ := tr.Server(hello, time.Time{}, nil)
		items = items[:0]
		for _, list := range tc.steps {
			for _, st := range list {
				if st.client {
					_, _ = tr.Client(st.bytes, time.Unix(1, 0))
				} else {
					items, _ = tr.Server(st.bytes, time.Unix(2, 0), items)
				}
			}
		}
		var got []string
		for _, it := range items {
			if it.Kind == Completed || it.Kind == Failed {
				got = append(got, fmt.Sprintf("%s:%d", it.Text, it.Group))
			}
		}
		if g := strings.Join(got, " "); g != tc.want {
			t.Errorf("%s: %s\nwant %s", tc.name, g, tc.want)
		}
	}
}

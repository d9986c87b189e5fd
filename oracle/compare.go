package main

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/das-local/das-local/e2e/testbed"
)

// Verdict says how far the events of a case agree with its records.
type Verdict struct {
	Exact     bool   // everything
	NoRows    bool   // everything but the number of rows
	TopLevel  bool   // the records whose text the client sent
	Different string // the first difference; empty if Exact
}

// tempSchema is a session's temporary schema: its number is chance.
var tempSchema = regexp.MustCompile(`\bpg_temp_\d+\b`)

// writtenFirst are the commands that the server's audit records before it runs
// them, so that a failure leaves a record too.
var writtenFirst = []string{"DO", "CREATE EXTENSION", "ALTER EXTENSION", "CLOSE CURSOR"}

// compare judges the events that a case caused.
func compare(c *Case, events []testbed.Event) Verdict {
	want := normalise(c.Wanted())
	got := normalise(fromEvents(events, nil))
	v := judge(c, got, want)
	if v.Exact {
		return v
	}
	// A failed statement that the server recorded before it ran counts as the
	// record, if it is what makes the difference.
	if early := normalise(fromEvents(events, writtenFirst)); len(early) != len(got) {
		if again := judge(c, early, want); again.Exact {
			return again
		}
	}
	return v
}

func judge(c *Case, got, want []Record) Verdict {
	v := Verdict{Different: difference(c, got, want, true)}
	v.Exact = v.Different == ""
	v.NoRows = difference(c, got, want, false) == ""
	top := func(rs []Record) []Record {
		return normalise(slices.DeleteFunc(slices.Clone(rs), func(r Record) bool { return !c.sent(r.Statement) }))
	}
	v.TopLevel = difference(c, top(got), top(want), true) == ""
	return v
}

// sent says whether the client sent the text.
func (c *Case) sent(text string) bool {
	if sameText(text, c.SQL) {
		return true
	}
	for _, op := range c.Ops {
		if op.SQL != "" && sameText(text, op.SQL) {
			return true
		}
	}
	for _, s := range c.Setup { // a statement prepared there may be executed
		if sameText(text, s) {
			return true
		}
	}
	return false
}

// fromEvents makes records of events. Statements that failed are left out,
// unless their command is among keep.
func fromEvents(events []testbed.Event, keep []string) []Record {
	var rs []Record
	for _, e := range events {
		switch e.Command {
		case "CONNECT", "DISCONNECT", "AUTH FAILURE":
			continue
		}
		if e.Failed() && !slices.Contains(keep, e.Command) {
			continue
		}
		rs = append(rs, Record{
			StatementID: e.StatementID, SubstatementID: e.SubstatementID, Class: e.Class, Command: e.Command,
			ObjectType: e.ObjectKind(), ObjectName: e.Object(), Statement: e.Text(), Parameters: e.ParamList, Rows: e.Rows(),
		})
	}
	return rs
}

// normalise brings records into a form that can be compared one by one:
// statement ids by rank, no objects and rows for COPY and DECLARE CURSOR, the
// relations of one query sorted.
func normalise(rs []Record) []Record {
	var ids []int64
	for _, r := range rs {
		ids = append(ids, r.StatementID)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	var out []Record
	for _, r := range rs {
		rank, _ := slices.BinarySearch(ids, r.StatementID)
		r.StatementID = int64(rank) + 1
		r.ObjectName = tempSchema.ReplaceAllString(r.ObjectName, "pg_temp_N")
		r.Statement = tempSchema.ReplaceAllString(r.Statement, "pg_temp_N")
		if r.Command == "COPY" || r.Command == "DECLARE CURSOR" {
			r.ObjectType, r.ObjectName, r.Rows = "", "", 0
			if n := len(out); n > 0 && sameOwner(out[n-1], r) && out[n-1].Command == r.Command {
				continue
			}
		}
		out = append(out, r)
	}
	for from := 0; from < len(out); {
		to := from + 1
		for to < len(out) && sameOwner(out[from], out[to]) {
			to++
		}
		slices.SortStableFunc(out[from:to], func(a, b Record) int {
			return cmp.Or(cmp.Compare(a.Class, b.Class), cmp.Compare(a.Command, b.Command),
				cmp.Compare(a.ObjectType, b.ObjectType), cmp.Compare(a.ObjectName, b.ObjectName))
		})
		from = to
	}
	return out
}

func sameOwner(a, b Record) bool {
	return a.StatementID == b.StatementID && a.SubstatementID == b.SubstatementID
}

// difference describes the first record that differs; empty if none does.
func difference(c *Case, got, want []Record, rows bool) string {
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			return fmt.Sprintf("missing %s", show(want[i]))
		case i >= len(want):
			return fmt.Sprintf("too much %s", show(got[i]))
		case !same(c, got[i], want[i], rows):
			return fmt.Sprintf("got %s, want %s", show(got[i]), show(want[i]))
		}
	}
	return ""
}

func same(c *Case, got, want Record, rows bool) bool {
	return got.StatementID == want.StatementID && got.SubstatementID == want.SubstatementID &&
		got.Class == want.Class && got.Command == want.Command &&
		got.ObjectType == want.ObjectType && got.ObjectName == want.ObjectName &&
		sameText(got.Statement, want.Statement) && c.sameParams(got.Parameters, want.Parameters) &&
		(!rows || got.Rows == want.Rows)
}

// sameText compares texts up to and including the first redaction of either:
// das-local redacts every record of a string, the server's audit not.
func sameText(got, want string) bool {
	g, gotRedacted := cutRedacted(got)
	w, wantRedacted := cutRedacted(want)
	switch {
	case gotRedacted == wantRedacted:
		return g == w
	case gotRedacted:
		return strings.HasPrefix(want, g)
	default:
		return false
	}
}

// cutRedacted is the text before the first mark, which das-local also puts
// between the quotes of a literal.
func cutRedacted(s string) (string, bool) {
	before, _, found := strings.Cut(s, "<REDACTED>")
	if found {
		before = strings.TrimSuffix(before, " ")
	}
	return before, found
}

// noParameters is how the server writes an empty list of parameters, and a list
// of just this text.
const noParameters = "<none>"

// sameParams compares parameters. The records have NULL and the empty string
// both as "", activity events leave NULL out.
func (c *Case) sameParams(got, want []string) bool {
	if slices.Equal(got, want) || len(want) == 0 && slices.Equal(got, []string{noParameters}) {
		return true
	}
	for _, bound := range c.bound() {
		if len(bound) != len(want) {
			continue
		}
		var shown []string
		for i, p := range bound {
			if p != nil {
				shown = append(shown, want[i])
			}
		}
		if slices.Equal(got, shown) {
			return true
		}
	}
	return false
}

// bound lists the parameter lists that the case binds.
func (c *Case) bound() [][]*string {
	all := [][]*string{c.Params}
	for _, op := range c.Ops {
		if op.Op == "bind" {
			all = append(all, op.Params)
		}
	}
	return all
}

func show(r Record) string {
	s := fmt.Sprintf("%d.%d %s,%s", r.StatementID, r.SubstatementID, r.Class, r.Command)
	if r.ObjectType != "" || r.ObjectName != "" {
		s += fmt.Sprintf(",%s,%s", r.ObjectType, r.ObjectName)
	}
	return fmt.Sprintf("%s %.120q %q rows %d", s, r.Statement, r.Parameters, r.Rows)
}

package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/das-local/das-local/e2e/testbed"
	"github.com/das-local/das-local/oracle/replay"
)

// Case and Record are what is compared.
type (
	Case   = replay.Case
	Record = replay.Record
)

// Verdict says how far the events of a case agree with its records.
type Verdict struct {
	Exact     bool   // everything
	NoRows    bool   // everything but the number of rows
	TopLevel  bool   // the records whose text the client sent
	Different string // the first difference; empty if Exact
}

// writtenFirst are the commands that the server's audit records before they are
// done, so that a failure leaves a record too. The last two only ask for the end of
// the transaction: deferred constraints, which may refuse it, are checked when the
// command itself is over and recorded.
var writtenFirst = []string{"DO", "CREATE EXTENSION", "ALTER EXTENSION", "CLOSE CURSOR", "COMMIT", "PREPARE TRANSACTION"}

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
		return normalise(slices.DeleteFunc(slices.Clone(rs), func(r Record) bool { return !sent(c, r.Statement) }))
	}
	v.TopLevel = difference(c, top(got), top(want), true) == ""
	return v
}

// sent says whether the client sent the text.
func sent(c *Case, text string) bool {
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
	return replay.FromEvents(events, func(e testbed.Event) bool { return !e.Failed() || slices.Contains(keep, e.Command) })
}

// normalise also takes the objects and rows of COPY and DECLARE CURSOR out, which
// the server does not record.
func normalise(rs []Record) []Record {
	var out []Record
	for _, r := range rs {
		if r.Command == "COPY" || r.Command == "DECLARE CURSOR" {
			r.ObjectType, r.ObjectName, r.Rows = "", "", 0
			if n := len(out); n > 0 && replay.SameOwner(out[n-1], r) && out[n-1].Command == r.Command {
				continue
			}
		}
		out = append(out, r)
	}
	return replay.Normalise(out)
}

// difference describes the first record that differs; empty if none does.
func difference(c *Case, got, want []Record, rows bool) string {
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			return fmt.Sprintf("missing %s", want[i])
		case i >= len(want):
			return fmt.Sprintf("too much %s", got[i])
		case !same(c, got[i], want[i], rows):
			return fmt.Sprintf("got %s, want %s", got[i], want[i])
		}
	}
	return ""
}

func same(c *Case, got, want Record, rows bool) bool {
	return got.StatementID == want.StatementID && got.SubstatementID == want.SubstatementID &&
		got.Class == want.Class && got.Command == want.Command &&
		got.ObjectType == want.ObjectType && got.ObjectName == want.ObjectName &&
		sameText(got.Statement, want.Statement) && sameParams(c, got.Parameters, want.Parameters) &&
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

// noParameters is how the server writes an empty list of parameters. A list of just
// this text looks the same there, so that its record has no parameters.
const noParameters = "<none>"

// sameParams compares parameters. The records have NULL and the empty string
// both as "", activity events leave NULL out.
func sameParams(c *Case, got, want []string) bool {
	if slices.Equal(got, want) {
		return true
	}
	for _, list := range bound(c) {
		recorded := want
		if len(want) == 0 && len(list) == 1 && list[0] != nil && *list[0] == noParameters {
			recorded = []string{noParameters}
		}
		if len(list) != len(recorded) {
			continue
		}
		var shown []string
		for i, p := range list {
			if p != nil {
				shown = append(shown, recorded[i])
			}
		}
		if slices.Equal(got, shown) {
			return true
		}
	}
	return false
}

// bound lists the parameter lists that the case binds.
func bound(c *Case) [][]*string {
	all := [][]*string{c.Params}
	for _, op := range c.Ops {
		if op.Op == "bind" {
			all = append(all, op.Params)
		}
	}
	return all
}

package replay

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"

	"github.com/das-local/das-local/e2e/testbed"
)

// tempSchema is a session's temporary schema: its number is chance.
var tempSchema = regexp.MustCompile(`\bpg_(toast_)?temp_\d+\b`)

// FromEvents makes records of the events of statements that keep picks; of all if
// it is nil.
func FromEvents(events []testbed.Event, keep func(testbed.Event) bool) []Record {
	var rs []Record
	for _, e := range events {
		switch e.Command {
		case "CONNECT", "DISCONNECT", "AUTH FAILURE":
			continue
		}
		if keep != nil && !keep(e) {
			continue
		}
		r := Record{
			StatementID: e.StatementID, SubstatementID: e.SubstatementID, Class: e.Class, Command: e.Command,
			ObjectType: e.ObjectKind(), ObjectName: e.Object(), Statement: e.Text(), Parameters: e.ParamList, Rows: e.Rows(),
		}
		if e.Failed() {
			r.Error = fmt.Sprint(e.ExitCode)
			if e.ErrorMessage != nil {
				r.Error += ": " + *e.ErrorMessage
			}
		}
		rs = append(rs, r)
	}
	return rs
}

// Normalise brings records into a form that can be compared one by one: statement
// ids by rank, temporary schemas without their number, the relations of one query
// sorted.
func Normalise(rs []Record) []Record {
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
		for _, s := range []*string{&r.ObjectName, &r.Statement, &r.Error} {
			*s = tempSchema.ReplaceAllString(*s, "pg_${1}temp_N")
		}
		out = append(out, r)
	}
	for from := 0; from < len(out); {
		to := from + 1
		for to < len(out) && SameOwner(out[from], out[to]) {
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

// SameOwner says whether records are of the same query.
func SameOwner(a, b Record) bool {
	return a.StatementID == b.StatementID && a.SubstatementID == b.SubstatementID
}

// Equal says whether records are the same in everything.
func (r Record) Equal(o Record) bool {
	return SameOwner(r, o) && r.Class == o.Class && r.Command == o.Command &&
		r.ObjectType == o.ObjectType && r.ObjectName == o.ObjectName && r.Statement == o.Statement &&
		slices.Equal(r.Parameters, o.Parameters) && r.Rows == o.Rows && r.Error == o.Error
}

// String is the record in one short line.
func (r Record) String() string {
	s := fmt.Sprintf("%d.%d %s,%s", r.StatementID, r.SubstatementID, r.Class, r.Command)
	if r.ObjectType != "" || r.ObjectName != "" {
		s += fmt.Sprintf(",%s,%s", r.ObjectType, r.ObjectName)
	}
	s = fmt.Sprintf("%s %.120q %q rows %d", s, r.Statement, r.Parameters, r.Rows)
	if r.Error != "" {
		s += fmt.Sprintf(" failed %.120q", r.Error)
	}
	return s
}

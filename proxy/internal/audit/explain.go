package audit

import (
	"strconv"
	"strings"

	"github.com/das-local/das-local/internal/activity"
)

// A plan is what EXPLAIN ANALYZE tells of the top of a plan, in any of its formats.
type plan struct {
	node     string // of the top
	rows     int64  // of the top; NoRows if it does not say
	below    int64  // of the nodes right below, InitPlans and the like aside
	inserted int64  // "Tuples Inserted" of ON CONFLICT or MERGE
	conflict string // "Conflict Resolution"
	filtered int64  // "Rows Removed by Conflict Filter"
	merged   int64  // what MERGE inserted, updated and deleted; NoRows if it does not say
}

// explainedRows is how many rows the statement that EXPLAIN ANALYZE ran has returned or changed; NoRows if
// the plan does not say.
func explainedRows(output string) int64 {
	p := plan{rows: activity.NoRows, below: activity.NoRows, inserted: activity.NoRows, merged: activity.NoRows}
	if structured(output) {
		p.readFields(output)
	} else {
		p.readText(output)
	}
	modifies := false
	for _, w := range []string{"Insert on ", "Update on ", "Delete on ", "Merge on "} {
		modifies = modifies || strings.HasPrefix(p.node, w)
	}
	switch {
	case !modifies || p.rows > 0: // RETURNING
		return p.rows
	case p.merged >= 0:
		return p.merged
	case p.conflict == "NOTHING":
		return p.inserted
	case p.below < 0:
		return activity.NoRows
	}
	return p.below - p.filtered
}

// structured says whether a plan is in JSON, XML or YAML.
func structured(output string) bool {
	return strings.HasPrefix(output, "[") || strings.HasPrefix(output, "<") || strings.HasPrefix(output, "- ")
}

// readText reads the format that people read: the top's children are indented by two blanks.
func (p *plan) readText(output string) {
	for i, line := range strings.Split(output, "\n") {
		if i > 0 && line == "" {
			return // a rule's next plan
		}
		word, indented := strings.CutPrefix(line, "  ")
		switch {
		case i == 0:
			p.node, p.rows = line, actual(line)
		case strings.HasPrefix(line, "  ->  "):
			p.addBelow(actual(line))
		case indented && !strings.HasPrefix(word, " "):
			name, value, _ := strings.Cut(word, ": ")
			p.field(name, value)
		}
	}
}

func (p *plan) addBelow(n int64) {
	if n >= 0 {
		p.below = max(p.below, 0) + n
	}
}

// addMerged counts what MERGE has changed.
func (p *plan) addMerged(n int64) {
	if strings.HasPrefix(p.node, "Merge on ") {
		p.merged = max(p.merged, 0) + max(n, 0)
	}
}

// actual reads "(actual time=0.005..0.006 rows=3 loops=1)".
func actual(line string) int64 {
	i := strings.LastIndex(line, "(actual ")
	if i < 0 {
		return activity.NoRows
	}
	for f := range strings.FieldsSeq(strings.TrimSuffix(line[i:], ")")) {
		if v, ok := strings.CutPrefix(f, "rows="); ok {
			return number(v)
		}
	}
	return activity.NoRows
}

// number reads a count, which version 18 prints with decimals.
func number(s string) int64 {
	s, _, _ = strings.Cut(strings.TrimSpace(s), ".")
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return activity.NoRows
	}
	return n
}

// field takes a property of the top.
func (p *plan) field(name, value string) {
	switch name {
	case "Conflict Resolution":
		p.conflict = value
	case "Operation":
		p.node = value + " on "
	case "Tuples Inserted":
		p.inserted = max(number(value), 0)
		p.addMerged(number(value))
	case "Rows Removed by Conflict Filter":
		p.filtered = max(number(value), 0)
	case "Tuples Updated", "Tuples Deleted":
		p.addMerged(number(value))
	case "Tuples": // MERGE in text: inserted=1 updated=2 deleted=3 skipped=4
		p.addMerged(0)
		for f := range strings.FieldsSeq(value) {
			k, v, _ := strings.Cut(f, "=")
			if k != "skipped" {
				p.addMerged(number(v))
			}
		}
	}
}

// readFields reads JSON, XML and YAML, which have one property a line: those of the top, then, indented
// further, those of the nodes right below it and of all others.
func (p *plan) readFields(output string) {
	relation, indent := "", 0
	for line := range strings.SplitSeq(output, "\n") {
		name, value := property(line)
		at := len(line) - len(strings.TrimLeft(line, " "))
		if name == "Parent Relationship" && indent == 0 {
			indent = at
		}
		switch {
		case indent == 0 && name == "Actual Rows":
			p.rows = number(value)
		case indent == 0 && name == "Node Type":
			if p.node == "" {
				p.node = value
			}
		case indent == 0:
			p.field(name, value)
		case at != indent:
		case name == "Parent Relationship":
			relation = value
		case name == "Actual Rows" && (relation == "Outer" || relation == "Member"):
			p.addBelow(number(value))
		}
	}
}

// property reads "Name": value, Name: value and <Name>value</Name>.
func property(line string) (name, value string) {
	line = strings.TrimSuffix(strings.TrimSpace(line), ",")
	if rest, ok := strings.CutPrefix(line, "<"); ok {
		name, value, _ = strings.Cut(rest, ">")
		value, _, _ = strings.Cut(value, "<")
		return strings.ReplaceAll(name, "-", " "), value
	}
	name, value, _ = strings.Cut(strings.TrimPrefix(line, "- "), ": ")
	return strings.Trim(name, `"`), strings.Trim(value, `"`)
}

package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// verdict says how the outcomes through das-local compare with the direct ones.
type verdict struct {
	same      map[string]string // test → its outcome
	different []string
	unstable  []string
}

// judge compares. alone are direct runs: what they do not agree on is unstable.
func judge(alone []outcomes, through outcomes) verdict {
	v := verdict{same: make(map[string]string)}
	tests := make(map[string]bool)
	for _, o := range append(slices.Clone(alone), through) {
		for test := range o {
			tests[test] = true
		}
	}
	for _, test := range slices.Sorted(maps.Keys(tests)) {
		want, got := alone[0][test].text, through[test].text
		switch {
		case slices.ContainsFunc(alone, func(o outcomes) bool { return o[test].text != want }):
			v.unstable = append(v.unstable, test)
		case got == want:
			v.same[test] = got
		default:
			v.different = append(v.different, test)
		}
	}
	return v
}

// settle lets a reason take tests out of the different ones.
func (v *verdict) settle(reason func(test string) string) {
	var rest []string
	for _, test := range v.different {
		if why := reason(test); why != "" {
			v.unstable = append(v.unstable, test+" ("+why+")")
		} else {
			rest = append(rest, test)
		}
	}
	v.different = rest
}

// tally counts the outcomes that are the same, if they are words.
func (v verdict) tally() string {
	counts := make(map[string]int)
	for _, outcome := range v.same {
		if len(outcome) > len("skipped") {
			return "" // an output, not a word
		}
		counts[outcome]++
	}
	var parts []string
	for _, outcome := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%d %s", counts[outcome], outcome))
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// String is the verdict in one line, and one for each kind of exception.
func (v verdict) String() string {
	s := fmt.Sprintf("%d tests, %d the same%s, %d different, %d unstable",
		len(v.same)+len(v.different)+len(v.unstable), len(v.same), v.tally(), len(v.different), len(v.unstable))
	if len(v.different) > 0 {
		s += "\n  different: " + strings.Join(v.different, ", ")
	}
	if len(v.unstable) > 0 {
		s += "\n  unstable: " + strings.Join(v.unstable, ", ")
	}
	return s
}

// firstDifference is where two texts part, for a message.
func firstDifference(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			return fmt.Sprintf("line %d:\n    direct:  %.300s\n    through: %.300s", i+1, lineAt(a, i), lineAt(b, i))
		}
	}
	return "none"
}

func lineAt(lines []string, i int) string {
	if i >= len(lines) {
		return "(end)"
	}
	return lines[i]
}

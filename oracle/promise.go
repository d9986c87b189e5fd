package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
)

// A promise is a share of a group of cases that a mode has to agree on.
type promise struct {
	what  string
	group func(*Case) bool
	share float64
}

// promisesOf lists what each audit mode promises. Without help of the server, a
// case is decidable if nothing runs inside its statements and no rewriting or
// planning shows.
var promisesOf = map[string][]promise{
	"catalog": {
		{"decidable", (*Case).decidable, 1},
		{"functions that run nothing inside", func(c *Case) bool { return c.Kind == "function" && !c.has("nested") }, 0.9},
	},
	"server": {{"all", func(*Case) bool { return true }, 1}},
}

// undecidable are the kinds that only the server can decide.
var undecidable = []string{"planner", "fk", "trigger", "do", "procedure", "rule", "rls", "function"}

// decidable says whether text, protocol and catalogue decide the case.
func (c *Case) decidable() bool {
	return !c.has("nested") && !c.has("function") && !slices.Contains(undecidable, c.Kind)
}

func (c *Case) has(feature string) bool { return slices.Contains(c.Features, feature) }

// promises prints how the groups that a mode promises something of came out, and
// returns what it did not keep.
func promises(w io.Writer, mode string, outcomes []outcome) error {
	var broken error
	for _, p := range promisesOf[mode] {
		s := score{kind: p.what}
		for _, o := range outcomes {
			if p.group(o.Case) {
				s.add(o)
			}
		}
		if s.cases == 0 {
			continue
		}
		fmt.Fprintf(w, "%s: %d of %d cases agree (%.1f%%; promised %.0f%%)\n", p.what, s.exact, s.cases, 100*s.share(), 100*p.share)
		if s.share() < p.share {
			broken = errors.Join(broken, fmt.Errorf("audit mode %s agrees on %d of %d cases of %q, less than promised", mode, s.exact, s.cases, p.what))
		}
	}
	fmt.Fprintln(w)
	return broken
}

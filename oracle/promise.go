package main

import (
	"errors"
	"fmt"
	"io"
)

// A promise is a share of a group of cases that a mode has to agree on.
type promise struct {
	what  string
	group func(*Case) bool
	share float64
}

// promisesOf lists what each audit mode promises.
var promisesOf = map[string][]promise{
	"catalog": {
		{"decidable", (*Case).Decidable, 1},
		{"functions that run nothing inside", func(c *Case) bool { return c.Kind == "function" && !c.Has("nested") }, 0.9},
	},
	"server": {{"all", func(*Case) bool { return true }, 1}},
}

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

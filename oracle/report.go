package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"github.com/das-local/das-local/oracle/replay"
)

// outcome is a case with what became of it.
type outcome struct {
	replay.Run
	Verdict
}

// score counts the cases of one kind.
type score struct {
	kind                              string
	cases, exact, noRows, top, notRun int
}

func (s *score) add(o outcome) {
	s.cases++
	count := func(n *int, ok bool) {
		if ok {
			*n++
		}
	}
	count(&s.exact, o.Exact)
	count(&s.noRows, o.NoRows)
	count(&s.top, o.TopLevel)
	count(&s.notRun, o.Err != nil)
}

// share is the part of the cases that agree in everything.
func (s *score) share() float64 { return float64(s.exact) / float64(max(1, s.cases)) }

// tally counts the outcomes by kind, and all together.
func tally(outcomes []outcome) (kinds []*score, total *score) {
	total = &score{kind: "all"}
	byKind := map[string]*score{}
	for _, o := range outcomes {
		s := byKind[o.Kind]
		if s == nil {
			s = &score{kind: o.Kind}
			byKind[o.Kind] = s
			kinds = append(kinds, s)
		}
		s.add(o)
		total.add(o)
	}
	slices.SortFunc(kinds, func(a, b *score) int { return cmp.Compare(a.kind, b.kind) })
	return kinds, total
}

// printTable prints one line a kind and one for all. "agree" is everything;
// the other two columns leave out the number of rows, and the records that the
// server made of work inside a statement.
func printTable(w io.Writer, kinds []*score, total *score) {
	fmt.Fprintf(w, "%-14s %6s %6s %7s %12s %10s\n", "kind", "cases", "agree", "share", "but for rows", "top level")
	for _, s := range append(kinds, total) {
		fmt.Fprintf(w, "%-14s %6d %6d %6.1f%% %12d %10d\n", s.kind, s.cases, s.exact, 100*s.share(), s.noRows, s.top)
	}
	if total.notRun > 0 {
		fmt.Fprintf(w, "%d cases could not be run to their end and count as differing\n", total.notRun)
	}
}

// printDifferences prints the first difference of every case that has one.
func printDifferences(w io.Writer, outcomes []outcome) {
	slices.SortFunc(outcomes, func(a, b outcome) int { return cmp.Compare(a.ID, b.ID) })
	for _, o := range outcomes {
		switch {
		case o.Err != nil:
			fmt.Fprintf(w, "%s: not run: %v\n", o.ID, o.Err)
		case !o.Exact:
			fmt.Fprintf(w, "%s: %.160q\n    %s\n", o.ID, o.SQL, o.Different)
		}
	}
}

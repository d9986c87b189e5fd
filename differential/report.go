package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
)

// A score counts items of one kind.
type score struct {
	kind                         string
	all, agree, decidable, decid int
}

func (s *score) add(it item) {
	s.all++
	same := it.Different == ""
	if same {
		s.agree++
	}
	if it.Decidable {
		s.decidable++
		if same {
			s.decid++
		}
	}
}

// percent is a share; of nothing it is all.
func percent(n, of int) float64 {
	if of == 0 {
		return 100
	}
	return 100 * float64(n) / float64(of)
}

// tally counts by kind, the most frequent first, and all together.
func tally(items []item) (kinds []*score, total *score) {
	total = &score{kind: "all"}
	byKind := map[string]*score{}
	for _, it := range items {
		s := byKind[it.Kind]
		if s == nil {
			s = &score{kind: it.Kind}
			byKind[it.Kind] = s
			kinds = append(kinds, s)
		}
		s.add(it)
		total.add(it)
	}
	slices.SortFunc(kinds, func(a, b *score) int { return cmp.Or(cmp.Compare(b.all, a.all), cmp.Compare(a.kind, b.kind)) })
	return kinds, total
}

// printTable prints a line for each kind. Kinds that agree altogether share one
// unless all is set.
func printTable(w io.Writer, kinds []*score, total *score, all bool) {
	line := func(s *score) {
		fmt.Fprintf(w, "%-32s %6d %6d %6.1f%% %9d %6d %6.1f%%\n",
			s.kind, s.all, s.agree, percent(s.agree, s.all), s.decidable, s.decid, percent(s.decid, s.decidable))
	}
	fmt.Fprintf(w, "%-32s %6s %6s %7s %9s %6s %7s\n", "kind", "all", "agree", "share", "decidable", "agree", "share")
	rest := &score{}
	n := 0
	for _, s := range kinds {
		if all || s.agree < s.all || len(kinds) <= 40 {
			line(s)
			continue
		}
		n++
		rest.all, rest.agree, rest.decidable, rest.decid = rest.all+s.all, rest.agree+s.agree, rest.decidable+s.decidable, rest.decid+s.decid
	}
	if n > 0 {
		rest.kind = fmt.Sprintf("(%d more kinds)", n)
		line(rest)
	}
	line(total)
}

// printDifferences prints the ways in which kinds disagree, the most frequent
// first, with an example of each.
func printDifferences(w io.Writer, items []item) {
	type way struct {
		kind, different string
		decidable       bool
	}
	counts := map[way]int{}
	first := map[way]item{}
	var ways []way
	for _, it := range items {
		if it.Different == "" {
			continue
		}
		k := way{it.Kind, it.Different, it.Decidable}
		if counts[k]++; counts[k] == 1 {
			first[k] = it
			ways = append(ways, k)
		}
	}
	slices.SortStableFunc(ways, func(a, b way) int {
		if a.decidable != b.decidable {
			if a.decidable {
				return -1
			}
			return 1
		}
		return cmp.Compare(counts[b], counts[a])
	})
	for _, k := range ways {
		it := first[k]
		decidable := ""
		if !k.decidable {
			decidable = ", not decidable"
		}
		fmt.Fprintf(w, "%d × %s: %s%s\n    %s: %.160q\n      %s\n", counts[k], k.kind, k.different, decidable, it.Where, it.Text, it.Detail)
	}
}

// writeDifferences writes the items that differ, as JSON Lines.
func writeDifferences(f *os.File, part string, items []item) error {
	out := json.NewEncoder(f)
	out.SetEscapeHTML(false)
	for _, it := range items {
		if it.Different == "" {
			continue
		}
		if err := out.Encode(struct {
			Part string
			item
		}{part, it}); err != nil {
			return fmt.Errorf("write a difference: %w", err)
		}
	}
	return nil
}

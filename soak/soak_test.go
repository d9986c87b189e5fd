package main

import (
	"fmt"
	"testing"
)

// TestReader checks that the reader finds what it is there to find.
func TestReader(t *testing.T) {
	event := func(text string) []byte {
		return fmt.Appendf(nil, `{"class":"READ","commandText":"%s","database":"x"}`, text)
	}
	all := func(client, n int) (events [][]byte) {
		return [][]byte{event(fmt.Sprintf("insert into soak values (%d, %d);", client, n)),
			event(fmt.Sprintf("update soak_last set n = %d where client = %d;", n, client)),
			event(fmt.Sprintf("select 'soak', %d, %d from soak_last where client = %d;", client, n, client))}
	}
	r := newReader()
	for _, e := range append(append(all(0, 1), all(0, 3)...), all(1, 1)...) {
		r.count(e)
	}
	r.count(event("select 'mark 0'"))
	r.count(event("select 'soak'"))
	if missing, more := r.missing(transactions{3, 1}); missing != 3 || more != 0 || r.statements() != 9 || !r.marks["0"] {
		t.Errorf("missing %d, more %d, seen %d, marks %v", missing, more, r.statements(), r.marks)
	}
	for _, e := range append(all(0, 2), all(1, 1)...) {
		r.count(e)
	}
	if missing, more := r.missing(transactions{2, 1}); missing != 0 || more != 3 || r.duplicated() != 3 {
		t.Errorf("missing %d, more %d, twice %d", missing, more, r.duplicated())
	}
}

func TestFlat(t *testing.T) {
	series := func(f func(i int) int) (list []int) {
		for i := range 60 {
			list = append(list, f(i))
		}
		return list
	}
	for name, c := range map[string]struct {
		list []int
		ok   bool
	}{
		"flat":               {series(func(int) int { return 100 }), true},
		"rough":              {series(func(i int) int { return 100 + 40*(i%2) }), true},
		"grows at the start": {series(func(i int) int { return 10 * min(i, 12) }), true},
		"grows":              {series(func(i int) int { return 100 + 4*i }), false},
		"too few":            {[]int{1, 1, 1}, false},
	} {
		if err := flat(name, c.list, 10); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	const log = "gc 1 @0.1s 2%: 0.0+1+0 ms clock, 0+1/2/3+0 ms cpu, 4->5->3 MB, 4 MB goal, 0 MB stacks, 0 MB globals, 2 P\nlevel=INFO\n" +
		"gc 2 @0.2s 2%: 0.0+1+0 ms clock, 0+1/2/3+0 ms cpu, 14->15->13 MB, 4 MB goal, 0 MB stacks, 0 MB globals, 2 P\n"
	if got := lastHeap(log); got != 13<<10 {
		t.Errorf("the live heap is %d", got)
	}
}

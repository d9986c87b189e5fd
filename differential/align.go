package main

import (
	"cmp"
	"slices"

	"github.com/das-local/das-local/e2e/testbed"
	"github.com/das-local/das-local/oracle/replay"
)

// A statement has the records of one statementId.
type statement []replay.Record

// statements splits the events of a session.
func statements(events []testbed.Event) []statement {
	rs := replay.FromEvents(events, nil)
	slices.SortStableFunc(rs, func(a, b replay.Record) int { return cmp.Compare(a.StatementID, b.StatementID) })
	var out []statement
	for i, r := range rs {
		if i == 0 || r.StatementID != rs[i-1].StatementID {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], r)
	}
	return out
}

// has says whether one of the records has the text.
func (s statement) has(text string) bool {
	return slices.ContainsFunc(s, func(r replay.Record) bool { return r.Statement == text })
}

// A pairing is what the two sides have of the same statement; nil is nothing.
type pairing struct{ catalog, server statement }

// lookAhead bounds how many statements in a row one side may have alone.
const lookAhead = 200

// align pairs the statements of two sessions that did the same. Both know them in
// the same order, so where they part the nearest pair that fits goes on.
func align(catalog, server []statement) []pairing {
	var out []pairing
	for len(catalog) > 0 || len(server) > 0 {
		i, j := nearest(catalog, server)
		for range i {
			out = append(out, pairing{catalog: catalog[0]})
			catalog = catalog[1:]
		}
		for range j {
			out = append(out, pairing{server: server[0]})
			server = server[1:]
		}
		if len(catalog) > 0 && len(server) > 0 {
			out = append(out, pairing{catalog[0], server[0]})
			catalog, server = catalog[1:], server[1:]
		}
	}
	return out
}

// nearest says how many statements of each side have no partner before the next
// pair. Without a pair in sight all are alone.
func nearest(catalog, server []statement) (i, j int) {
	for n := range min(lookAhead, len(catalog)+len(server)) {
		for i := range n + 1 {
			j := n - i
			if i < len(catalog) && j < len(server) && fit(catalog[i], server[j]) {
				return i, j
			}
		}
	}
	return len(catalog), len(server)
}

// fit says whether two sides may be of the same statement. What ran inside of it
// may come before it, and only one side may know that.
func fit(catalog, server statement) bool {
	return server.has(catalog[0].Statement) || catalog.has(server[0].Statement)
}

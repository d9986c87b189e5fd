package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/das-local/das-local/oracle/replay"
)

// workers is how many cases run at a time on each side: a case waits most of its time for
// its events to be polled.
const workers = 4

// corpus compares the modes on the oracle's cases, with what the comparison with
// the recordings leaves out: statements that failed, and the objects and rows of
// COPY and DECLARE CURSOR.
func corpus(ctx context.Context, o options) (items []item, err error) {
	setup, err := replay.ReadSetup(o.cases)
	if err != nil {
		return nil, err
	}
	cases, err := replay.Read(o.cases, func(c *replay.Case) bool { return o.wanted.MatchString(c.ID) })
	if err != nil {
		return nil, err
	}
	b, err := startBoth(ctx, o, nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.stop()) }()
	var catalog, server []replay.Run
	err = b.each(func(mode string, s *replay.Stack) error {
		runs := &catalog
		if mode == "server" {
			runs = &server
		}
		var err error
		*runs, err = replay.Replay(ctx, s, setup, cases, workers)
		return err
	})
	if err != nil {
		return nil, err
	}
	return compareRuns(catalog, server), nil
}

// compareRuns compares runs case by case.
func compareRuns(catalog, server []replay.Run) []item {
	byID := map[string]replay.Run{}
	for _, r := range server {
		byID[r.ID] = r
	}
	var items []item
	for _, r := range catalog {
		it := item{Where: r.ID, Kind: r.Kind, Text: r.SQL, Decidable: r.Decidable()}
		other, ran := byID[r.ID]
		switch err := errors.Join(r.Err, other.Err); {
		case err != nil || !ran:
			it.Different, it.Detail = "not run", fmt.Sprint(err)
		default:
			it.judge(replay.FromEvents(r.Events, nil), replay.FromEvents(other.Events, nil))
		}
		items = append(items, it)
	}
	return items
}

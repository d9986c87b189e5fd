package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"

	"github.com/das-local/das-local/e2e/testbed"
)

// options are the program's flags.
type options struct {
	rounds, seconds, scale int
	cells, audit           string
	check                  bool
}

// floor is the share of pgbouncer's throughput that -check asks for.
const floor = 0.6

func main() {
	var o options
	flag.IntVar(&o.rounds, "rounds", 5, "`N` rounds of every cell")
	flag.IntVar(&o.seconds, "seconds", 2, "`N` seconds of every run")
	flag.IntVar(&o.scale, "scale", 20, "pgbench's scale `FACTOR`")
	flag.StringVar(&o.cells, "cells", "", "comma-separated `CELLS` such as select/prepared/8, or parts such as tpcb; empty is all")
	flag.StringVar(&o.audit, "audit", "catalog", "audit `MODE` of das-local: catalog, or server, with pgaudit in the server for its sessions alone")
	flag.BoolVar(&o.check, "check", false, fmt.Sprintf("exit 1 if a cell reaches less than %.1f of pgbouncer's TPS", floor))
	flag.Parse()
	testbed.Main("bench", func(ctx context.Context) error { return run(ctx, o) })
}

func run(ctx context.Context, o options) (err error) {
	list := cells(o.cells)
	if len(list) == 0 || o.rounds < 1 || o.seconds < 1 {
		return fmt.Errorf("nothing to do: %d cells, %d rounds of %d s", len(list), o.rounds, o.seconds)
	}
	s, err := newStand(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	if err := s.countEvents(ctx); err != nil {
		return err
	}
	printHead(os.Stdout)
	var slow []error
	for _, c := range list {
		r, err := s.run(ctx, c, o)
		if err != nil {
			return err
		}
		r.print(os.Stdout)
		if ratio := r.ratio(das, bouncer); o.check && ratio < floor {
			slow = append(slow, fmt.Errorf("%s reaches %.2f of pgbouncer's TPS, less than %.1f", c, ratio, floor))
		}
	}
	return errors.Join(slow...)
}

// run runs the rounds of one cell. Each begins with another target, after one
// short run of each that is not counted.
func (s *stand) run(ctx context.Context, c cell, o options) (result, error) {
	r := result{cell: c}
	for _, t := range s.targets {
		if _, err := measure(ctx, t, c, "-T", "1"); err != nil {
			return r, err
		}
	}
	for i := range o.rounds {
		var round [targetCount]sample
		for j := range s.targets {
			k := (i + j) % targetCount
			var err error
			if round[k], err = measure(ctx, s.targets[k], c, "-T", strconv.Itoa(o.seconds)); err != nil {
				return r, err
			}
		}
		r.rounds = append(r.rounds, round)
	}
	return r, nil
}

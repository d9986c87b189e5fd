package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"syscall"

	"github.com/das-local/das-local/e2e/testbed"
)

// options are the program's flags.
type options struct {
	cases   string
	only    string
	min     float64
	verbose bool
	workers int
	audit   string
}

func main() {
	var o options
	flag.StringVar(&o.cases, "cases", "testdata/oracle/public.jsonl", "`FILE` of cases; setup.sql lies beside it")
	flag.StringVar(&o.only, "only", "", "replay the cases whose id matches this `REGEXP`")
	flag.Float64Var(&o.min, "min", 0, "exit 1 if less than this `SHARE` of the cases agrees")
	flag.BoolVar(&o.verbose, "v", false, "print the first difference of every case that does not agree")
	flag.IntVar(&o.workers, "workers", 2, "`N` cases at a time")
	flag.StringVar(&o.audit, "audit", "catalog", "audit `MODE`: catalog, or server, with pgaudit in the upstream")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "oracle:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) (err error) {
	only, err := regexp.Compile(o.only)
	if err != nil {
		return fmt.Errorf("-only: %w", err)
	}
	setup, err := readSetup(o.cases)
	if err != nil {
		return err
	}
	together, alone, err := readCases(o.cases, func(c *Case) bool { return only.MatchString(c.ID) })
	if err != nil {
		return err
	}
	dir, err := testbed.TempDir("oracle-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	bin, err := testbed.Build(ctx, dir)
	if err != nil {
		return err
	}
	cluster, err := newCluster(ctx, setup, o.audit == "server")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cluster.stop(context.WithoutCancel(ctx))) }()
	proc, err := testbed.Start(ctx, testbed.Config{Bin: bin, Args: []string{"--upstream=" + cluster.pg.URL("postgres"), "--heartbeat=0", "--audit=" + o.audit}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, proc.Stop()) }()
	tail, err := proc.Tail()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, tail.Stop()) }()
	r := &runner{cluster: cluster, proc: proc, tail: tail}
	outcomes, err := r.all(ctx, together, alone, max(1, o.workers))
	if err != nil {
		return err
	}
	if o.verbose {
		printDifferences(os.Stdout, outcomes)
	}
	kinds, total := tally(outcomes)
	printTable(os.Stdout, kinds, total)
	if total.share() < o.min {
		return fmt.Errorf("%.1f%% of the cases agree, less than the %.1f%% asked for", 100*total.share(), 100*o.min)
	}
	return nil
}

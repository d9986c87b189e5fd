package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"

	"github.com/das-local/das-local/e2e/testbed"
)

// options are the program's flags.
type options struct {
	cases   string
	only    string
	audit   string
	check   bool
	verbose bool
	workers int
}

func main() {
	var o options
	flag.StringVar(&o.cases, "cases", "testdata/oracle/public.jsonl", "`FILE` of cases; setup.sql lies beside it")
	flag.StringVar(&o.only, "only", "", "replay the cases whose id matches this `REGEXP`")
	flag.StringVar(&o.audit, "audit", "catalog,server", "audit `MODES` of das-local, by commas; server needs pgaudit installed")
	flag.BoolVar(&o.check, "check", false, "exit 1 if less agrees than each mode promises")
	flag.BoolVar(&o.verbose, "v", false, "print the first difference of every case that does not agree")
	flag.IntVar(&o.workers, "workers", 2, "`N` cases at a time")
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
	dir, err := testbed.TempDir("oracle-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	bin, err := testbed.Build(ctx, dir)
	if err != nil {
		return err
	}
	for _, mode := range strings.Split(o.audit, ",") {
		outcomes, err := replay(ctx, o, bin, mode, setup, only)
		if err != nil {
			return fmt.Errorf("audit mode %s: %w", mode, err)
		}
		if o.verbose {
			printDifferences(os.Stdout, outcomes)
		}
		kinds, total := tally(outcomes)
		fmt.Printf("audit mode %s\n\n", mode)
		printTable(os.Stdout, kinds, total)
		if broken := promises(os.Stdout, mode, outcomes); broken != nil && o.check {
			err = errors.Join(err, broken)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// replay runs the cases through a das-local of that audit mode, on a server of
// its own.
func replay(ctx context.Context, o options, bin, mode, setup string, only *regexp.Regexp) (outcomes []outcome, err error) {
	together, alone, err := readCases(o.cases, func(c *Case) bool { return only.MatchString(c.ID) })
	if err != nil {
		return nil, err
	}
	cluster, err := newCluster(ctx, setup, mode == "server")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, cluster.stop(context.WithoutCancel(ctx))) }()
	proc, err := testbed.Start(ctx, testbed.Config{Bin: bin, Args: []string{
		"--upstream=" + cluster.pg.URL("postgres"), "--heartbeat=0", "--audit=" + mode,
	}})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, proc.Stop()) }()
	tail, err := proc.Tail()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, tail.Stop()) }()
	r := &runner{cluster: cluster, proc: proc, tail: tail}
	return r.all(ctx, together, alone, max(1, o.workers))
}

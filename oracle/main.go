package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/das-local/das-local/e2e/testbed"
	"github.com/das-local/das-local/oracle/replay"
)

// options are the program's flags.
type options struct {
	cases   string
	only    string
	audit   string
	binDir  string
	check   bool
	verbose bool
	workers int
}

func main() {
	var o options
	flag.StringVar(&o.cases, "cases", "testdata/oracle/public.jsonl", "`FILE` of cases; setup.sql lies beside it")
	flag.StringVar(&o.only, "only", "", "replay the cases whose id matches this `REGEXP`")
	flag.StringVar(&o.audit, "audit", "catalog,server", "audit `MODES` of das-local, by commas; server needs pgaudit installed")
	flag.StringVar(&o.binDir, "bindir", "", "`DIR` with the programs of the PostgreSQL to replay on; the cases were recorded on version 15")
	flag.BoolVar(&o.check, "check", false, "exit 1 if less agrees than each mode promises")
	flag.BoolVar(&o.verbose, "v", false, "print the first difference of every case that does not agree")
	flag.IntVar(&o.workers, "workers", 4, "`N` cases at a time")
	flag.Parse()
	testbed.Main("oracle", func(ctx context.Context) error { return run(ctx, o) })
}

func run(ctx context.Context, o options) (err error) {
	only, err := regexp.Compile(o.only)
	if err != nil {
		return fmt.Errorf("-only: %w", err)
	}
	setup, err := replay.ReadSetup(o.cases)
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
		outcomes, err := replayIn(ctx, o, bin, mode, setup, only)
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

// replayIn runs the cases through a das-local of that audit mode, on a server of
// its own.
func replayIn(ctx context.Context, o options, bin, mode, setup string, only *regexp.Regexp) (outcomes []outcome, err error) {
	cases, err := replay.Read(o.cases, func(c *Case) bool { return only.MatchString(c.ID) })
	if err != nil {
		return nil, err
	}
	stack, err := replay.StartStack(ctx, replay.StackConfig{Bin: bin, Mode: mode, BinDir: o.binDir})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, stack.Stop()) }()
	runs, err := replay.Replay(ctx, stack, setup, cases, o.workers)
	for _, r := range runs {
		out := outcome{Run: r}
		if r.Err == nil {
			out.Verdict = compare(r.Case, r.Events)
		}
		outcomes = append(outcomes, out)
	}
	return outcomes, err
}

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/das-local/das-local/e2e/testbed"
)

// options are the program's flags.
type options struct {
	bin     string
	parts   string
	cases   string
	stream  string
	write   string
	only    string
	wanted  *regexp.Regexp // of only
	check   bool
	verbose bool
}

// A part is one body of work that is sent through both modes.
type part struct {
	name string
	what string // what is counted
	run  func(context.Context, options) ([]item, error)
	// floor is the share of the decidable that has to agree, in percent.
	floor float64
}

var parts = []part{
	{"corpus", "cases", corpus, 100},
	{"pgbench", "statements", pgbench, 100},
	{"suite", "statements", regression, 99.99},
}

func main() {
	var o options
	flag.StringVar(&o.bin, "bin", "", "das-local to judge, a `FILE`; empty builds this module's")
	flag.StringVar(&o.parts, "parts", "corpus,pgbench,suite", "`NAMES` of what to send, by commas")
	flag.StringVar(&o.cases, "cases", "testdata/oracle/public.jsonl", "`FILE` of cases; setup.sql lies beside it")
	flag.StringVar(&o.only, "only", "", "cases and files of the suite whose name matches this `REGEXP`")
	flag.StringVar(&o.stream, "stream", "sync", "`MODE` of the activity stream, sync or async")
	flag.StringVar(&o.write, "write", "", "write every difference to this `FILE`, as JSON Lines")
	flag.BoolVar(&o.check, "check", false, "exit 1 if less of the decidable agrees than the floors say")
	flag.BoolVar(&o.verbose, "v", false, "print the ways in which kinds disagree, with examples")
	flag.Parse()
	testbed.Main("differential", func(ctx context.Context) error { return run(ctx, o) })
}

func run(ctx context.Context, o options) (err error) {
	if o.wanted, err = regexp.Compile(o.only); err != nil {
		return fmt.Errorf("-only: %w", err)
	}
	dir, err := testbed.TempDir("differential-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if o.bin == "" {
		if o.bin, err = testbed.Build(ctx, dir); err != nil {
			return err
		}
	}
	var file *os.File
	if o.write != "" {
		if file, err = os.Create(o.write); err != nil {
			return fmt.Errorf("-write: %w", err)
		}
		defer func() { err = errors.Join(err, file.Close()) }()
	}
	var broken error
	for _, name := range strings.Split(o.parts, ",") {
		p, err := partOf(name)
		if err != nil {
			return err
		}
		begin := time.Now()
		items, err := p.run(ctx, o)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		fmt.Printf("%s (%s, %.0f s)\n\n", p.name, p.what, time.Since(begin).Seconds())
		kinds, total := tally(items)
		printTable(os.Stdout, kinds, total, o.verbose)
		fmt.Println()
		if o.verbose {
			printDifferences(os.Stdout, items)
			fmt.Println()
		}
		if file != nil {
			if err := writeDifferences(file, p.name, items); err != nil {
				return err
			}
		}
		broken = errors.Join(broken, p.judge(total))
	}
	if o.check {
		return broken
	}
	return nil
}

func partOf(name string) (part, error) {
	for _, p := range parts {
		if p.name == name {
			return p, nil
		}
	}
	return part{}, fmt.Errorf("-parts: there is no part %q", name)
}

// judge holds a part against its floor.
func (p part) judge(total *score) error {
	switch got := percent(total.decid, total.decidable); {
	case total.decidable == 0:
		return fmt.Errorf("%s: nothing decidable was compared", p.name)
	case got < p.floor:
		return fmt.Errorf("%s: the modes agree on %.2f %% of the decidable %s, less than %.2f %%", p.name, got, p.what, p.floor)
	}
	return nil
}

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/das-local/das-local/e2e/testbed"
)

// options are the program's flags.
type options struct {
	audit    string
	suites   string
	stream   string
	ways     []way
	quick    bool
	settings map[string]string
}

// A way leads through das-local: its audit mode, and the stream's.
type way struct{ audit, stream string }

func main() {
	o := options{settings: make(map[string]string)}
	flag.StringVar(&o.audit, "audit", "", "`MODE` to give to das-local as --audit; empty gives none")
	flag.StringVar(&o.suites, "suites", "postgresql,pgx,asyncpg", "`NAMES` of the suites to run, with commas between them")
	flag.StringVar(&o.stream, "stream", "", "`MODE` of the stream, async or sync; empty runs PostgreSQL's suite in both, the others in async")
	flag.Func("ways", "`LIST` of AUDIT/STREAM, with commas between them, to go through das-local by in turn, instead of -audit and -stream", func(s string) error {
		for w := range strings.SplitSeq(s, ",") {
			audit, stream, ok := strings.Cut(w, "/")
			if !ok {
				return errors.New("AUDIT/STREAM is wanted, for example server/async")
			}
			o.ways = append(o.ways, way{audit, stream})
		}
		return nil
	})
	flag.BoolVar(&o.quick, "quick", false, "run a suite directly a second time only if something differs")
	flag.Func("set", "`NAME=VALUE` of the server's configuration, for example shared_preload_libraries=pgaudit", func(s string) error {
		name, value, ok := strings.Cut(s, "=")
		if !ok {
			return errors.New("NAME=VALUE is wanted")
		}
		o.settings[name] = value
		return nil
	})
	flag.Parse()
	testbed.Main("regress", func(ctx context.Context) error { return run(ctx, o) })
}

func run(ctx context.Context, o options) (err error) {
	names := strings.Split(o.suites, ",")
	known := suites()
	for _, name := range names {
		if !slices.ContainsFunc(known, func(s suite) bool { return s.name() == name }) {
			return fmt.Errorf("-suites: there is no suite %q", name)
		}
	}
	dir, err := testbed.TempDir("regress-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	bin, err := testbed.Build(ctx, dir)
	if err != nil {
		return err
	}
	r := &runner{bin: bin, audit: o.audit, settings: o.settings, stream: o.stream, ways: o.ways, quick: o.quick}
	var failed []string
	for _, s := range known {
		if !slices.Contains(names, s.name()) {
			continue
		}
		same, err := r.suite(ctx, s)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name(), err)
		}
		if !same {
			failed = append(failed, s.name())
		}
	}
	if len(failed) > 0 {
		return fmt.Errorf("through das-local it is not the same: %s", strings.Join(failed, ", "))
	}
	return nil
}

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/das-local/das-local/e2e/testbed"
)

type options struct {
	bin      string
	rounds   int
	sessions int
	mode     string
	audit    string
	// guarantee is that of sync mode, the only one that is run if it is not the default.
	guarantee string
	lag       time.Duration
	seed      uint64
	faults    bool
	throttle  time.Duration
	args      []string // more flags of das-local
}

func main() {
	var o options
	flag.StringVar(&o.bin, "bin", "", "das-local's `FILE`; empty builds it")
	flag.IntVar(&o.rounds, "rounds", 200, "`N` kills in each mode")
	flag.IntVar(&o.sessions, "sessions", 16, "`N` sessions at work")
	flag.StringVar(&o.mode, "mode", "both", "`MODE` of the stream: sync, async or both")
	flag.StringVar(&o.audit, "audit", "catalog", "audit `MODE` of das-local: catalog or server, which needs pgaudit installed")
	flag.StringVar(&o.guarantee, "guarantee", acknowledged, "`WHAT` sync mode guarantees: acknowledged, or executed: sync mode alone, with statements in pipelines, strings and transactions, judged by the rows that the server has")
	flag.DurationVar(&o.lag, "lag", time.Second, "in async mode, what was acknowledged this `TIME` before the kill must be in the stream")
	flag.BoolVar(&o.faults, "faults", false, "inject faults, one a round, and compare what is lost with what RDS events tell; 0 rounds are one of each")
	flag.DurationVar(&o.throttle, "throttle", 30*time.Second, "`TIME` for which Kinesis is throttled with -faults")
	flag.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano()), "`N` of the random instants")
	flag.Parse()
	o.args = flag.Args()
	if o.faults && o.rounds == 0 {
		o.rounds = len(trials)
	}
	testbed.Main("crash", func(ctx context.Context) error { return run(ctx, o) })
}

func run(ctx context.Context, o options) (err error) {
	dir, err := testbed.TempDir("das-local-crash-")
	if err != nil {
		return err
	}
	defer func() {
		if err == nil {
			err = os.RemoveAll(dir)
			return
		}
		fmt.Fprintln(os.Stderr, "crash: what it worked on is left in", dir)
	}()
	if o.bin == "" {
		o.bin, err = testbed.Build(ctx, dir)
	} else {
		o.bin, err = filepath.Abs(o.bin) // it is run from another directory
	}
	if err != nil {
		return err
	}
	settings := map[string]string{}
	if o.audit == "server" {
		settings["shared_preload_libraries"] = "pgaudit"
	}
	pg, err := testbed.StartPostgres(ctx, testbed.PostgresConfig{Settings: settings})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pg.Stop()) }()
	modes := []string{o.mode}
	if o.mode == "both" {
		modes = []string{"sync", "async"}
	}
	if o.guarantee == executed {
		modes = []string{"sync"}
	}
	fmt.Printf("seed %d\n", o.seed)
	for _, mode := range modes {
		if err := pg.Exec(ctx, "postgres", "drop table if exists crash", "create table crash (round int, session int, n int)"); err != nil {
			return err
		}
		m := &machine{options: o, mode: mode, upstream: pg.URL("postgres"), dir: filepath.Join(dir, mode),
			rand: rand.New(rand.NewPCG(o.seed, uint64(len(mode))))}
		run := m.run
		if o.faults {
			run = (&faultMachine{machine: m}).runFaults
		}
		if err := run(ctx); err != nil {
			return fmt.Errorf("%s: %w", mode, err)
		}
	}
	return nil
}

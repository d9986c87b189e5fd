package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/das-local/das-local/e2e/testbed"
)

type options struct {
	bin      string
	duration time.Duration
	clients  int
	rate     int
	mode     string
	pause    time.Duration
}

func main() {
	var o options
	flag.StringVar(&o.bin, "bin", "", "das-local's `FILE`; empty builds it")
	flag.DurationVar(&o.duration, "duration", 30*time.Minute, "`TIME` of work")
	flag.IntVar(&o.clients, "clients", 32, "`N` sessions of pgbench")
	flag.IntVar(&o.rate, "rate", 300, "`N` transactions, of three statements each, a second; 0 is as many as go")
	flag.StringVar(&o.mode, "mode", "async", "`MODE` of the stream: sync or async")
	flag.DurationVar(&o.pause, "pause", 2*time.Second, "`TIME` between two changes of shards, and between two restarts of the other stream")
	flag.Parse()
	testbed.Main("soak", func(ctx context.Context) error { return run(ctx, o) })
}

// soak is one run.
type soak struct {
	options
	process *testbed.Process
	pg      *testbed.Postgres
	dir     string
	stream  string

	reshards, restarts int
}

func run(ctx context.Context, o options) (err error) {
	dir, err := testbed.TempDir("das-local-soak-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if o.bin == "" {
		o.bin, err = testbed.Build(ctx, dir)
	} else {
		o.bin, err = filepath.Abs(o.bin) // it is run from another directory
	}
	if err != nil {
		return err
	}
	pg, err := testbed.StartPostgres(ctx, testbed.PostgresConfig{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pg.Stop()) }()
	p, err := testbed.Start(ctx, testbed.Config{Bin: o.bin, Env: []string{"GODEBUG=gctrace=1"},
		Args: []string{"--upstream", pg.URL("postgres"), "--data-dir", filepath.Join(dir, "data"), "--start-stream", o.mode, "--audit", "catalog"}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Stop()) }()
	s := &soak{options: o, process: p, pg: pg, dir: dir}
	return s.work(ctx)
}

// work has everybody at work for the time, and judges.
func (s *soak) work(ctx context.Context) error {
	if err := s.setUp(ctx); err != nil {
		return err
	}
	// What is not pgbench ends with it; the consumer reads until it has seen all.
	others, stop := context.WithCancel(ctx)
	reading, stopReading := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer func() {
		stop()
		stopReading()
		wg.Wait()
	}()
	var memory samples
	r := newReader()
	failed := make(chan error, 4)
	try := func(what string, f func() error) {
		wg.Go(func() {
			if err := f(); err != nil {
				failed <- fmt.Errorf("%s: %w", what, err)
				stop() // pgbench goes on to its end; the error is what counts
			}
		})
	}
	try("read the stream", func() error { return r.read(reading, s) })
	try("change the shards", func() error { return s.reshard(others) })
	try("restart the other stream", func() error { return s.restart(others) })
	try("measure", func() error { return memory.take(others, s.process) })
	if err := s.pgbench(ctx); err != nil {
		return err
	}
	stop()
	want, err := s.written(ctx)
	if err != nil {
		return err
	}
	readErr := r.await(ctx, want, s)
	select {
	case err := <-failed:
		return errors.Join(err, readErr)
	default:
	}
	fmt.Printf("%v: %d clients, %d transactions, %d of %d statements read from the stream, %d duplicated; %d changes of shards, %d restarts of the other stream\n",
		s.duration, s.clients, want.transactions(), r.statements(), statementsEach*want.transactions(), r.duplicated(), s.reshards, s.restarts)
	if s.reshards == 0 || s.restarts == 0 {
		readErr = errors.Join(readErr, errors.New("there was no change of shards, or no restart of a stream"))
	}
	return errors.Join(readErr, memory.judge())
}

func (s *soak) aws() aws.Config {
	return aws.Config{Region: "us-east-1", BaseEndpoint: aws.String(s.process.Endpoint),
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")}
}

// sleep returns false if ctx has ended.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

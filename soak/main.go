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
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/das-local/das-local/e2e/testbed"
	"github.com/das-local/das-local/internal/awsclient"
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

	reshards, restarts int // at least one each
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
		Args: []string{"--upstream", pg.URL("postgres"), "--data-dir", filepath.Join(dir, "data"), "--start-stream", o.mode, "--audit", "catalog", "--stop-time", "0s"}})
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
	// The others end with pgbench, each with what it is about; the consumer reads until
	// it has seen all, or somebody has failed.
	working, stop := context.WithCancel(ctx)
	reading, stopReading := context.WithCancelCause(ctx)
	var others, consumer sync.WaitGroup
	defer func() {
		stop()
		stopReading(nil)
		others.Wait()
		consumer.Wait()
	}()
	try := func(group *sync.WaitGroup, what string, f func() error) {
		group.Go(func() {
			if err := f(); err != nil {
				stopReading(fmt.Errorf("%s: %w", what, err)) // the first one counts
			}
		})
	}
	var memory samples
	r := newReader()
	try(&consumer, "read the stream", func() error { return r.read(reading, s) })
	try(&others, "change the shards", func() error { return s.reshard(ctx, working.Done()) })
	try(&others, "restart the other stream", func() error { return s.restart(ctx, working.Done()) })
	try(&others, "measure", func() error { return memory.take(working, s.process) })
	err := s.pgbench(ctx)
	stop()
	others.Wait()
	if err := errors.Join(err, context.Cause(reading)); err != nil {
		return err
	}
	want, err := s.written(ctx)
	if err != nil {
		return err
	}
	readErr := r.await(reading, want, s)
	if cause := context.Cause(reading); cause != nil {
		readErr = errors.Join(cause, readErr)
	}
	fmt.Printf("%v: %d clients, %d transactions, %d of %d statements read from the stream, %d duplicated; %d changes of shards, %d restarts of the other stream\n",
		s.duration, s.clients, want.transactions(), r.statements(), statementsEach*want.transactions(), r.duplicated(), s.reshards, s.restarts)
	return errors.Join(readErr, memory.judge())
}

func (s *soak) aws() aws.Config {
	return aws.Config{Region: "us-east-1", BaseEndpoint: aws.String(s.process.Endpoint),
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
		HTTPClient:  awsclient.Whole(awshttp.NewBuildableClient())}
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

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/das-local/das-local/e2e/testbed"
)

// patience bounds a run. The KCLs need most of it, on a busy machine.
const patience = 8 * time.Minute

func main() {
	bin := flag.String("bin", "bin/das-local", "`FILE` of the program under test")
	clients := flag.String("clients", ".cache/conformance", "`DIR` with the clients, as conformance/run makes it")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *bin, *clients); err != nil {
		fmt.Fprintln(os.Stderr, "consumers:", err)
		stop()
		os.Exit(1)
	}
}

// bed is what the clients read from.
type bed struct {
	bin       string // das-local
	root      string // of the module
	installed string // where conformance/run puts the clients
	dir       string // for logs; removed if all goes well
	server    *testbed.Process
	stream    string

	tail    *collector // the reference
	clients []*collector
}

func run(ctx context.Context, bin, clients string) (err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, path := range []*string{&bin, &clients} {
		if *path, err = filepath.Abs(*path); err != nil {
			return err
		}
	}
	b := &bed{bin: bin, installed: clients}
	if b.root, err = testbed.ModuleRoot(); err != nil {
		return err
	}
	if b.dir, err = testbed.TempDir("consumers-"); err != nil {
		return err
	}
	defer func() {
		if err == nil {
			err = os.RemoveAll(b.dir)
		} else {
			err = fmt.Errorf("%w\nlogs: %s", err, b.dir)
		}
	}()
	postgres, err := testbed.StartPostgres(ctx, testbed.PostgresConfig{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, postgres.Stop()) }()
	b.server, err = testbed.Start(ctx, testbed.Config{
		Bin: b.bin, Env: []string{"HOME=" + b.dir, "XDG_CACHE_HOME=" + b.dir},
		Args: []string{"--upstream=" + postgres.URL("postgres"), "--start-stream=sync", "--audit=catalog"},
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.server.Stop()) }()
	return b.compare(ctx)
}

// compare runs the clients and the work, and prints who has read what.
func (b *bed) compare(ctx context.Context) (err error) {
	if b.stream, err = activityStream(ctx, b.server.Endpoint); err != nil {
		return err
	}
	leases, err := b.startDynamoDB(ctx)
	if err != nil {
		return err
	}
	defer leases.stop()
	defer b.stopClients()
	if err := b.startClients(ctx, leases); err != nil {
		return err
	}
	failed := b.work(ctx)
	b.stopClients() // what is printed until here counts
	return errors.Join(failed, table(os.Stdout, b.tail, b.clients))
}

func (b *bed) stopClients() {
	for _, c := range b.clients {
		c.stop()
	}
	if b.tail != nil {
		b.tail.stop()
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/das-local/das-local/oracle/replay"
)

// both has a stack in each audit mode.
type both struct{ catalog, server *replay.Stack }

// startBoth starts two stacks that differ in the audit mode alone: both servers have
// pgaudit, whose settings a statement may list.
func startBoth(ctx context.Context, o options, settings map[string]string) (*both, error) {
	b := new(both)
	err := eachMode(func(mode string) error {
		s, err := replay.StartStack(ctx, replay.StackConfig{Bin: o.bin, Mode: mode, Stream: o.stream, Settings: settings, Preload: true})
		if err != nil {
			return err
		}
		*b.of(mode) = s
		return nil
	})
	if err != nil {
		return nil, errors.Join(err, b.stop())
	}
	return b, nil
}

// of is where the stack of a mode is kept.
func (b *both) of(mode string) **replay.Stack {
	if mode == "server" {
		return &b.server
	}
	return &b.catalog
}

func (b *both) stop() error {
	return eachMode(func(mode string) error {
		if s := *b.of(mode); s != nil {
			return s.Stop()
		}
		return nil
	})
}

// each does the same work on both stacks.
func (b *both) each(work func(mode string, s *replay.Stack) error) error {
	return eachMode(func(mode string) error { return work(mode, *b.of(mode)) })
}

// sessions are what the clients of both stacks did.
func (b *both) sessions(ctx context.Context) (catalog, server []replay.Session, err error) {
	err = b.each(func(mode string, s *replay.Stack) error {
		all, err := s.Sessions(ctx)
		if mode == "server" {
			server = all
		} else {
			catalog = all
		}
		return err
	})
	return catalog, server, err
}

// eachMode runs work for both modes at the same time and waits for both.
func eachMode(work func(mode string) error) error {
	modes := []string{"catalog", "server"}
	errs := make([]error, len(modes))
	var wg sync.WaitGroup
	for i, mode := range modes {
		wg.Go(func() {
			if err := work(mode); err != nil {
				errs[i] = fmt.Errorf("audit mode %s: %w", mode, err)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

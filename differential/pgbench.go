package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/das-local/das-local/internal/pgserver"
	"github.com/das-local/das-local/oracle/replay"
)

// pgbench compares the modes on pgbench's own scripts. Its clients log in one
// after the other, and its seed makes them send the same.
func pgbench(ctx context.Context, o options) (items []item, err error) {
	inst, err := pgserver.Find(ctx)
	if err != nil {
		return nil, err
	}
	b, err := startBoth(ctx, o, map[string]string{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.stop()) }()
	var names []string
	err = b.each(func(_ string, s *replay.Stack) error {
		return bench(ctx, inst, s, "initialise", "-i", "-q")
	})
	names = append(names, "initialise")
	for _, script := range []string{"tpcb-like", "simple-update", "select-only"} {
		for _, protocol := range []string{"simple", "extended", "prepared"} {
			name := script + " " + protocol
			names = append(names, name)
			err = errors.Join(err, b.each(func(_ string, s *replay.Stack) error {
				return bench(ctx, inst, s, name, "-b", script, "-M", protocol, "-c", "2", "-j", "1", "-t", "25", "--random-seed=1")
			}))
		}
	}
	if err != nil {
		return nil, err
	}
	catalog, server, err := b.sessions(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		of := func(s replay.Session) bool { return s.Application != name }
		some, err := compareSessions(slices.DeleteFunc(slices.Clone(catalog), of), slices.DeleteFunc(slices.Clone(server), of), name)
		if err != nil {
			return nil, err
		}
		items = append(items, some...)
	}
	return items, nil
}

// bench runs pgbench through a das-local.
func bench(ctx context.Context, inst pgserver.Installation, s *replay.Stack, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, filepath.Join(inst.BinDir, "pgbench"), args...)
	cmd.Env = clientEnv(s, name, "postgres")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("pgbench, %s: %w\n%s", name, err, out)
	}
	return nil
}

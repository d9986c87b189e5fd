package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/das-local/das-local/e2e/testbed"
)

// countEvents runs a counted load through das-local and counts the statements
// of its transactions in the stream: a fast proxy that drops events is none.
func (s *stand) countEvents(ctx context.Context) error {
	c := cell{script: "tpcb", mode: "prepared", clients: 4}
	const each = 250
	tail, err := s.das.Tail()
	if err != nil {
		return err
	}
	defer tail.Stop()
	const application = "bench-count"
	if _, err := pgbench(ctx, s.targets[das], application, append(c.args(), "-t", strconv.Itoa(each))...); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	want := c.clients * each * c.statements()
	seen, got, ended := 0, 0, 0
	_, err = tail.Await(ctx, func(all []testbed.Event) bool {
		for _, e := range all[seen:] {
			switch {
			case e.Application() != application:
			case e.Command == "DISCONNECT":
				ended++
			case isTransaction(e):
				got++
			}
		}
		seen = len(all)
		return ended > c.clients // and the session in which pgbench looks at its tables
	})
	if err != nil {
		return fmt.Errorf("count the events of a run: %w (%d of %d came)", err, got, want)
	}
	if got != want {
		return fmt.Errorf("%d transactions left %d events of their statements in the stream, want %d", c.clients*each, got, want)
	}
	return nil
}

// isTransaction says whether an event is of a statement of pgbench's
// transaction, and of none that pgbench sends before.
func isTransaction(e testbed.Event) bool {
	switch e.Command {
	case "BEGIN", "COMMIT", "UPDATE", "INSERT":
		return true
	case "SELECT":
		return len(e.ParamList) == 1 && e.Object() == "public.pgbench_accounts"
	}
	return false
}

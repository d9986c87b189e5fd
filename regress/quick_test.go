package main

import (
	"context"
	"testing"

	"github.com/das-local/das-local/e2e/testbed"
)

// calm is a suite whose only test is the same everywhere, or changes at random.
type calm struct {
	trick
	random          bool
	direct, through int // runs
}

func (c *calm) run(_ context.Context, at place, _ []string) (outcomes, error) {
	if at.socketDir != c.pg.SocketDir() {
		c.through++
		return outcomes{"same": {text: "passed"}, "other": {text: "passed"}}, nil
	}
	if c.direct++; c.random && c.direct == 1 {
		return outcomes{"same": {text: "passed"}, "other": {text: "failed"}}, nil
	}
	return outcomes{"same": {text: "passed"}, "other": {text: "passed"}}, nil
}

// TestQuick: a suite that is the same through das-local is run directly once, and
// another one a second time, which may show that it is unstable.
func TestQuick(t *testing.T) {
	bin, err := testbed.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	r := &runner{bin: bin, quick: true, ways: []way{{"catalog", "sync"}, {"catalog", "async"}}}
	for random, direct := range map[bool]int{false: 1, true: 2} {
		s := &calm{random: random}
		same, err := r.suite(t.Context(), s)
		if err != nil || !same || s.direct != direct || s.through != 2 {
			t.Errorf("random %v: the same: %v, %d direct runs and %d others, %v", random, same, s.direct, s.through, err)
		}
	}
}

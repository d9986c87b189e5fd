package main

import (
	"context"
	"fmt"
)

// again is how often a test that differs is run once more.
const again = 3

// settle looks for what else than das-local may have changed the outcomes that
// differ.
func (r *runner) settle(ctx context.Context, s suite, mode string, v *verdict, through outcomes) error {
	switch {
	case len(v.different) == 0:
		return nil
	case s.whole() != "":
		return r.settleWhole(ctx, s, v, through)
	default:
		return r.settleEach(ctx, s, mode, v, through)
	}
}

// settleWhole runs the suite with another session beside it.
func (r *runner) settleWhole(ctx context.Context, s suite, v *verdict, through outcomes) error {
	beside, err := r.direct(ctx, s, around{neighbour: s.whole()})
	if err != nil {
		return err
	}
	v.settle(func(test string) string {
		if through[test].text == beside[test].text {
			return "the same as directly with another session in the database"
		}
		return ""
	})
	return nil
}

// settleEach runs the tests some times more, through das-local and through a
// plain relay. A client's race with its server may end otherwise with any hop
// between them.
func (r *runner) settleEach(ctx context.Context, s suite, mode string, v *verdict, through outcomes) error {
	relayed, repeated := make(map[string]bool), make(map[string]bool)
	only := v.different
	for range again {
		hop, err := r.direct(ctx, s, around{hop: true, only: only})
		if err != nil {
			return err
		}
		o, _, err := r.through(ctx, s, mode, only)
		if err != nil {
			return err
		}
		for _, test := range only {
			relayed[test] = relayed[test] || hop[test].text == through[test].text
			repeated[test] = repeated[test] || o[test].text == through[test].text
		}
	}
	v.settle(func(test string) string {
		switch {
		case relayed[test]:
			return "so it is through a plain relay"
		case !repeated[test]:
			return fmt.Sprintf("not again in %d runs", again)
		}
		return ""
	})
	return nil
}

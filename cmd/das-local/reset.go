package main

import (
	"context"
	"fmt"
	"net/http"
)

const resetHelp = `das-local reset has a running das-local begin anew, for test suites: within
milliseconds its state is what it was when it had started. Keys, streams, clusters,
RDS events and faults that were made since are gone, and the clock is set back. Open
PostgreSQL sessions stay, and what is in the databases is not touched.

    $ das-local reset
    $ das-local reset --format json
    $ curl -X POST -H "Content-Type: application/json" http://127.0.0.1:4566/_das/reset
`

// resetTook is how long a reset took, as the server says.
type resetTook struct {
	Milliseconds float64 `json:"milliseconds"`
}

var resetShape = shape[resetTook]{
	text:    func(_ painter, r resetTook) string { return fmt.Sprintf("reset in %.1f ms", r.Milliseconds) },
	columns: columns("MILLISECONDS"),
	rows:    func(r resetTook, add func(...cell)) { add(cells(fmt.Sprintf("%.1f", r.Milliseconds))...) },
}

// reset resets a running das-local, and says how long it took.
func reset(ctx context.Context, args []string, std streams) error {
	fs := newFlags("reset", resetHelp, std.out)
	var c control
	c.define(fs)
	format := formatFlag(fs, formatText)
	if err := parse(fs, args, false); err != nil {
		return err
	}
	var took resetTook
	if err := c.call(ctx, http.MethodPost, "/_das/reset", nil, &took); err != nil {
		return err
	}
	return printAll(resetShape, format, std.out, took)
}

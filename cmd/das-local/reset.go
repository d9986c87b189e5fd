package main

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"os"
)

const resetHelp = `das-local reset has a running das-local begin anew, for test suites: within
milliseconds its state is what it was when it had started. Keys, streams, clusters,
RDS events and faults that were made since are gone, and the clock is set back. Open
PostgreSQL sessions stay, and what is in the databases is not touched.

    $ das-local reset
    $ curl -X POST -H "Content-Type: application/json" http://127.0.0.1:4566/_das/reset
`

// reset resets a running das-local, and says on standard error how long it took.
func reset(ctx context.Context, args []string, std streams) error {
	fs := newFlags("reset", resetHelp, std.out)
	c := control{out: std.out}
	fs.StringVar(&c.endpoint, "endpoint", cmp.Or(os.Getenv("AWS_ENDPOINT_URL"), defaultEndpoint), "`URL` of das-local")
	if err := parse(fs, args, false); err != nil {
		return err
	}
	var took struct{ Milliseconds float64 }
	if err := c.call(ctx, http.MethodPost, "/_das/reset", nil, &took); err != nil {
		return err
	}
	fmt.Fprintf(std.err, "das-local: reset in %.1f ms\n", took.Milliseconds)
	return nil
}

package main

import (
	"context"
	"fmt"
	"net/http"
)

const healthHelp = `das-local health ends with exit code 0 if a das-local accepts connections, and with 1
if it does not. The health check of the container image calls it.

    $ das-local health
`

// health asks /_das/health, for places without curl.
func health(ctx context.Context, args []string, std streams) error {
	fs := newFlags("health", healthHelp, std.out)
	var where awsFlags
	where.define(fs)
	if err := parse(fs, args, false); err != nil {
		return err
	}
	var answer struct{ Status string }
	c := control{endpoint: where.endpoint, out: std.out}
	if err := c.call(ctx, http.MethodGet, "/_das/health", nil, &answer); err != nil {
		return err
	}
	_, err := fmt.Fprintln(std.out, answer.Status)
	return err
}

package main

import (
	"context"
	"encoding/json"
	"net/http"
)

const healthHelp = `das-local health ends with exit code 0 if a das-local accepts connections, and with 1
if it does not. The health check of the container image calls it. As JSON it prints
what /_das/health answers.

    $ das-local health
    $ das-local health --endpoint http://127.0.0.1:4567 --format json | jq -r .stream.status
    $ until das-local health > /dev/null 2>&1; do sleep 1; done
`

// healthAnswer is the part of the answer that people read.
type healthAnswer struct {
	Status, Postgres, Audit string
	Stream                  struct{ Name, Status string }

	raw json.RawMessage
}

var healthShape = shape[healthAnswer]{
	json:    func(h healthAnswer) ([]byte, error) { return h.raw, nil },
	text:    func(_ painter, h healthAnswer) string { return clean(h.Status) },
	columns: columns("STATUS", "POSTGRES", "AUDIT", "STREAM", "STATUS"),
	rows: func(h healthAnswer, add func(...cell)) {
		add(cells(h.Status, orDash(h.Postgres), orDash(h.Audit), orDash(h.Stream.Name), orDash(h.Stream.Status))...)
	},
}

// health asks /_das/health, for places without curl.
func health(ctx context.Context, args []string, std streams) error {
	fs := newFlags("health", healthHelp, std.out)
	var c control
	c.define(fs)
	format := formatFlag(fs, formatText)
	if err := parse(fs, args, false); err != nil {
		return err
	}
	var answer healthAnswer
	if err := c.call(ctx, http.MethodGet, "/_das/health", nil, &answer.raw); err != nil {
		return err
	}
	if err := json.Unmarshal(answer.raw, &answer); err != nil {
		return err
	}
	return printAll(healthShape, format, std.out, answer)
}

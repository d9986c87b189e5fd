package doctor

import (
	"context"
	"log/slog"
)

// Level is how bad a finding is.
type Level string

// The levels: Warn is for what works less well, Fail for what does not work.
const (
	OK   Level = "ok"
	Warn Level = "warn"
	Fail Level = "fail"
)

// Finding is the outcome of one check.
type Finding struct {
	Check  string `json:"check"`
	Level  Level  `json:"level"`
	Detail string `json:"detail"`        // what was seen
	Fix    string `json:"fix,omitempty"` // what to do, unless it is OK
}

// Config says what das-local would be started with.
type Config struct {
	Upstream          string // empty: an embedded server
	Listen, AWSListen string // HOST:PORT
	DataDir           string // empty: none
	Logger            *slog.Logger
}

// Run makes all checks in order and hands each finding over as it comes. A check that
// fails does not keep the others from being made.
func Run(ctx context.Context, c Config, found func(Finding)) {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Upstream != "" {
		upstream(ctx, c, found)
	} else {
		embedded(ctx, c, found)
	}
	aws, runs := awsAddress(ctx, c.AWSListen)
	if runs == c.Listen {
		found(Finding{"PostgreSQL address", OK, "das-local serves it", ""})
	} else {
		found(address("PostgreSQL address", c.Listen, "--listen"))
	}
	found(aws)
	if c.DataDir != "" {
		found(dataDir(c.DataDir))
	}
	found(openFiles())
	found(program("psql", "it is PostgreSQL's client: install postgresql-client, or use any other client"))
	found(program("aws", "install the AWS CLI, or use any AWS SDK; das-local has start-activity-stream, status and tail of its own"))
	found(environment())
}

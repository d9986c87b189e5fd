package main

import (
	"context"
	"io"
	"os"

	"github.com/das-local/das-local/internal/progress"
)

// withProgress has long steps that are begun in the context shown on standard error.
func withProgress(ctx context.Context, std streams) context.Context {
	return progress.With(ctx, newDisplay(std.err))
}

func newDisplay(w io.Writer) *progress.Display {
	return progress.New(progress.Config{W: w, Terminal: terminal(w), Colours: os.Getenv("NO_COLOR") == "", Name: "das-local"})
}

// besideLog is withProgress for a command that logs to standard error, which is what it
// returns for the log to be written to. Where that is no terminal, the log tells of the
// steps.
func besideLog(ctx context.Context, std streams) (context.Context, io.Writer) {
	if !terminal(std.err) {
		return ctx, std.err
	}
	d := newDisplay(std.err)
	return progress.With(ctx, d), d
}

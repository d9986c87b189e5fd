package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/das-local/das-local/internal/doctor"
)

const doctorHelp = `das-local doctor finds what is missing on this machine and says the fix. Give it the
flags that "das-local up" would get. It exits with 1 if something would not work.

    $ das-local doctor
    $ das-local doctor --upstream postgres://postgres:secret@db:5432/postgres
`

// runDoctor makes the checks and prints them as they come.
func runDoctor(ctx context.Context, args []string, std streams) error {
	fs := newFlags("doctor", doctorHelp, std.out)
	var c doctor.Config
	fs.StringVar(&c.Upstream, "upstream", "", "`URL` (postgres://…) of the PostgreSQL to audit; empty: an embedded one")
	fs.StringVar(&c.Listen, "listen", "127.0.0.1:15432", "PostgreSQL `ADDR`")
	fs.StringVar(&c.AWSListen, "aws-listen", "127.0.0.1:4566", "`ADDR` of the AWS services")
	fs.StringVar(&c.DataDir, "data-dir", "", "`DIR` that keeps the state; empty: none")
	format := formatFlag(fs, "text", "json")
	if err := parse(fs, args, false); err != nil {
		return err
	}
	if err := format.check(); err != nil {
		return err
	}
	colours := terminal(std.out)
	failed := 0
	doctor.Run(ctx, c, func(f doctor.Finding) {
		if f.Level == doctor.Fail {
			failed++
		}
		if format.value == "json" {
			_ = json.NewEncoder(std.out).Encode(f) // a reader that has gone needs no answer
			return
		}
		colour := map[doctor.Level]string{doctor.OK: green, doctor.Warn: yellow, doctor.Fail: red}[f.Level]
		fmt.Fprintf(std.out, "%s %-20s %s\n", paint(colours, colour, fmt.Sprintf("%-4s", f.Level)), f.Check, f.Detail)
		if f.Fix != "" {
			fmt.Fprintf(std.out, "     %-20s fix: %s\n", "", f.Fix)
		}
	})
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case failed == 1:
		return errors.New("one thing would not work")
	case failed > 1:
		return fmt.Errorf("%d things would not work", failed)
	}
	return nil
}

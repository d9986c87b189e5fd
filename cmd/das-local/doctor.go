package main

import (
	"context"
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
	format := formatFlag(fs, formatText)
	if err := parse(fs, args, false); err != nil {
		return err
	}
	findings := newResults(findingShape, format, std.out, std.out)
	failed := 0
	doctor.Run(withProgress(ctx, std), c, func(f doctor.Finding) {
		if f.Level == doctor.Fail {
			failed++
		}
		_ = findings.print(f) // a reader that has gone needs no answer
	})
	_ = findings.end()
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

// levelColours are those of the levels on a terminal.
var levelColours = map[doctor.Level]string{doctor.OK: green, doctor.Warn: yellow, doctor.Fail: red}

var findingShape = shape[doctor.Finding]{
	text: func(paint painter, f doctor.Finding) string {
		text := fmt.Sprintf("%s %-20s %s", paint(levelColours[f.Level], fmt.Sprintf("%-4s", f.Level)), f.Check, clean(f.Detail))
		if f.Fix != "" {
			text += fmt.Sprintf("\n     %-20s fix: %s", "", clean(f.Fix))
		}
		return text
	},
	columns: columns("LEVEL", "CHECK", "DETAIL", "FIX"),
	rows: func(f doctor.Finding, add func(...cell)) {
		add(append([]cell{{string(f.Level), levelColours[f.Level]}}, cells(f.Check, f.Detail, orDash(f.Fix))...)...)
	},
}

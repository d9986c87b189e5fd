package main

import (
	"io"
	"os"
)

// terminal reports whether what is written to w is seen at once by somebody, on a
// screen whose lines can be drawn again.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// painter puts a text into a colour, or leaves it alone. "" is no colour.
type painter func(colour, s string) string

// painterFor paints on a terminal whose user has not forbidden it: see
// https://no-color.org.
func painterFor(w io.Writer) painter {
	if !terminal(w) || os.Getenv("NO_COLOR") != "" {
		return unpainted
	}
	return func(colour, s string) string {
		if colour == "" {
			return s
		}
		return colour + s + plain
	}
}

func unpainted(_, s string) string { return s }

// Colours of a terminal.
const (
	plain  = "\x1b[0m"
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	blue   = "\x1b[34m"
	violet = "\x1b[35m"
	grey   = "\x1b[90m"
)

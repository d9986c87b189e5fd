package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// format is a --format flag and its choices; the first one is the default.
type format struct {
	value   string
	allowed []string
}

func formatFlag(fs flagSet, allowed ...string) *format {
	f := &format{allowed: allowed}
	fs.StringVar(&f.value, "format", allowed[0], "`FORMAT` of the output: "+strings.Join(allowed, " or "))
	return f
}

func (f *format) check() error {
	if !slices.Contains(f.allowed, f.value) {
		return fmt.Errorf("--format is %q; it must be %s: %w", f.value, strings.Join(f.allowed, " or "), errUsage)
	}
	return nil
}

// terminal reports whether what is written to w is seen at once by somebody who
// wants colours: see https://no-color.org.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

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

// paint puts s into a colour if colours are wanted.
func paint(wanted bool, colour, s string) string {
	if !wanted || colour == "" {
		return s
	}
	return colour + s + plain
}

package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/consumer"
)

// eventPrinter prints events in a format: json (the event as it is), text (the
// essentials in one line) or table (columns of fixed width, cut to fit).
func eventPrinter(format string, colours bool) func(io.Writer, consumer.Event) error {
	switch format {
	case "text":
		return func(w io.Writer, e consumer.Event) error { return printText(w, e, colours) }
	case "table":
		first := true
		return func(w io.Writer, e consumer.Event) error {
			if first {
				first = false
				if _, err := fmt.Fprintf(w, tableRow, "TIME", "SESSION", "STATEMENT", "CLASS   ", "COMMAND", "OBJECT", "ROWS", "USER", "TEXT"); err != nil {
					return err
				}
			}
			return printRow(w, e, colours)
		}
	}
	return printJSON
}

// tableRow has the columns; the class comes padded, for the sake of its colour.
const tableRow = "%-15s %-14s %9s %s %-14s %-24s %6s %-10s %s\n"

func printRow(w io.Writer, e consumer.Event, colours bool) error {
	d, err := e.Decode()
	if err != nil || d.Heartbeat() {
		return err
	}
	when := str(d.LogTime)
	if len(when) > 26 {
		when = when[11:26]
	}
	text := str(d.CommandText)
	if d.ErrorMessage != nil {
		text = paint(colours, red, fmt.Sprintf("%v %s", d.ExitCode, str(d.ErrorMessage))) + "  " + text
	}
	_, err = fmt.Fprintf(w, tableRow, when, str(d.SessionID), fmt.Sprintf("%d.%d", num(d.StatementID), num(d.SubstatementID)),
		paint(colours, classColours[str(d.Class)], fmt.Sprintf("%-8s", str(d.Class))), cut(str(d.Command), 14), cut(str(d.ObjectName), 24),
		rows(d.RowCount), cut(str(d.DBUserName), 10), text)
	return err
}

// cut is s in at most n characters.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

// classColours are those of the classes on a terminal.
var classColours = map[string]string{
	"READ": blue, "WRITE": green, "DDL": violet, "ROLE": yellow, "FUNCTION": blue, "MISC": grey, "ERROR": red,
}

func printJSON(w io.Writer, e consumer.Event) error {
	_, err := fmt.Fprintf(w, "%s\n", e.JSON)
	return err
}

// printText prints time, session, statement, class, command, object, rows,
// user, database and text in columns. Control characters of the text are
// escaped: it is not trusted to write to a terminal.
func printText(w io.Writer, e consumer.Event, colours bool) error {
	d, err := e.Decode()
	if err != nil {
		return err
	}
	if d.Heartbeat() {
		_, err := fmt.Fprintf(w, "%s heartbeat of %s\n", e.Arrival.UTC().Format("2006-01-02 15:04:05.000000+00"), e.InstanceID)
		return err
	}
	_, err = fmt.Fprintf(w, "%s %s %d.%d %s %s %s rows=%s user=%s db=%s%s %s\n",
		str(d.LogTime), str(d.SessionID), num(d.StatementID), num(d.SubstatementID),
		paint(colours, classColours[str(d.Class)], fmt.Sprintf("%-8s", str(d.Class))), str(d.Command),
		str(d.ObjectName), rows(d.RowCount), str(d.DBUserName), str(d.DatabaseName), paint(colours, red, failure(d)), str(d.CommandText))
	return err
}

func failure(d *activity.Decoded) string {
	if d.ErrorMessage == nil {
		return ""
	}
	return fmt.Sprintf(" error=%v:%s", d.ExitCode, str(d.ErrorMessage))
}

// str is the string without control characters, or "-".
func str(s *string) string {
	if s == nil {
		return "-"
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, *s)
}

func num(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}

func rows(n *int64) string {
	if n == nil {
		return "-"
	}
	return fmt.Sprint(*n)
}

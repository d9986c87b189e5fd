package main

import (
	"fmt"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/consumer"
)

// eventShape is what activity events look like: as JSON the event as it was published, as
// text the essentials in one line, in a table columns of fixed width, cut to fit.
var eventShape = shape[consumer.Event]{
	json: func(e consumer.Event) ([]byte, error) { return e.JSON, nil },
	text: eventText,
	columns: []column{{"TIME", 15}, {"SESSION", 14}, {"STATEMENT", 9}, {"CLASS", 8}, {"COMMAND", 14},
		{"OBJECT", 24}, {"ROWS", 6}, {"USER", 10}, {"TEXT", 0}},
	rows: eventRows,
}

func eventRows(e consumer.Event, add func(...cell)) {
	d, err := e.Decode()
	switch {
	case err != nil:
		add(cells(clockTime(arrived(e)), "-", "-", "-", "-", "-", "-", "-", unreadable(err))...)
		return
	case d.Heartbeat():
		add(cells(clockTime(arrived(e)), "-", "-", "-", "heartbeat", e.InstanceID, "-", "-", "-")...)
		return
	}
	text := cell{text: str(d.CommandText)}
	if d.ErrorMessage != nil {
		text = cell{fmt.Sprintf("%v %s  %s", d.ExitCode, str(d.ErrorMessage), text.text), red}
	}
	row := cells(clockTime(str(d.LogTime)), str(d.SessionID), fmt.Sprintf("%d.%d", num(d.StatementID), num(d.SubstatementID)), "",
		str(d.Command), str(d.ObjectName), rows(d.RowCount), str(d.DBUserName))
	row[3] = cell{str(d.Class), classColours[str(d.Class)]}
	add(append(row, text)...)
}

// arrived is when an event's record came into the stream, or nothing of a captured one.
func arrived(e consumer.Event) string {
	if e.Arrival.IsZero() {
		return "-"
	}
	return e.Arrival.UTC().Format("2006-01-02 15:04:05.000000+00")
}

// clockTime is the time of day of a date and time.
func clockTime(s string) string {
	if len(s) > 26 {
		return s[11:26]
	}
	return s
}

// unreadable stands for an event that is no JSON object.
func unreadable(err error) string { return "cannot be read: " + clean(err.Error()) }

// classColours are those of the classes on a terminal.
var classColours = map[string]string{
	"READ": blue, "WRITE": green, "DDL": violet, "ROLE": yellow, "FUNCTION": blue, "MISC": grey, "ERROR": red,
}

// eventText is time, session, statement, class, command, object, rows, user, database
// and text.
func eventText(paint painter, e consumer.Event) string {
	d, err := e.Decode()
	switch {
	case err != nil:
		return arrived(e) + " " + unreadable(err)
	case d.Heartbeat():
		return fmt.Sprintf("%s heartbeat of %s", arrived(e), e.InstanceID)
	}
	return fmt.Sprintf("%s %s %d.%d %s %s %s rows=%s user=%s db=%s%s %s",
		str(d.LogTime), str(d.SessionID), num(d.StatementID), num(d.SubstatementID),
		paint(classColours[str(d.Class)], fmt.Sprintf("%-8s", str(d.Class))), str(d.Command),
		str(d.ObjectName), rows(d.RowCount), str(d.DBUserName), str(d.DatabaseName), paint(red, failure(d)), str(d.CommandText))
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
	return clean(*s)
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

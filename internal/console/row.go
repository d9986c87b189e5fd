package console

import (
	"fmt"
	"strings"
)

// row is one event in the live list, short and fit to be shown.
type row struct {
	N       uint64 `json:"n"` // names the event in its feed
	Time    string `json:"t"`
	Session string `json:"s"`
	ID      string `json:"i"` // STATEMENT.SUBSTATEMENT
	Sub     bool   `json:"b,omitempty"`
	Class   string `json:"c"`
	Command string `json:"m"`
	Object  string `json:"o,omitempty"`
	Rows    *int64 `json:"r,omitempty"`
	User    string `json:"u"`
	DB      string `json:"d"`
	Text    string `json:"x,omitempty"`
	Error   string `json:"e,omitempty"`
}

func rowOf(e *entry) row {
	d := e.Decoded
	_, clock, _ := strings.Cut(strings.TrimSuffix(text(d.LogTime), "+00"), " ")
	return row{N: e.seq, Time: visible(clock), Session: shorten(text(d.SessionID)),
		ID: fmt.Sprintf("%d.%d", number(d.StatementID), number(d.SubstatementID)), Sub: number(d.SubstatementID) > 1,
		Class: shorten(text(d.Class)), Command: shorten(text(d.Command)), Object: shorten(text(d.ObjectName)), Rows: d.RowCount,
		User: shorten(text(d.DBUserName)), DB: shorten(text(d.DatabaseName)),
		Text: shorten(strings.Join(strings.Fields(head(text(d.CommandText), 4*rowText)), " ")), Error: shorten(text(d.ErrorMessage))}
}

func rowsOf(entries []entry) []row {
	rows := make([]row, 0, len(entries))
	for i := range entries {
		rows = append(rows, rowOf(&entries[i]))
	}
	return rows
}

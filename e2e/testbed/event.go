package testbed

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
)

// Event is one activity event as a consumer sees it. Pointers are nil for JSON
// null.
type Event struct {
	Type              string   `json:"type"`
	Class             string   `json:"class"`
	Command           string   `json:"command"`
	CommandText       *string  `json:"commandText"`
	ClientApplication *string  `json:"clientApplication"`
	DatabaseName      *string  `json:"databaseName"`
	DBUserName        *string  `json:"dbUserName"`
	ObjectType        *string  `json:"objectType"`
	ObjectName        *string  `json:"objectName"`
	ParamList         []string `json:"paramList"`
	RowCount          *int64   `json:"rowCount"`
	StatementID       int64    `json:"statementId"`
	SubstatementID    int64    `json:"substatementId"`
	SessionID         string   `json:"sessionId"`
	PID               int64    `json:"pid"`
	ErrorMessage      *string  `json:"errorMessage"`
	ExitCode          any      `json:"exitCode"`

	// Raw is the event's own text, to look at what the fields above hide.
	Raw json.RawMessage `json:"-"`
}

// ParseEvent reads one event from its JSON.
func ParseEvent(line []byte) (Event, error) {
	var e Event
	if err := json.Unmarshal(line, &e); err != nil {
		return e, fmt.Errorf("parse event %.200q: %w", line, err)
	}
	e.Raw = bytes.Clone(line)
	return e, nil
}

// Text is the commandText, empty for null.
func (e Event) Text() string { return deref(e.CommandText) }

// Application is the clientApplication, empty for null.
func (e Event) Application() string { return deref(e.ClientApplication) }

// Object is the objectName, empty for null.
func (e Event) Object() string { return deref(e.ObjectName) }

// ObjectKind is the objectType, empty for null.
func (e Event) ObjectKind() string { return deref(e.ObjectType) }

// Rows is the rowCount, 0 for null.
func (e Event) Rows() int64 {
	if e.RowCount == nil {
		return 0
	}
	return *e.RowCount
}

// Failed says whether the event tells of a statement that failed: its exitCode
// is the SQLSTATE then, a string.
func (e Event) Failed() bool {
	_, state := e.ExitCode.(string)
	return e.ErrorMessage != nil || state
}

// String is the event in one short line, for messages.
func (e Event) String() string {
	s := fmt.Sprintf("%s %d.%d %s %s", e.SessionID, e.StatementID, e.SubstatementID, e.Class, e.Command)
	if e.ObjectName != nil {
		s += " " + e.ObjectKind() + " " + *e.ObjectName
	}
	if e.CommandText != nil {
		s += " " + strconv.Quote(*e.CommandText)
	}
	return s
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

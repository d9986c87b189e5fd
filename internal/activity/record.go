package activity

import (
	"encoding/json"
	"fmt"
)

// Record is a decrypted stream record: the events of one instance. The events
// keep the bytes they came in, so that a reader can show them unchanged.
type Record struct {
	Type       string            `json:"type"`
	ClusterID  string            `json:"clusterId"`
	InstanceID string            `json:"instanceId"`
	Events     []json.RawMessage `json:"databaseActivityEventList"`
}

// ParseRecord reads a decrypted and decompressed record. It refuses JSON of
// another type, and anything after the record.
func ParseRecord(data []byte) (*Record, error) {
	var r Record
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("parse record: %w", err)
	}
	if r.Type != TypeRecord {
		return nil, fmt.Errorf("parse record: type is %q, want %q", r.Type, TypeRecord)
	}
	return &r, nil
}

// Decoded is an activity event as a reader sees it. A nil pointer is JSON null
// or a key that this version of the event does not have; a heartbeat has its
// Type only.
type Decoded struct {
	LogTime           *string  `json:"logTime"`
	StatementID       *int64   `json:"statementId"`
	SubstatementID    *int64   `json:"substatementId"`
	ObjectType        *string  `json:"objectType"`
	Command           *string  `json:"command"`
	ObjectName        *string  `json:"objectName"`
	DatabaseName      *string  `json:"databaseName"`
	DBUserName        *string  `json:"dbUserName"`
	RemoteHost        *string  `json:"remoteHost"`
	RemotePort        *string  `json:"remotePort"`
	SessionID         *string  `json:"sessionId"`
	RowCount          *int64   `json:"rowCount"`
	CommandText       *string  `json:"commandText"`
	ParamList         []string `json:"paramList"`
	PID               *int64   `json:"pid"`
	ClientApplication *string  `json:"clientApplication"`
	ExitCode          any      `json:"exitCode"` // nil, float64 or string
	Class             *string  `json:"class"`
	ServerVersion     *string  `json:"serverVersion"`
	ServerType        *string  `json:"serverType"`
	ServiceName       *string  `json:"serviceName"`
	ServerHost        *string  `json:"serverHost"`
	NetProtocol       *string  `json:"netProtocol"`
	DBProtocol        *string  `json:"dbProtocol"`
	Type              string   `json:"type"`
	StartTime         *string  `json:"startTime"`
	ErrorMessage      *string  `json:"errorMessage"`
}

// Decode reads one element of an event list. Keys it does not know are
// ignored: other engines have more.
func Decode(event []byte) (*Decoded, error) {
	var d Decoded
	if err := json.Unmarshal(event, &d); err != nil {
		return nil, fmt.Errorf("decode event: %w", err)
	}
	return &d, nil
}

// Heartbeat reports whether the event is a heartbeat.
func (d *Decoded) Heartbeat() bool { return d.Type == TypeHeartbeat }

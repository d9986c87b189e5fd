package main

import (
	"cmp"
	"fmt"

	"github.com/das-local/das-local/emulator"
)

// addresses are what "up" says of a running emulator.
type addresses struct {
	PSQL         string `json:"psql"` // a shell command
	PostgresURL  string `json:"postgresUrl"`
	Endpoint     string `json:"endpoint"`
	Console      string `json:"console"`
	ConsoleToken string `json:"consoleToken,omitempty"` // the console's address has it too
	Cluster      string `json:"cluster"`
	KMSKey       string `json:"kmsKey,omitempty"`
	Stream       string `json:"stream"`
	StreamStatus string `json:"streamStatus"`
	Certificate  string `json:"certificate,omitempty"` // a file
	Audit        string `json:"audit"`
	AuditReason  string `json:"auditReason"`
	Events       string `json:"events"` // a shell command
}

func addressesOf(e *emulator.Emulator) addresses {
	mode, why := e.Audit()
	return addresses{PSQL: e.PSQL(), PostgresURL: e.PostgresURL(), Endpoint: e.Endpoint(), Console: e.ConsoleURL(), ConsoleToken: e.ConsoleToken(), Cluster: e.ClusterARN(),
		KMSKey: e.KeyARN(), Stream: e.StreamName(), StreamStatus: e.StreamStatus(), Certificate: e.CertificateFile(),
		Audit: mode, AuditReason: why, Events: e.TailCommand()}
}

// lines are the names, values and notes that people read.
func (a addresses) lines() [][3]string {
	lines := [][3]string{
		{"psql", a.PSQL},
		{"endpoint", a.Endpoint, "export AWS_ENDPOINT_URL=" + a.Endpoint},
		{"console", a.Console},
		{"cluster", a.Cluster},
		{"kms key", cmp.Or(a.KMSKey, "-")},
		{"stream", a.Stream, a.StreamStatus},
	}
	if a.Certificate != "" {
		lines = append(lines, [3]string{"certificate", a.Certificate, "export AWS_CA_BUNDLE=" + a.Certificate})
	}
	return append(lines, [3]string{"audit", a.Audit, a.AuditReason}, [3]string{"events", a.Events})
}

var addressShape = shape[addresses]{
	text: func(_ painter, a addresses) (text string) {
		for i, l := range a.lines() {
			if i > 0 {
				text += "\n"
			}
			text += fmt.Sprintf("%-14s %s", l[0], l[1])
			if l[2] != "" {
				text += fmt.Sprintf("   (%s)", l[2])
			}
		}
		return text
	},
	columns: columns("WHAT", "WHERE", "NOTE"),
	rows: func(a addresses, add func(...cell)) {
		for _, l := range a.lines() {
			add(cells(l[0], l[1], orDash(l[2]))...)
		}
	},
}

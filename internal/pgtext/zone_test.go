package pgtext_test

import (
	"testing"
	"time"

	"github.com/das-local/das-local/internal/pgtext"
)

func TestLoadZone(t *testing.T) {
	for _, tt := range []struct {
		name   string
		offset int // on 2024-01-01, -1: no such zone
	}{
		{"", 0}, {"UTC", 0}, {"utc", 0}, {"GMT", 0}, {"gmt", 0}, {"Etc/UTC", 0}, {"Europe/Berlin", 3600}, {"europe/berlin", 3600}, {"america/new_york", -18000},
		{"<+05:30>-05:30", 19800}, {"<-03>+03", -10800}, {"EST5EDT", -18000}, {"Asia/Kolkata", 19800},
		{"Local", -1}, {"../etc/passwd", -1}, {"Nowhere/Atall", -1}, {"<x", -1}, {"<x>y", -1},
	} {
		zone, err := pgtext.LoadZone(tt.name)
		if err != nil {
			if tt.offset != -1 {
				t.Errorf("%q: %v", tt.name, err)
			}
			continue
		}
		if _, offset := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).In(zone).Zone(); offset != tt.offset {
			t.Errorf("%q: offset %d, want %d", tt.name, offset, tt.offset)
		}
	}
}

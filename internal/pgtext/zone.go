package pgtext

import (
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // the server's zones must resolve on any machine
)

// LoadZone finds the time zone of a TimeZone setting: a name of the time zone
// database, or the form that SET TIME ZONE makes of an offset, <+03>-03.
func LoadZone(name string) (*time.Location, error) {
	switch strings.ToUpper(name) {
	case "", "UTC", "ETC/UTC":
		return time.UTC, nil
	case "LOCAL": // Go's word for this machine's zone
		return nil, fmt.Errorf("load time zone: there is no %q", name)
	}
	if strings.HasPrefix(name, "<") {
		return posixZone(name)
	}
	// Case matters here, to the server it does not.
	if zone, err := time.LoadLocation(name); err == nil {
		return zone, nil
	}
	if zone, err := time.LoadLocation(strings.ToUpper(name)); err == nil {
		return zone, nil // GMT, EST5EDT
	}
	parts := strings.Split(strings.ToLower(name), "/")
	for i, part := range parts {
		parts[i] = title(part)
	}
	zone, err := time.LoadLocation(strings.Join(parts, "/"))
	if err != nil {
		return nil, fmt.Errorf("load time zone: %w", err)
	}
	return zone, nil
}

// title spells new_york as New_York.
func title(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'a' <= c && c <= 'z' && (i == 0 || b[i-1] == '_' || b[i-1] == '-') {
			b[i] = c - 'a' + 'A'
		}
	}
	return string(b)
}

// posixZone reads <abbreviation>offset, the offset counted westward.
func posixZone(name string) (*time.Location, error) {
	abbr, rest, ok := strings.Cut(name[1:], ">")
	west, n := clockOffset(rest)
	if !ok || n != len(rest) {
		return nil, fmt.Errorf("load time zone: %q is not <name>offset", name)
	}
	return time.FixedZone(abbr, -west), nil
}

// zone is the session's time zone, UTC if there is no such.
func (p *printer) zone() *time.Location {
	if p.s.Zone != nil {
		return p.s.Zone
	}
	if zone, err := LoadZone(p.s.TimeZone); err == nil {
		return zone
	}
	return time.UTC
}

// offsetOf is the zone's offset at a wall clock time, in seconds since 1970 as if in UTC.
// A time that comes twice or never gets the offset that the server gives it: the
// later of two, the earlier around a gap.
func offsetOf(zone *time.Location, wall int64) int {
	before := time.Unix(wall-86400, 0).In(zone)
	_, offset := before.Zone()
	_, end := before.ZoneBounds()
	if end.IsZero() {
		return offset
	}
	_, after := end.In(zone).Zone()
	first, second, edge := wall-int64(offset), wall-int64(after), end.Unix()
	switch {
	case first < edge && second < edge:
		return offset
	case first > edge && second >= edge:
		return after
	case first > second: // a gap
		return offset
	default:
		return after
	}
}

package rdsapi

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Maintenance windows are weekly, in UTC: sun:05:00-sun:05:30.

var (
	isWindow = regexp.MustCompile(`^(mon|tue|wed|thu|fri|sat|sun):([01]\d|2[0-3]):[0-5]\d-(mon|tue|wed|thu|fri|sat|sun):([01]\d|2[0-3]):[0-5]\d$`).MatchString
	weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
)

const week = 7 * 24 * time.Hour

// checkWindow checks a window that a request gives; an empty one is RDS's to choose.
func checkWindow(window string) error {
	w := strings.ToLower(window)
	if w == "" {
		return nil
	}
	if !isWindow(w) {
		return invalidValue("Invalid maintenance window format: %s. Should be specified as a range ddd:hh24:mi-ddd:hh24:mi (24H Clock UTC). Example: Sun:23:45-Mon:00:15", window)
	}
	begin, end, _ := strings.Cut(w, "-")
	if length := (sinceSunday(end) - sinceSunday(begin) + week) % week; length < 30*time.Minute {
		return invalidValue("The maintenance window must be at least 30 minutes.")
	}
	return nil
}

// sinceSunday is where ddd:hh:mm is in its week.
func sinceSunday(text string) time.Duration {
	hour, _ := strconv.Atoi(text[4:6])
	minute, _ := strconv.Atoi(text[7:9])
	return time.Duration(slices.Index(weekdays, text[:3]))*24*time.Hour + time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute
}

// nextWindow is when the cluster's next maintenance window begins. The lock is held.
func (c *cluster) nextWindow(after time.Time) time.Time {
	after = after.UTC()
	begin, _, _ := strings.Cut(strings.ToLower(c.wire.PreferredMaintenanceWindow), "-")
	sunday := time.Date(after.Year(), after.Month(), after.Day()-int(after.Weekday()), 0, 0, 0, 0, time.UTC)
	next := sunday.Add(sinceSunday(begin))
	if !next.After(after) {
		next = next.Add(week)
	}
	return next
}

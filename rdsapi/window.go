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
	return nextWindow(c.wire.PreferredMaintenanceWindow, after)
}

func nextWindow(window string, after time.Time) time.Time {
	after = after.UTC()
	begin, _, _ := strings.Cut(strings.ToLower(window), "-")
	sunday := time.Date(after.Year(), after.Month(), after.Day()-int(after.Weekday()), 0, 0, 0, 0, time.UTC)
	next := sunday.Add(sinceSunday(begin))
	if !next.After(after) {
		next = next.Add(week)
	}
	return next
}

var isDaily = regexp.MustCompile(`^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$`).MatchString

// checkWindows also checks the daily window of backups ("04:00-04:30"), and that
// the two do not meet. Either may be empty.
func checkWindows(backup, maintenance string) error {
	if err := checkWindow(maintenance); err != nil || backup == "" {
		return err
	}
	if !isDaily(backup) {
		return invalidValue("Invalid backup window format: %s. Should be specified as a range hh24:mi-hh24:mi (24H Clock UTC). Example: 23:45-00:15", backup)
	}
	const day = 24 * time.Hour
	from := sinceSunday("sun:" + backup[:5])
	length := (sinceSunday("sun:"+backup[6:]) - from + day) % day
	if length < 30*time.Minute {
		return invalidValue("The backup window must be at least 30 minutes.")
	}
	if maintenance == "" {
		return nil
	}
	begin, end, _ := strings.Cut(strings.ToLower(maintenance), "-")
	for day := range time.Duration(7) {
		at := from + day*24*time.Hour
		begins, ends := sinceSunday(begin), sinceSunday(end)
		if (at-begins+week)%week < (ends-begins+week)%week || (begins-at+week)%week < length {
			return invalidValue("The backup window and maintenance window must not overlap.")
		}
	}
	return nil
}

package console

import (
	"time"
)

// eventTime is the form of times in events.
const eventTime = "2006-01-02 15:04:05.999999-07"

// timeLine places a session's events, in their order, between its first and last
// moment. Events of version 1.0 have no start: they are a point at their end.
func timeLine(entries []entry) (bars []bar, length string) {
	type span struct{ from, to time.Time }
	spans := make([]span, len(entries))
	var first, last time.Time
	for i := range entries {
		to, err := time.Parse(eventTime, text(entries[i].LogTime))
		from, fromErr := time.Parse(eventTime, text(entries[i].StartTime))
		if err != nil {
			to = last
		}
		if fromErr != nil || from.After(to) {
			from = to
		}
		spans[i] = span{from, to}
		if i == 0 || from.Before(first) {
			first = from
		}
		if to.After(last) {
			last = to
		}
	}
	whole := max(last.Sub(first), time.Microsecond)
	place := func(t time.Time) int { return int(t.Sub(first) * 1000 / whole) }
	for i := range entries {
		x := min(place(spans[i].from), 996)
		bars = append(bars, bar{row: rowOf(&entries[i]), X: x, Width: max(place(spans[i].to)-x, 4),
			Start: "+" + took(spans[i].from.Sub(first)), Took: took(spans[i].to.Sub(spans[i].from))})
	}
	return bars, took(last.Sub(first))
}

// took is a duration in three digits or so.
func took(d time.Duration) string {
	switch {
	case d >= time.Minute:
		return d.Round(time.Second).String()
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	default:
		return d.Round(time.Microsecond).String()
	}
}

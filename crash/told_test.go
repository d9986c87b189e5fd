package main

import (
	"strings"
	"testing"
	"time"
)

// TestCompare checks that the comparison finds what it is there to find.
func TestCompare(t *testing.T) {
	const clock = "2026-03-01 12:00:"
	at := func(seconds string) time.Time {
		got, err := time.Parse("2006-01-02 15:04:05", clock+seconds)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	w := writer{1, 2}
	l := faultLedger{acked: map[writer][]span{w: {{at("01"), at("02")}, {at("03"), at("04")}, {at("05"), at("06")}}}}
	const begin = "Database Activity Streams: activity events might be lost from now on: a cause"
	end := func(n, from, to string) string {
		return "Database Activity Streams: activity events are durable again. Events lost: " + n + ", logTime " + clock + from + ".000000+00 to " + clock + to + ".000000+00"
	}
	for name, test := range map[string]struct {
		seen     []int
		messages []string
		want     string // in the error
	}{
		"all, and nothing told":       {[]int{0, 1, 2}, nil, ""},
		"all, in a window":            {[]int{0, 1, 2}, []string{begin, "Events lost: 0"}, ""},
		"one is lost and told":        {[]int{0, 2}, []string{begin, end("1", "04", "04")}, ""},
		"two are lost and told":       {[]int{2}, []string{begin, end("1", "01", "02"), begin, end("1", "03", "03")}, ""},
		"lost and not told":           {[]int{0, 2}, nil, "1 events are missing, and RDS events tell of 0"},
		"lost at another time":        {[]int{0, 2}, []string{begin, end("1", "05", "06")}, "outside of the windows 1"},
		"told and not lost":           {[]int{0, 1, 2}, []string{begin, end("1", "01", "02")}, "tell of 1"},
		"one more is told":            {[]int{0, 2}, []string{begin, end("2", "01", "04")}, "tell of 2"},
		"a window that does not end":  {[]int{0, 1, 2}, []string{begin}, "1 windows of loss have begun and 0 have ended"},
		"twice":                       {[]int{0, 1, 1, 2}, nil, "duplicated 1"},
		"out of order":                {[]int{1, 0, 2}, nil, "out of order 1"},
		"other events mean nothing":   {[]int{0, 1, 2}, []string{"DB instance restarted"}, ""},
		"one that was not answered":   {[]int{0, 1, 2, 3}, nil, ""},
		"all is lost, with one total": {nil, []string{begin, end("3", "01", "06")}, ""},
	} {
		var told told
		for _, m := range test.messages {
			if err := told.add(m); err != nil {
				t.Fatal(err)
			}
		}
		err := l.compare(map[writer][]int{w: test.seen}, told).err()
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}

package main

import (
	"testing"
	"time"
)

// TestJudge checks that the judge finds what it is there to find.
func TestJudge(t *testing.T) {
	var l ledger
	w := writer{1, 2}
	kill := time.Now()
	l.kills = map[int]time.Time{1: kill}
	l.acked = map[writer][]time.Time{w: {kill.Add(-3 * time.Second), kill.Add(-2 * time.Second), kill.Add(-10 * time.Millisecond)}}
	for name, test := range map[string]struct {
		seen []int
		lag  time.Duration
		want verdict
	}{
		"all":                  {[]int{0, 1, 2}, 0, verdict{events: 3}},
		"one not acknowledged": {[]int{0, 1, 2, 3}, 0, verdict{events: 4, extra: 1}},
		"the last is lost":     {[]int{0, 1}, 0, verdict{events: 2, lost: 1}},
		"the last may be lost": {[]int{0, 1}, time.Second, verdict{events: 2, tail: 1, oldest: 10 * time.Millisecond}},
		"an old one may not":   {[]int{0}, time.Second, verdict{events: 1, lost: 1, tail: 1, oldest: 10 * time.Millisecond}},
		"a hole":               {[]int{0, 2}, time.Second, verdict{events: 2, lost: 1}},
		"twice":                {[]int{0, 1, 1, 2}, 0, verdict{events: 4, duplicated: 1}},
		"out of order":         {[]int{1, 0, 2}, 0, verdict{events: 3, disordered: 1}},
		"nothing":              {nil, 0, verdict{lost: 3}},
	} {
		if got := l.judge(map[writer][]int{w: test.seen}, test.lag); got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
}

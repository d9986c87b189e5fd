package main

import (
	"sync"
	"time"
)

// ledger is what the sessions were told.
type ledger struct {
	mu    sync.Mutex
	acked map[writer][]time.Time // when each row was acknowledged
	kills map[int]time.Time      // by round
}

// writer is one session of one round.
type writer struct{ round, session int }

func (l *ledger) acknowledge(round, session int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.acked == nil {
		l.acked = make(map[writer][]time.Time)
	}
	w := writer{round, session}
	l.acked[w] = append(l.acked[w], time.Now())
}

// killed notes the moment before a kill.
func (l *ledger) killed(round int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.kills == nil {
		l.kills = make(map[int]time.Time)
	}
	l.kills[round] = time.Now()
}

func (l *ledger) acknowledged() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, times := range l.acked {
		n += len(times)
	}
	return n
}

// verdict is what the stream has of it.
type verdict struct {
	events     int // of statements of sessions
	extra      int // of statements that were not acknowledged: at most one a session
	lost       int // acknowledged, and due in the stream
	duplicated int
	disordered int
	corrupt    int
	tail       int           // acknowledged shortly before the kill, and not in the stream
	oldest     time.Duration // how long before
}

// judge compares what the stream has, in order for each writer, with what was
// acknowledged. lag is 0 if all of it is due.
func (l *ledger) judge(seen map[writer][]int, lag time.Duration) (v verdict) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for w, numbers := range seen {
		v.events += len(numbers)
		there := make(map[int]bool)
		last := -1
		for _, n := range numbers {
			switch {
			case there[n]:
				v.duplicated++
			case n < last:
				v.disordered++
			}
			there[n], last = true, max(last, n)
			if n >= len(l.acked[w]) {
				v.extra++
			}
		}
		for n := range last { // what is missing before something that is there is a hole
			if !there[n] {
				v.lost++
			}
		}
	}
	for w, times := range l.acked {
		first := 0
		for _, n := range seen[w] {
			first = max(first, n+1)
		}
		for _, at := range times[min(first, len(times)):] {
			before := l.kills[w.round].Sub(at)
			if lag == 0 || before > lag {
				v.lost++
				continue
			}
			v.tail++
			v.oldest = max(v.oldest, before)
		}
	}
	return v
}

package await

import (
	"context"
	"testing"
	"time"
)

// Patience bounds every wait. It is far above what a loaded machine needs, and
// below the ten minutes that go test gives a package.
const Patience = 2 * time.Minute

// longestPause is between two looks at a condition; the first come quickly.
const longestPause = 20 * time.Millisecond

// True waits until ok holds.
func True(t testing.TB, what string, ok func() bool) {
	t.Helper()
	Seen(t, what, func() (any, bool) { return "no", ok() })
}

// Equal waits until got gives want.
func Equal[T comparable](t testing.TB, what string, want T, got func() T) {
	t.Helper()
	Seen(t, what, func() (any, bool) { last := got(); return last, last == want })
}

// Seen waits until look says ok. What it saw last is in the failure.
func Seen(t testing.TB, what string, look func() (seen any, ok bool)) {
	t.Helper()
	end := time.Now().Add(Patience)
	for pause := time.Millisecond; ; pause = min(2*pause, longestPause) {
		seen, ok := look()
		switch {
		case ok:
			return
		case time.Now().After(end):
			t.Fatalf("waited %v in vain for %s; last seen: %v", Patience, what, seen)
		}
		time.Sleep(pause)
	}
}

// Receive takes the next value from a channel, the zero value if it is closed.
func Receive[T any](t testing.TB, what string, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(Patience):
		t.Fatalf("waited %v in vain for %s", Patience, what)
		panic("unreachable")
	}
}

// Context is one that ends after Patience, or with the test.
func Context(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), Patience)
	t.Cleanup(cancel)
	return ctx
}

// Deadline is for connections: Patience from now.
func Deadline() time.Time { return time.Now().Add(Patience) }

package clock

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestAdvance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c Clock
		begin := c.Now()
		c.Advance(time.Hour)
		c.Advance(-time.Hour)
		if got := c.Now().Sub(begin); got != time.Hour {
			t.Errorf("put forward by %v", got)
		}
		time.Sleep(time.Minute)
		if got := c.Now().Sub(begin); got != 61*time.Minute {
			t.Errorf("a minute later it is %v later", got)
		}
	})
}

func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c Clock
		real := time.Now()
		done := make(chan error)
		go func() { done <- c.Wait(t.Context(), real.Add(24*time.Hour)) }()
		synctest.Wait()
		c.Advance(23 * time.Hour)
		synctest.Wait()
		select {
		case <-done:
			t.Fatal("an hour too early")
		default:
		}
		if err := <-done; err != nil { // the last hour passes by itself
			t.Error(err)
		}
		if got := time.Since(real); got != time.Hour {
			t.Errorf("waited %v", got)
		}
		go func() { done <- c.Wait(t.Context(), c.Now().Add(time.Hour)) }()
		synctest.Wait()
		c.Advance(time.Hour)
		if err := <-done; err != nil || time.Since(real) != time.Hour {
			t.Errorf("waited %v: %v", time.Since(real), err)
		}
	})
}

func TestWaitEndsWithItsContext(t *testing.T) {
	for name, c := range map[string]*Clock{"nil": nil, "zero": {}} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error)
			go func() { done <- c.Wait(ctx, c.Now().Add(time.Hour)) }()
			cancel()
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			if err := c.Wait(t.Context(), c.Now()); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestReset: who waits for a time that was near waits again for what is left of it.
func TestReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c Clock
		begin := time.Now()
		c.Advance(time.Hour)
		done := make(chan time.Duration, 1)
		go func() {
			if err := c.Wait(t.Context(), begin.Add(2*time.Hour)); err != nil {
				t.Error(err)
			}
			done <- time.Since(begin)
		}()
		synctest.Wait()
		c.Reset()
		if c.Ahead() != 0 {
			t.Errorf("still %v ahead", c.Ahead())
		}
		if took := <-done; took != 2*time.Hour {
			t.Errorf("the wait took %v", took)
		}
	})
}

package emulator

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestGate: who has the gate is alone; a call that takes long holds it up, and no other
// call for longer than gatePatience.
func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g gate
		slow := g.enter()
		locked := make(chan error, 1)
		go func() { locked <- g.lock(t.Context()) }()
		synctest.Wait()
		for range 3 { // newcomers pass by
			began := time.Now()
			leave := g.enter()
			if waited := time.Since(began); waited > gatePatience {
				t.Errorf("a call waits for %v", waited)
			}
			leave()
		}
		brief := g.enter()
		slow()
		synctest.Wait() // the gate is shut again, for those who came meanwhile
		select {
		case err := <-locked:
			t.Fatal("not alone", err)
		default:
		}
		brief()
		if err := <-locked; err != nil {
			t.Fatal(err)
		}
		entered := make(chan func(), 1)
		go func() { entered <- g.enter() }()
		time.Sleep(time.Hour)
		select {
		case <-entered:
			t.Fatal("let in")
		default:
		}
		g.unlock()
		(<-entered)()
	})
}

// TestGateBound: nobody waits for ever, and the gate is open then.
func TestGateBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g gate
		slow := g.enter()
		if err := g.lock(t.Context()); !errors.Is(err, errNoWayIn) {
			t.Error(err)
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if err := g.lock(gone); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		g.enter()()
		slow()
		if err := g.lock(t.Context()); err != nil {
			t.Error(err)
		}
		g.unlock()
	})
}

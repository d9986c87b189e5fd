package emulator

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"syscall"

	"github.com/das-local/das-local/internal/faults"
	"github.com/das-local/das-local/internal/store"
)

// Fault is something that goes wrong on purpose. Its fields:
//
//	Kind        "throttle", "error", "delay", "slow-consumer", "kms-denied", "duplicate",
//	            "disk-full", "fsync-error", "short-write" (these three of Options.DataDir),
//	            "reshard", "clock-jump" or "upstream-crash"; required
//	Operations  []string: the calls it hits, "kinesis:PutRecords", "kms:*" or
//	            "GetRecords"; empty: those that the kind is about
//	Caller      whose calls: "das-local", "clients" or "both" (empty)
//	Probability of a hit, for each call that matches; 0: every call is hit
//	Count       int: the fault ends after so many hits; 0: no bound
//	Duration    the fault ends after that time on the Clock; 0: with Faults.Clear. Of an
//	            upstream crash, how long PostgreSQL is down; of a reshard, how long the
//	            stream is UPDATING
//	Delay       of an answer, on the Clock
//	Share       of the records of a client's PutRecords that a "throttle" or "error"
//	            refuses; 0: the call is refused as a whole
//	Error       the error code of "kms-denied"; empty: AccessDeniedException
//	Advance     how far a "clock-jump" puts the Clock forward
//	Stream      the Kinesis stream of a "reshard"; empty: the first cluster's
type Fault = faults.Rule

// FaultState is a Fault that was injected, with its number (ID), its Hits, when it Began
// and Ends (zero: no time is set), and when it Ended (zero: it still acts) and Why.
type FaultState = faults.State

// Faults are the faults of an emulator. Tests of consumers inject them while the consumer
// runs, and clear them.
type Faults struct{ e *Emulator }

// Faults injects faults and takes them back.
func (e *Emulator) Faults() Faults { return Faults{e} }

// Add injects a fault, which acts until it ends or Clear is told its ID. A reshard, a
// clock jump or an upstream crash has happened when it returns. The error says what is
// wrong with the fault and what is allowed.
func (f Faults) Add(ctx context.Context, fault Fault) (FaultState, error) {
	e := f.e
	fault, err := fault.Check(e.serves)
	if err != nil {
		return FaultState{}, badFault{err}
	}
	if fault.Kind.OnDisk() && e.disk == nil {
		return FaultState{}, badFault{fmt.Errorf("a fault of kind %s needs a data directory: start das-local with --data-dir", fault.Kind)}
	}
	if fault.Kind.Once() {
		e.happening.Lock()
		defer e.happening.Unlock()
		if fault.Kind == faults.UpstreamCrash && e.crashed() {
			return FaultState{}, badFault{errors.New("the upstream is down already, by another upstream-crash fault; clear that first")}
		}
	}
	state, err := e.faults.Add(fault)
	if err != nil {
		return FaultState{}, badFault{err}
	}
	if fault.Kind.Once() {
		if err := e.happen(ctx, fault); err != nil {
			e.faults.Drop(state.ID)
			return FaultState{}, fmt.Errorf("%s: %w", fault.Kind, err)
		}
	}
	e.log.Info("a fault begins", "fault", state.ID, "kind", fault.Kind, "operations", fault.Operations, "caller", fault.Caller, "duration", fault.Duration)
	if fault.Kind.Once() {
		state = e.faults.Happened(state.ID)
	}
	e.rescheduleFaults()
	return state, nil
}

// List is the active faults and the last of those that have ended, oldest first.
func (f Faults) List() []FaultState {
	f.e.expireFaults()
	return f.e.faults.List()
}

// Clear ends a fault, given by its ID, and forgets it; 0 ends all. Calls that wait for a
// delay go on. An ID that no fault has is an error.
func (f Faults) Clear(id int) error {
	if id < 0 {
		return fmt.Errorf("%w: %d", faults.ErrNoFault, id)
	}
	defer f.e.rescheduleFaults()
	f.e.happening.Lock()
	defer f.e.happening.Unlock()
	return f.e.faults.Clear(id)
}

// expireFaults ends the faults whose time is over.
func (e *Emulator) expireFaults() {
	e.happening.Lock()
	defer e.happening.Unlock()
	e.faults.Expire()
}

// crashed reports whether a fault keeps the upstream down.
func (e *Emulator) crashed() bool {
	return slices.ContainsFunc(e.faults.List(), func(s FaultState) bool { return s.Kind == faults.UpstreamCrash && s.Ended.IsZero() })
}

// badFault is an error of whoever gives a fault.
type badFault struct{ error }

func (b badFault) Unwrap() error { return b.error }

// openFaults makes the set of faults.
func (e *Emulator) openFaults() {
	seed := uint64(e.opts.Seed)
	if seed == 0 {
		seed = rand.Uint64()
	}
	e.faultDice = rand.New(rand.NewPCG(seed, 0))
	e.faults = faults.New(faults.Config{Seed: seed, Now: e.clock.Now, Ended: e.faultEnded})
}

// serves reports whether there is a service, and whether it has an operation.
func (e *Emulator) serves(service, operation string) bool {
	for _, s := range e.services {
		if (service == "" || s.Name() == service) && (operation == "" || s.Operation(operation) != nil) {
			return true
		}
	}
	return false
}

// happen carries out a fault of a kind that happens once.
func (e *Emulator) happen(ctx context.Context, f Fault) error {
	switch f.Kind {
	case faults.ClockJump:
		return e.Clock().Advance(f.Advance)
	case faults.Reshard:
		return e.kinesis.Reshard(ctx, e.reshardStream(f), f.Duration, e.throw)
	default:
		return e.crashUpstream(ctx, f.Duration == 0)
	}
}

func (e *Emulator) reshardStream(f Fault) string {
	if f.Stream != "" {
		return f.Stream
	}
	return e.StreamName()
}

// throw is a number below n.
func (e *Emulator) throw(n int) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.faultDice.IntN(n)
}

// faultEnded says so in the log, and undoes what lasts.
func (e *Emulator) faultEnded(s FaultState) {
	e.log.Info("a fault ends", "fault", s.ID, "kind", s.Kind, "hits", s.Hits, "why", s.Why)
	switch s.Kind {
	case faults.Reshard:
		e.kinesis.Settle(e.reshardStream(s.Rule))
	case faults.UpstreamCrash:
		if s.Duration != 0 {
			e.recoverUpstream()
		}
	}
}

// runFaults ends the faults whose time is over, until ctx ends.
func (e *Emulator) runFaults(ctx context.Context) error {
	for ctx.Err() == nil {
		e.expireFaults()
		wait, cancel := context.WithCancel(ctx)
		e.mu.Lock()
		e.faultsChanged = cancel
		e.mu.Unlock()
		if at, ok := e.faults.Next(); ok {
			_ = e.clock.Wait(wait, at) // the loop looks why it has ended
		} else {
			<-wait.Done()
		}
		cancel()
	}
	return nil
}

// rescheduleFaults has runFaults look at the faults again.
func (e *Emulator) rescheduleFaults() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.faultsChanged != nil {
		e.faultsChanged()
	}
}

// crashUpstream ends the upstream's sessions without a word: by killing the embedded
// server, which recovers at once or when the fault ends, or, since a given server is
// not das-local's to kill, by cutting the connections to it. Instances send no
// heartbeats meanwhile, and RDS events tell of it.
func (e *Emulator) crashUpstream(ctx context.Context, recover bool) error {
	server := e.upstream.server
	if server == nil {
		if !recover {
			return badFault{errors.New("duration is for the embedded PostgreSQL; of a given upstream only the connections are cut, at once")}
		}
		e.log.Info("the connections to the upstream are cut; a given server is not killed")
		e.cutUpstream()
		e.rds.RecordCrash()
		e.rds.RecordRecovery()
		return nil
	}
	e.down.Store(true)
	if err := server.Kill(); err != nil {
		e.down.Store(false)
		return err
	}
	e.rds.RecordCrash()
	if !recover {
		return nil
	}
	// Whoever asked may be gone, and the server must come back all the same.
	return e.restartUpstream(context.WithoutCancel(ctx))
}

func (e *Emulator) cutUpstream() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, i := range e.instances {
		i.proxy.CutUpstream()
	}
}

// restartUpstream starts the server again that was killed.
func (e *Emulator) restartUpstream(ctx context.Context) error {
	if err := e.upstream.server.Restart(ctx); err != nil {
		return err
	}
	e.down.Store(false)
	e.rds.RecordRecovery()
	return nil
}

// recoverUpstream starts the server again that was killed for a time.
func (e *Emulator) recoverUpstream() {
	if err := e.restartUpstream(context.Background()); err != nil {
		e.fail(fmt.Errorf("start PostgreSQL again after an upstream-crash fault: %w", err))
	}
}

// diskFault implements store.Fault.
func (e *Emulator) diskFault(op, path string) error {
	if e.opts.fault != nil {
		if err := e.opts.fault(op, path); err != nil {
			return err
		}
	}
	switch e.faults.Disk(op) {
	case faults.DiskFull:
		return fmt.Errorf("injected: %w", syscall.ENOSPC)
	case faults.FsyncError:
		return fmt.Errorf("injected: %w", syscall.EIO)
	case faults.ShortWrite:
		return store.ErrTorn
	}
	return nil
}

// pause waits as a fault says, on the emulator's clock.
func (e *Emulator) pause(ctx context.Context, p faults.Pause) error {
	wait, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(p.Cleared, cancel)()
	_ = e.clock.Wait(wait, e.clock.Now().Add(p.For)) // ctx tells whether the caller is gone
	return ctx.Err()
}

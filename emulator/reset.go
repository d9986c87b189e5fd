package emulator

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/das-local/das-local/internal/awsapi"
	"github.com/das-local/das-local/internal/store"
)

// markReset notes what Reset goes back to.
func (e *Emulator) markReset() error {
	var keys []string
	if e.external.kms == nil {
		keys = append(keys, e.keyARN)
	}
	clusters := []string{e.first.ID}
	for _, k := range e.opts.Keys {
		keys = append(keys, cmp.Or(k.ID, k.Alias))
	}
	for _, c := range e.opts.Clusters {
		clusters = append(clusters, c.ID)
	}
	if err := e.kms.Keep(keys...); err != nil {
		return err
	}
	return e.rds.Mark(clusters...)
}

// Reset makes the state what it was when Start returned, within milliseconds: for test
// suites. The first cluster, and those and the keys of the options, are as they were
// then, with the same ids, keys and stream names; their streams are empty, and run if
// they ran. All else is gone: other clusters and keys, all other Kinesis streams, RDS
// events, subscriptions, snapshots and groups, faults, and what the clock was put
// forward by. The same goes for what DataDir keeps. With an external Kinesis, whose records
// stay, it is an error.
//
// PostgreSQL sessions of the instances that were there at the start stay, and what is
// in the databases is not touched. Counters of /metrics go on. Events that were not
// published yet are dropped without a notice. Calls of AWS clients meanwhile
// wait; those that are under way are waited for, for 30 seconds, and sessions that end are not.
func (e *Emulator) Reset(ctx context.Context) error {
	e.resetting.Lock()
	defer e.resetting.Unlock()
	if !e.ready.Load() {
		return fmt.Errorf("reset: %w", errEnding)
	}
	if e.external.kinesis != nil {
		return &awsapi.Error{Code: "ResetRefused", Message: "the records of an external Kinesis are not das-local's to delete", Status: http.StatusConflict}
	}
	// Half of a reset would be of no use, if whoever asked is gone.
	ctx = context.WithoutCancel(ctx)
	if err := e.Faults().Clear(0); err != nil {
		return fmt.Errorf("reset: %w", err)
	}
	e.hurry()
	defer e.unhurry()
	if err := e.gate.lock(ctx); err != nil {
		return fmt.Errorf("reset: %w", err)
	}
	defer e.gate.unlock()
	if err := e.rds.Reset(ctx, func() error { return e.empty(ctx) }); err != nil {
		return fmt.Errorf("reset: %w", err)
	}
	e.log.Info("the state was reset")
	return nil
}

// act carries out a call of a client, while nothing is being reset.
func (e *Emulator) act(ctx context.Context, r *awsapi.Request, decode func(any) error, operation awsapi.Operation) (any, error) {
	defer e.gate.enter()()
	return operation(ctx, r, decode)
}

// hurry has nobody wait for the ends of sessions until unhurry: what they still have to
// tell is to be dropped.
func (e *Emulator) hurry() {
	e.mu.Lock()
	defer e.mu.Unlock()
	close(e.hurried)
}

func (e *Emulator) unhurry() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.hurried = make(chan struct{})
}

// hurrying gives a channel that is closed when a reset is at work.
func (e *Emulator) hurrying() <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.hurried
}

// empty throws the streams away, with all that Kinesis and KMS have and the start does
// not make, and sets the clock back.
func (e *Emulator) empty(ctx context.Context) error {
	e.throwStreams()
	if err := e.kinesis.Reset(ctx); err != nil {
		return err
	}
	if err := e.resetClock(ctx); err != nil {
		return err
	}
	if err := e.kms.Reset(ctx); err != nil {
		return err
	}
	return e.reserveFirst()
}

// throwStreams ends all activity streams. What they have not published is dropped, and
// nobody is told.
func (e *Emulator) throwStreams() {
	e.mu.Lock()
	all := e.streams
	e.streams = map[string]*runningStream{}
	for _, i := range e.instances {
		i.source.Detach()
	}
	e.mu.Unlock()
	for _, r := range all {
		r.muted.Store(true)
		r.cancel()
	}
	for _, r := range all {
		<-r.ended
	}
}

// resetClock sets the clock back, and removes from the data directory what belongs to no
// service: the streams' queues too.
func (e *Emulator) resetClock(ctx context.Context) error {
	e.advancing.Lock()
	defer e.advancing.Unlock()
	if e.disk != nil {
		var b store.Batch
		b.Delete(metaAhead)
		for _, kind := range []store.Kind{store.KindSpool, store.KindIntent} {
			b.DeleteRange(store.Key(kind), store.After(store.Key(kind)))
		}
		if err := e.disk.Commit(ctx, &b); err != nil {
			return fmt.Errorf("write the data directory: %w", err)
		}
	}
	e.clock.Reset()
	return nil
}

// reserveFirst takes the address of the first cluster's writer again, if that was
// deleted: clients know no other.
func (e *Emulator) reserveFirst() error {
	if len(e.first.Instances) == 0 {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.instances[e.first.Instances[0].ResourceID] != nil || e.reserved != nil {
		return nil
	}
	ln, err := net.Listen("tcp", e.listen.String())
	if err != nil {
		return fmt.Errorf("listen for PostgreSQL clients again: %w", err)
	}
	e.reserved = ln
	return nil
}

// serveReset serves POST /_das/reset.
func (e *Emulator) serveReset(r chi.Router) {
	r.With(noPages).Post("/_das/reset", func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		if err := e.Reset(r.Context()); err != nil {
			refuseFor(w, err)
			return
		}
		answer(w, http.StatusOK, map[string]any{"milliseconds": float64(time.Since(began).Microseconds()) / 1000})
	})
}

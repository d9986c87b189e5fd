package emulator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/das-local/das-local/internal/store"
)

// usage is what a data directory says of its use so far.
type usage struct {
	starts   int64 // of processes, this one included
	complete bool  // the first cluster was made
	killed   bool  // the last process did not end by Close

	// cut is where a damaged log is kept that was cut since an RDS event told of one: what
	// was stored later is lost. The process that has cut it might not have got that far.
	cut string
}

// owner is whose a data directory is: its ARNs name them.
type owner struct{ Region, Account string }

// Names of what the directory keeps about itself.
var (
	metaOwner    = store.Name(store.KindMeta, "owner")
	metaStarts   = store.Name(store.KindMeta, "starts")
	metaComplete = store.Name(store.KindMeta, "complete")
	metaRunning  = store.Name(store.KindMeta, "running") // while a process uses it
	metaCut      = store.Name(store.KindMeta, "cut")     // until an RDS event tells of it
)

// seed makes another one for each process: the same numbers again would be ids that
// are taken.
func (u usage) seed(seed int64) int64 {
	if seed == 0 || u.starts < 2 {
		return seed
	}
	const odd = 0x5851F42D4C957F2D // spreads the numbers of starts over all seeds
	return seed ^ (u.starts-1)*odd
}

// openDataDir opens the data directory, if there is to be one.
func (e *Emulator) openDataDir() error {
	if e.opts.DataDir == "" {
		return nil
	}
	disk, err := store.Open(store.Config{Dir: e.opts.DataDir, Fault: e.diskFault, Logger: e.log})
	if err != nil {
		return err
	}
	e.disk = disk
	if err := e.noteCut(); err != nil {
		return fmt.Errorf("note in the data directory %s that its log was cut: %w", e.opts.DataDir, err)
	}
	if err := e.checkOwner(); err != nil {
		return err
	}
	starts, _, err := disk.Get(metaStarts)
	if err == nil && starts != nil {
		if err = json.Unmarshal(starts, &e.used.starts); err != nil {
			return disk.Damaged(metaStarts, err)
		}
	}
	if err == nil {
		_, e.used.complete, err = disk.Get(metaComplete)
	}
	if err == nil {
		_, e.used.killed, err = disk.Get(metaRunning)
	}
	if err != nil {
		return fmt.Errorf("read the data directory %s: %w", e.opts.DataDir, err)
	}
	if err := e.resumeClock(); err != nil {
		return fmt.Errorf("read the data directory %s: %w", e.opts.DataDir, err)
	}
	e.used.starts++
	var b store.Batch
	b.Set(metaStarts, fmt.Append(nil, e.used.starts))
	b.Set(metaRunning, []byte{1})
	if err := disk.Commit(context.Background(), &b); err != nil {
		return fmt.Errorf("write the data directory %s: %w", e.opts.DataDir, err)
	}
	if e.used.complete {
		e.log.Info("the data directory has been used before: its clusters and streams are started as they were, and --cluster-id and --start-stream do not apply",
			"dir", e.opts.DataDir)
	}
	return nil
}

// noteCut keeps it that the log was cut, until that is told.
func (e *Emulator) noteCut() error {
	if e.used.cut = e.disk.Cut(); e.used.cut == "" {
		value, _, err := e.disk.Get(metaCut)
		e.used.cut = string(value)
		return err
	}
	var b store.Batch
	b.Set(metaCut, []byte(e.used.cut))
	return e.disk.Commit(context.Background(), &b)
}

// tellCut records the RDS event of a log that was cut.
func (e *Emulator) tellCut() error {
	e.rds.RecordCut(e.used.cut)
	var b store.Batch
	b.Delete(metaCut)
	return e.disk.Commit(context.Background(), &b)
}

// checkOwner refuses a directory whose ARNs are of another account or Region.
func (e *Emulator) checkOwner() error {
	is := owner{e.opts.Region, e.opts.AccountID}
	value, ok, err := e.disk.Get(metaOwner)
	if err != nil {
		return err
	}
	if ok {
		var was owner
		if err := json.Unmarshal(value, &was); err != nil {
			return e.disk.Damaged(metaOwner, err)
		}
		if was != is {
			return fmt.Errorf("the data directory %s is of account %s in %s, not %s in %s: give these, or another directory",
				e.opts.DataDir, was.Account, was.Region, is.Account, is.Region)
		}
		return nil
	}
	var b store.Batch
	if value, err = json.Marshal(is); err != nil {
		return err
	}
	b.Set(metaOwner, value)
	return e.disk.Commit(context.Background(), &b)
}

// noteComplete notes that the first cluster was made.
func (e *Emulator) noteComplete() error {
	if e.disk == nil {
		return nil
	}
	var b store.Batch
	b.Set(metaComplete, []byte{1})
	return e.disk.Commit(context.Background(), &b)
}

// resume starts the clusters and streams that the data directory has.
func (e *Emulator) resume(ctx context.Context) error {
	if e.disk == nil {
		return nil
	}
	e.resuming.Store(true)
	defer e.resuming.Store(false)
	if err := e.rds.Resume(ctx); err != nil {
		return fmt.Errorf("start the clusters of %s: %w", e.opts.DataDir, err)
	}
	if e.used.cut != "" {
		return e.tellCut()
	}
	if e.used.killed {
		e.rds.RecordKilled()
	}
	return nil
}

// closeDataDir notes that nothing was left undone, if so, and closes the store.
func (e *Emulator) closeDataDir() error {
	if e.disk == nil {
		return nil
	}
	var err error
	if e.first.ID != "" { // else the start has failed, and what the directory says still holds
		var b store.Batch
		b.Delete(metaRunning)
		err = e.disk.Commit(context.Background(), &b)
	}
	if err := errors.Join(err, e.disk.Close()); err != nil {
		return fmt.Errorf("close the data directory %s: %w", e.opts.DataDir, err)
	}
	return nil
}

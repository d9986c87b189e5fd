package store

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// stateDir is the database's directory inside the data directory.
const stateDir = "state"

// Sizes of the database. Memory stays within a few memtables and the cache. Writers
// never stand still for a compaction: a failing disk would hold them for good.
const (
	memTableSize  = 4 << 20
	maxMemTables  = 64
	maxSubLevels  = 1000
	blockCache    = 8 << 20
	formatVersion = pebble.FormatValueSeparation
)

// open opens the database, after the end of its log was looked at.
func (s *Store) open() (g *generation, ticket uint64, err error) {
	dir := filepath.Join(s.cfg.Dir, stateDir)
	g = &generation{ended: make(chan struct{})}
	g.guard = &guard{FS: vfs.Default, fault: s.cfg.Fault, failed: func() {
		select {
		case s.heal <- struct{}{}:
		default: // it has been told
		}
	}}
	if err := s.mendTail(dir); err != nil {
		return nil, 0, err
	}
	log := pebbleLog{s.log, g.guard, &s.bad}
	options := &pebble.Options{
		FS:                          g.guard,
		FormatMajorVersion:          formatVersion,
		CacheSize:                   blockCache,
		MemTableSize:                memTableSize,
		MemTableStopWritesThreshold: maxMemTables,
		L0StopWritesThreshold:       maxSubLevels,
		Logger:                      log,
		EventListener:               &pebble.EventListener{BackgroundError: log.failed, DataCorruption: log.damaged},
	}
	defer func() { // a damaged file may be more than Pebble expects
		if r := recover(); r != nil {
			g, err = nil, fmt.Errorf("open the database: %v", r)
		}
	}()
	g.db, err = pebble.Open(dir, options)
	if log, ok := damagedLog(err); ok && !g.guard.broken() {
		if err := s.cutLog(dir, log); err != nil {
			return nil, 0, err
		}
		g.db, err = pebble.Open(dir, options)
	}
	if err != nil {
		return nil, 0, err
	}
	// After a crash the log may have been read from memory that never got to the
	// disk. The flush writes what was read, so that what counts as stored is.
	err = g.db.Flush()
	if err == nil && g.guard.broken() {
		err = g.guard.why()
	}
	if err == nil {
		ticket, err = lastTicket(g.db)
	}
	if err != nil {
		return nil, 0, errors.Join(err, g.db.Close())
	}
	return g, ticket, nil
}

// pebbleLog is the database's logger. What Pebble calls fatal breaks the guard and
// nothing else.
type pebbleLog struct {
	log   *slog.Logger
	guard *guard
	bad   *sync.Map // the damaged files that were told, by path
}

func (l pebbleLog) Infof(format string, args ...any) {
	l.log.Debug("store: " + fmt.Sprintf(format, args...))
}

func (l pebbleLog) Errorf(format string, args ...any) {
	if !l.guard.broken() { // what follows a failure says nothing new
		l.log.Warn("store: " + fmt.Sprintf(format, args...))
	}
}

// damaged tells of a damaged file, once. Behind a broken guard nothing is: what seems to be
// missing or short was never written.
func (l pebbleLog) damaged(info pebble.DataCorruptionInfo) {
	if l.guard.broken() {
		return
	}
	if _, told := l.bad.LoadOrStore(info.Path, true); !told {
		l.log.Error("a file of the store is damaged: part of what it has cannot be read any more; "+
			"put a copy of the data directory in its place, or give another directory", "file", info.Path, "cause", info.Details.Error())
	}
}

// failed breaks the guard for what Pebble could not do behind the scenes. A damaged table is
// no reason: nothing was to be written to it, and Pebble leaves it alone for a while.
func (l pebbleLog) failed(err error) {
	if !IsDamage(err) {
		l.guard.fail(err)
	}
}

func (l pebbleLog) Fatalf(format string, args ...any) { l.guard.fail(fmt.Errorf(format, args...)) }

// healAll opens the directory again each time that the database has failed.
func (s *Store) healAll() {
	for {
		select {
		case <-s.stop:
			return
		case <-s.heal:
			s.mu.RLock()
			g := s.gen
			s.mu.RUnlock()
			if g.guard.broken() && !s.reopen(g) {
				return
			}
		}
	}
}

// reopen replaces a failed generation. It returns false if the store was closed
// before that worked.
func (s *Store) reopen(failed *generation) bool {
	s.log.Error("the store has failed; it takes no writes until its directory works again", "dir", s.cfg.Dir, "error", failed.guard.why())
	s.mu.Lock()
	db := failed.db
	failed.db = nil
	s.mu.Unlock()
	_ = db.Close() // nothing of it reaches the disk any more
	pause := s.cfg.Backoff
	for {
		if !s.sleep(pause) {
			close(failed.ended)
			return false
		}
		g, ticket, err := s.open()
		if err == nil {
			s.mu.Lock()
			s.gen = g
			s.ticket = ticket
			s.epoch.Add(1)
			s.mu.Unlock()
			failed.last, failed.known = ticket, true
			close(failed.ended)
			s.log.Info("the store works again", "dir", s.cfg.Dir)
			return true
		}
		s.log.Debug("the store does not open yet", "dir", s.cfg.Dir, "error", err)
		pause = min(2*pause, 16*s.cfg.Backoff)
	}
}

// sleep returns false if the store was closed meanwhile.
func (s *Store) sleep(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.stop:
		return false
	}
}

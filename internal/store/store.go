package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

// Config says where a store is. Dir is required.
type Config struct {
	Dir    string
	Logger *slog.Logger // nil: slog.Default()

	// Patience is how long a writer waits for a store that has failed under it,
	// and a store for being closed; 0: 2 seconds.
	Patience time.Duration
	// Backoff is the pause before a failed directory is opened again; it doubles
	// up to 16 times that. 0: 100 ms.
	Backoff time.Duration
	// Fault stands in for a bad disk. nil: the disk as it is.
	Fault Fault
}

// The errors of writers and readers.
var (
	// ErrBroken: the disk has failed. A batch that it answers is not stored and
	// never will be; once the disk works again, so does the store.
	ErrBroken = errors.New("the store has failed and takes no writes until its directory works again")
	// ErrLost: the batch was lost when the disk failed.
	ErrLost = errors.New("the batch was lost when the store failed")
	// ErrUnknown: the disk has failed, and whether the batch is stored is known
	// only when the directory works again.
	ErrUnknown = errors.New("the store has failed; whether the batch is stored is not known yet")
	// ErrStale: the store was opened again since the epoch that the batch is for.
	ErrStale = errors.New("the store was opened again")
	// ErrClosed: Close was called.
	ErrClosed = errors.New("the store is closed")
)

// Store is an open directory. It is safe for concurrent use.
type Store struct {
	cfg    Config
	log    *slog.Logger
	lock   *dirLock
	opened time.Time
	epoch  atomic.Uint64
	bad    sync.Map // see pebbleLog

	heal     chan struct{} // tells the healer that a generation has failed; holds one
	stop     chan struct{} // ends the healer
	healer   sync.WaitGroup
	cut      atomic.Pointer[string] // see Cut
	closing  sync.Once
	closeErr error

	mu     sync.RWMutex // held for reading while the database is used
	gen    *generation  // what is used, or the one that has failed
	closed bool

	order  sync.Mutex // held while a batch gets its ticket and its place in the log
	ticket uint64     // of the last batch
}

// generation is one opening of the database.
type generation struct {
	db    *pebble.DB // nil: closed after a failure
	guard *guard

	ended chan struct{} // closed when it is known what of a broken one is stored
	last  uint64        // the last ticket that is stored; after ended
	known bool          // last was found; after ended
}

// Open opens a directory, or makes it. It fails if another process uses it, if
// it is of another format or belongs to something else.
func Open(cfg Config) (*Store, error) {
	cfg.Patience = cmp.Or(cfg.Patience, 2*time.Second)
	cfg.Backoff = cmp.Or(cfg.Backoff, 100*time.Millisecond)
	cfg.Logger = cmp.Or(cfg.Logger, slog.Default())
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return nil, err
	}
	cfg.Dir = dir
	lock, err := claim(dir)
	if err != nil {
		return nil, err
	}
	s := &Store{cfg: cfg, log: cfg.Logger, lock: lock, opened: time.Now(), heal: make(chan struct{}, 1), stop: make(chan struct{})}
	if s.gen, s.ticket, err = s.open(); err != nil {
		if err = fmt.Errorf("open the data directory %s: %w", dir, err); IsDamage(err) {
			err = fmt.Errorf("%w: put a copy of the directory in its place, or give another directory", err)
		}
		return nil, errors.Join(err, lock.release())
	}
	s.epoch.Store(1)
	s.healer.Go(s.healAll)
	return s, nil
}

// Close ends the store. Batches that were applied are on disk, unless the disk
// has failed.
func (s *Store) Close() error {
	s.closing.Do(func() {
		close(s.stop)
		s.healer.Wait()
		s.mu.Lock()
		defer s.mu.Unlock()
		s.closed = true
		var err error
		if s.gen.db != nil {
			err = s.gen.db.Close()
			s.gen.db = nil
			if s.gen.guard.broken() {
				close(s.gen.ended)
			}
		}
		if s.gen.guard.broken() {
			err = s.gen.guard.why() // what follows from it says nothing new
		}
		s.closeErr = errors.Join(err, s.lock.release())
	})
	return s.closeErr
}

// Cut is the directory that keeps a log that was damaged, and was cut where the damage begins: what
// had been stored later is lost. It is empty if there was none since Open.
func (s *Store) Cut() string {
	if dir := s.cut.Load(); dir != nil {
		return *dir
	}
	return ""
}

// Epoch changes when the store was opened again after a failure. What a caller
// has derived from the store may be wrong then.
func (s *Store) Epoch() uint64 { return s.epoch.Load() }

// use returns the database for a moment that ends with the call of done.
func (s *Store) use() (g *generation, done func(), err error) {
	s.mu.RLock()
	switch {
	case s.closed:
		err = ErrClosed
	case s.gen.db == nil || s.gen.guard.broken():
		err = fmt.Errorf("%w: %w", ErrBroken, s.gen.guard.why())
	}
	if err != nil {
		s.mu.RUnlock()
		return nil, nil, err
	}
	return s.gen, s.mu.RUnlock, nil
}

// Commit stores a batch and waits until it is on disk.
func (s *Store) Commit(ctx context.Context, b *Batch) error {
	p, err := s.Apply(b, 0)
	if err != nil {
		return err
	}
	return p.Wait(ctx)
}

// Apply puts a batch behind all that were applied before. Its changes can be read
// at once and are durable when Wait says so. With an epoch other than 0 it is
// refused if the store's is another.
func (s *Store) Apply(b *Batch, epoch uint64) (*Pending, error) {
	g, done, err := s.use()
	if err != nil {
		return nil, err
	}
	defer done()
	if epoch != 0 && epoch != s.epoch.Load() {
		return nil, ErrStale
	}
	batch, err := b.in(g.db)
	if err != nil {
		return nil, err
	}
	s.order.Lock()
	defer s.order.Unlock()
	s.ticket++
	if err := setTicket(batch, s.ticket); err != nil {
		return nil, err
	}
	if err := g.db.ApplyNoSyncWait(batch, pebble.Sync); err != nil {
		g.guard.fail(err) // it may be in the log all the same
	}
	return &Pending{s: s, g: g, batch: batch, ticket: s.ticket}, nil
}

// Pending is a batch on its way to the disk. Wait must be called once.
type Pending struct {
	s      *Store
	g      *generation
	batch  *pebble.Batch
	ticket uint64
}

// Wait returns nil when the batch is on disk. If the store fails before, it waits
// for the store to be opened again, which tells: as long as ctx allows if that
// has an end of its own, else for Config.Patience.
func (p *Pending) Wait(ctx context.Context) error {
	err := p.batch.SyncWait()
	if err == nil && !p.g.guard.broken() {
		return p.batch.Close()
	}
	patience := make(<-chan time.Time)
	if ctx.Done() == nil {
		timer := time.NewTimer(p.s.cfg.Patience)
		defer timer.Stop()
		patience = timer.C
	}
	select {
	case <-p.g.ended:
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrUnknown, ctx.Err())
	case <-patience:
		return ErrUnknown
	}
	switch {
	case !p.g.known:
		return ErrUnknown
	case p.ticket <= p.g.last:
		return nil
	}
	return ErrLost
}

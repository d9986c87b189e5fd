package catalog

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
)

// Config of a Catalog. Only Connect is required.
type Config struct {
	// Connect opens a connection to the real server's database, as a role that may
	// read the catalogues (any role may, unless someone revoked it).
	Connect func(ctx context.Context, database string) (*pgx.Conn, error)
	// Home is the database that is asked about what all of them share, so that a new
	// one need not be connected to first. Empty: the session's own.
	Home string
	// Logger gets failures and recoveries; nil discards them.
	Logger *slog.Logger
	// MaxWait is how long a look-up waits for the server. Zero: 250 ms.
	MaxWait time.Duration
	// CheckInterval is the least time between two checks for DDL by others. Zero: 1 s.
	CheckInterval time.Duration
	// NegativeTTL is how long "not found" is believed. Zero: 1 s.
	NegativeTTL time.Duration
	// IdleTimeout closes a side connection that nobody asked. Zero: 30 s.
	IdleTimeout time.Duration
	// MaxConns bounds the side connections to the server. Zero: 8.
	MaxConns int
	// MaxEntries and MaxBytes bound the cache. Zero: 16384 entries, 64 MiB.
	MaxEntries int
	MaxBytes   int
}

func (cfg *Config) defaults() {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	orDuration(&cfg.MaxWait, 250*time.Millisecond)
	orDuration(&cfg.CheckInterval, time.Second)
	orDuration(&cfg.NegativeTTL, time.Second)
	orDuration(&cfg.IdleTimeout, 30*time.Second)
	orInt(&cfg.MaxConns, 8)
	orInt(&cfg.MaxEntries, 16384)
	orInt(&cfg.MaxBytes, 64<<20)
}

func orDuration(d *time.Duration, def time.Duration) {
	if *d <= 0 {
		*d = def
	}
}

func orInt(n *int, def int) {
	if *n <= 0 {
		*n = def
	}
}

// Catalog resolves names on the real server. Its methods are safe for
// concurrent use; they answer "not found" unless Run is running.
type Catalog struct {
	cfg   Config
	cache *cache
	start time.Time // now() counts from here, monotonic

	versions  atomic.Uint64 // last version given to any database
	databases atomic.Pointer[map[string]*database]

	mu      sync.Mutex // guards replacing databases, unstarted and closed
	waiting []*database
	closed  bool

	wake     chan struct{} // tells Run that waiting is not empty
	slots    chan struct{} // one token for each open connection
	pressure chan struct{} // a worker without a slot asks an idle one to give up its own
}

// New checks cfg. The catalogue works while Run does.
func New(cfg Config) (*Catalog, error) {
	if cfg.Connect == nil {
		return nil, errors.New("catalog: Config.Connect is missing")
	}
	cfg.defaults()
	return &Catalog{
		cfg:      cfg,
		cache:    newCache(cfg.MaxEntries, cfg.MaxBytes),
		start:    time.Now(),
		wake:     make(chan struct{}, 1),
		slots:    make(chan struct{}, cfg.MaxConns),
		pressure: make(chan struct{}),
	}, nil
}

// Run serves look-ups until ctx ends. When it returns, every connection is
// closed and every goroutine has ended; later look-ups find nothing. It is
// called once, and returns nil.
func (c *Catalog) Run(ctx context.Context) error {
	var workers sync.WaitGroup
	for {
		select {
		case <-ctx.Done():
			c.mu.Lock()
			c.closed = true
			waiting := c.waiting
			c.waiting = nil
			c.mu.Unlock()
			for _, d := range waiting {
				d.end()
			}
			workers.Wait()
			return nil
		case <-c.wake:
			c.mu.Lock()
			waiting := c.waiting
			c.waiting = nil
			c.mu.Unlock()
			for _, d := range waiting {
				workers.Go(func() { d.run(ctx) })
			}
		}
	}
}

// Invalidate voids all cached answers of a database; "" means of all databases. Call it
// when DDL completed and when a transaction that held DDL ended.
func (c *Catalog) Invalidate(database string) {
	m := c.databases.Load()
	if m == nil {
		return
	}
	for name, d := range *m {
		if database == "" || name == database {
			d.version.Store(c.versions.Add(1))
		}
	}
}

// Release closes the side connection of a database as soon as it has nothing to
// ask. Call it when a session ends: DROP DATABASE and CREATE DATABASE …
// TEMPLATE wait five seconds for other connections to go, and then fail.
func (c *Catalog) Release(database string) {
	m := c.databases.Load()
	if m == nil {
		return
	}
	if d := (*m)[database]; d != nil {
		select {
		case d.release <- struct{}{}:
		default:
		}
	}
}

// now is a monotonic clock that fits in an atomic.
func (c *Catalog) now() int64 { return int64(time.Since(c.start)) }

// database returns the live database of that name, nil after Run.
func (c *Catalog) database(name string) *database {
	if m := c.databases.Load(); m != nil {
		if d := (*m)[name]; d != nil {
			return d
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	next := map[string]*database{}
	if m := c.databases.Load(); m != nil {
		if d := (*m)[name]; d != nil {
			return d
		}
		next = maps.Clone(*m)
	}
	d := newDatabase(c, name)
	next[name] = d
	c.databases.Store(&next)
	c.waiting = append(c.waiting, d)
	select {
	case c.wake <- struct{}{}:
	default:
	}
	return d
}

// forget removes a database whose worker ends.
func (c *Catalog) forget(d *database) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m := c.databases.Load(); m != nil && (*m)[d.name] == d {
		next := maps.Clone(*m)
		delete(next, d.name)
		c.databases.Store(&next)
	}
}

// lookup answers k from the cache or the server; nil is "not found".
func (c *Catalog) lookup(ctx context.Context, k *key) any {
	value, d := c.recall(ctx, k)
	if d == nil {
		return value
	}
	return d.ask(ctx, *k, nil)
}

// recall answers k from the cache; if the server must be asked it returns the database.
func (c *Catalog) recall(ctx context.Context, k *key) (any, *database) {
	d := c.database(k.database)
	if d == nil {
		return nil, nil
	}
	d.refresh(ctx)
	now := c.now()
	e := c.cache.get(k)
	if e != nil && (e.version == d.version.Load() || k.kind == kindTemp) && now < e.expires {
		return e.value, nil
	}
	if now < d.downUntil.Load() {
		if e != nil {
			return e.value, nil // old, but the best there is
		}
		return nil, nil
	}
	return nil, d
}

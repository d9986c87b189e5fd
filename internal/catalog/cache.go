package catalog

import (
	"hash/maphash"
	"maps"
	"sync"
	"sync/atomic"
)

// kind is the sort of question that a key asks.
type kind uint8

const (
	kindRelation kind = iota + 1 // name: relation name
	kindFunction                 // name: function name
	kindFunctionOID
	kindView    // num: view's OID
	kindRole    // name: login role, aux: current role
	kindTemp    // num: PID
	kindParams  // name: SQL text, aux: path, num: given types
	kindType    // num: type's OID
	kindRegName // name: the value, aux: role, num: path and type
	// kindAnalysis is kindParams with all that the server makes of the statement.
	kindAnalysis
	kindCount // num: a materialised view's OID; never cached
	kindCheck // the fingerprint; never cached
)

// key names one question to one database.
type key struct {
	kind     kind
	database string
	name     string
	aux      string
	num      uint64
}

// entry is one cached answer. value is nil for "not found".
type entry struct {
	value   any
	version uint64 // of the database when the question was sent
	expires int64  // Catalog.now
	cost    int
	used    atomic.Bool // since the last eviction scan
}

const (
	shardCount   = 32
	entryExtra   = 256     // estimated overhead of an entry and its key, bytes
	maxEntrySize = 4 << 20 // larger answers are given but not kept
)

// cache maps keys to entries. Readers take no lock: a shard is an immutable map that
// writers replace (an insert costs a copy of some hundred pointers, next to a
// round trip to the server).
type cache struct {
	seed       maphash.Seed
	maxEntries int // of a shard
	maxBytes   int // of a shard
	shards     [shardCount]shard
}

type shard struct {
	current atomic.Pointer[map[key]*entry]
	mu      sync.Mutex // serialises writers; guards bytes
	bytes   int
	_       [64]byte
}

func newCache(entries, bytes int) *cache {
	return &cache{
		seed:       maphash.MakeSeed(),
		maxEntries: max(entries/shardCount, 1),
		maxBytes:   max(bytes/shardCount, 1),
	}
}

func (c *cache) shard(k *key) *shard {
	h := maphash.String(c.seed, k.name) + k.num*0x9e3779b97f4a7c15 + uint64(k.kind)
	return &c.shards[(h^h>>32)%shardCount]
}

// get returns the entry of k, if there is one; the caller judges its age.
func (c *cache) get(k *key) *entry {
	m := c.shard(k).current.Load()
	if m == nil {
		return nil
	}
	e := (*m)[*k]
	if e != nil && !e.used.Load() {
		e.used.Store(true)
	}
	return e
}

func (c *cache) put(k key, e *entry) {
	e.cost += entryExtra + len(k.name) + len(k.aux)
	if e.cost > maxEntrySize {
		return
	}
	s := c.shard(&k)
	s.mu.Lock()
	defer s.mu.Unlock()
	next := map[key]*entry{}
	if old := s.current.Load(); old != nil {
		next = maps.Clone(*old)
	}
	s.remove(next, k)
	s.makeRoom(next, func() bool { return len(next) < c.maxEntries && s.bytes+e.cost <= c.maxBytes })
	next[k] = e
	s.bytes += e.cost
	s.current.Store(&next)
}

// remove drops k from m; the caller holds s.mu.
func (s *shard) remove(m map[key]*entry, k key) {
	if e := m[k]; e != nil {
		s.bytes -= e.cost
		delete(m, k)
	}
}

// makeRoom drops entries, in the map's random order, until there is room: those that were
// not read since a scan passed them last, and only if these are not enough any others. The
// caller holds s.mu.
func (s *shard) makeRoom(m map[key]*entry, room func() bool) {
	for range 2 { // the second scan finds read only what is being read
		for k, e := range m {
			if room() {
				return
			}
			if !e.used.Swap(false) {
				s.remove(m, k)
			}
		}
	}
}

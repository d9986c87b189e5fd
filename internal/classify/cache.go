package classify

import (
	"strings"
	"sync"
)

// cache maps texts to what they say, within a number of bytes. Two generations
// stand in for a least-recently-used list: what is not asked for while the young
// one fills up is forgotten with the old one.
type cache struct {
	mu    sync.RWMutex
	limit int // bytes of one generation
	young map[string][]Statement
	old   map[string][]Statement
	bytes int // of young
}

func newCache(limit int) *cache {
	return &cache{limit: limit / 2, young: map[string][]Statement{}}
}

func (c *cache) get(key string) ([]Statement, bool) {
	c.mu.RLock()
	v, ok := c.young[key]
	aged := false
	if !ok {
		v, ok = c.old[key]
		aged = ok
	}
	c.mu.RUnlock()
	if aged {
		c.put(key, v)
	}
	return v, ok
}

// getBytes is get without making a string of the key.
func (c *cache) getBytes(key []byte) ([]Statement, bool) {
	c.mu.RLock()
	v, ok := c.young[string(key)]
	c.mu.RUnlock()
	if ok {
		return v, true
	}
	c.mu.RLock()
	v, ok = c.old[string(key)]
	c.mu.RUnlock()
	if ok {
		c.put(string(key), v)
	}
	return v, ok
}

func (c *cache) put(key string, v []Statement) {
	size := len(key) + entrySize(v)
	if size > c.limit/4 {
		return
	}
	key = strings.Clone(key)
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.young[key]; ok {
		return
	}
	if c.bytes+size > c.limit {
		c.old, c.young, c.bytes = c.young, make(map[string][]Statement, len(c.young)), 0
	}
	c.young[key] = v
	c.bytes += size
}

// entrySize is about what an entry holds besides its key.
func entrySize(v []Statement) int {
	n := 100
	for i := range v {
		n += statementSize(&v[i])
	}
	return n
}

func statementSize(s *Statement) int {
	n := 300 + len(s.Command) + len(s.Name) + len(s.Text) + len(s.Key) + 24*len(s.Args)
	for _, r := range s.Relations {
		n += 40 + len(r.Schema) + len(r.Name)
	}
	for _, f := range s.Functions {
		n += 48 + len(f.Schema) + len(f.Name)
	}
	for _, e := range s.Effects {
		n += 90 + len(e.Schema) + len(e.Name)
		for _, v := range e.Values {
			n += 16 + len(v)
		}
	}
	for _, a := range s.Args {
		n += len(a.Text)
	}
	if s.Inner != nil {
		n += statementSize(s.Inner)
	}
	return n
}

package catalog

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func TestCacheIsBounded(t *testing.T) {
	c := newCache(640, 1<<20)
	hot := key{kind: kindRelation, database: "d", name: "hot"}
	c.put(hot, &entry{value: "hot"})
	for i := range 20000 {
		c.put(key{kind: kindRelation, database: "d", name: fmt.Sprint(i)}, &entry{value: i, cost: rand.IntN(2000)})
		if c.get(&hot) == nil {
			t.Fatalf("the entry in use was evicted after %d", i)
		}
	}
	if n := c.len(); n > 640 || n < 320 {
		t.Errorf("%d entries", n)
	}
	total := 0
	for i := range c.shards {
		s := &c.shards[i]
		sum := 0
		for _, e := range *s.current.Load() {
			sum += e.cost
		}
		if sum != s.bytes {
			t.Errorf("shard %d counts %d bytes, has %d", i, s.bytes, sum)
		}
		total += sum
	}
	if total > 1<<20 {
		t.Errorf("%d bytes", total)
	}
	c.put(key{name: "huge"}, &entry{cost: maxEntrySize + 1})
	if c.get(&key{name: "huge"}) != nil {
		t.Error("an entry above the limit was kept")
	}
}

// len counts the entries.
func (c *cache) len() (n int) {
	for i := range c.shards {
		if m := c.shards[i].current.Load(); m != nil {
			n += len(*m)
		}
	}
	return n
}

package consumer

import (
	"bytes"
	"slices"
)

// keyCache remembers data keys by their KMS blob, the least recently used
// forgotten first and zeroed. Records name few keys, so a slice will do.
type keyCache struct {
	max     int
	entries []keyEntry // the most recently used last
}

type keyEntry struct{ blob, plaintext []byte }

func newKeyCache(size int) *keyCache { return &keyCache{max: max(size, 1)} }

// get returns the key, which stays the cache's, or nil.
func (c *keyCache) get(blob []byte) []byte {
	i := slices.IndexFunc(c.entries, func(e keyEntry) bool { return bytes.Equal(e.blob, blob) })
	if i < 0 {
		return nil
	}
	e := c.entries[i]
	c.entries = append(slices.Delete(c.entries, i, i+1), e)
	return e.plaintext
}

// put takes a key over and returns it.
func (c *keyCache) put(blob, plaintext []byte) []byte {
	if len(c.entries) == c.max {
		clear(c.entries[0].plaintext)
		c.entries = slices.Delete(c.entries, 0, 1)
	}
	c.entries = append(c.entries, keyEntry{bytes.Clone(blob), plaintext})
	return plaintext
}

// drop zeroes every key.
func (c *keyCache) drop() {
	for _, e := range c.entries {
		clear(e.plaintext)
	}
	c.entries = nil
}

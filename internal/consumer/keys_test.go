package consumer

import (
	"bytes"
	"testing"
)

func TestKeyCache(t *testing.T) {
	c := newKeyCache(2)
	key := func(b byte) []byte { return bytes.Repeat([]byte{b}, 32) }
	first, second, third := key(1), key(2), key(3)
	c.put([]byte("first"), first)
	c.put([]byte("second"), second)
	if !bytes.Equal(c.get([]byte("first")), key(1)) {
		t.Error("the first is gone")
	}
	c.put([]byte("third"), third)
	if c.get([]byte("second")) != nil || !bytes.Equal(second, make([]byte, 32)) {
		t.Error("the least recently used key is still there")
	}
	if !bytes.Equal(c.get([]byte("first")), key(1)) || !bytes.Equal(c.get([]byte("third")), key(3)) {
		t.Error("a key was forgotten too early")
	}
	c.drop()
	if len(c.entries) > 0 || !bytes.Equal(first, make([]byte, 32)) || !bytes.Equal(third, make([]byte, 32)) {
		t.Error("not zeroed at the end")
	}
}

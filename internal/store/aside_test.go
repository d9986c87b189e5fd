package store_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/das-local/das-local/internal/store"
)

// TestADamagedTable flips a bit of a file that holds values: readers of it are told, and
// what to do; all else goes on.
func TestADamagedTable(t *testing.T) {
	dir := t.TempDir()
	s := open(t, store.Config{Dir: dir})
	noise := func(n uint64) []byte { // which does not compress
		b := make([]byte, 1000)
		x := n*2654435761 + 1
		for i := range b {
			x ^= x << 13
			x ^= x >> 7
			x ^= x << 17
			b[i] = byte(x)
		}
		return b
	}
	for n := range uint64(1000) {
		var b store.Batch
		b.Set(key(n), noise(n))
		if err := s.Commit(context.Background(), &b); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	open(t, store.Config{Dir: dir}).Close() // what was in the log is in a table now
	tables, err := filepath.Glob(filepath.Join(dir, "state", "*.sst"))
	if err != nil || len(tables) == 0 {
		t.Fatalf("%d tables: %v", len(tables), err)
	}
	slices.SortFunc(tables, func(a, b string) int { return int(size(t, b) - size(t, a)) })
	data, err := os.ReadFile(tables[0])
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 4
	if err := os.WriteFile(tables[0], data, 0o600); err != nil {
		t.Fatal(err)
	}
	var log logBuffer
	s = open(t, store.Config{Dir: dir, Logger: log.logger()})
	read, damaged := 0, 0
	for n := range uint64(1000) {
		v, ok, err := s.Get(key(n))
		switch {
		case err == nil && ok && string(v) == string(noise(n)):
			read++
		case store.IsDamage(err) && strings.Contains(err.Error(), dir+" is damaged: ") && strings.HasSuffix(err.Error(), "put a copy of the directory in its place, or give another directory"):
			damaged++
		default:
			t.Fatalf("record %d: %v, %v", n, ok, err)
		}
	}
	if read == 0 || damaged == 0 {
		t.Errorf("%d records are read, %d damaged", read, damaged)
	}
	err = s.Scan(key(0), key(1000), func(_, _ []byte) bool { return true })
	if !store.IsDamage(err) {
		t.Errorf("the scan says %v", err)
	}
	if said := log.String(); strings.Count(said, "level=ERROR") != 1 || !strings.Contains(said, "file="+tables[0]) || len(said) > 1000 {
		t.Errorf("the log says %.2000s", said)
	}
	for range 5 { // tables of it are merged with the damaged one, or would be
		var b store.Batch
		for n := range uint64(6000) {
			b.Set(key(n%1000), noise(n))
		}
		if err := s.Commit(context.Background(), &b); err != nil {
			t.Fatal(err)
		}
	}
	if epoch := s.Epoch(); epoch != 1 {
		t.Errorf("the store was opened %d times", epoch)
	}
}

func size(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

package kinesisfake

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/das-local/das-local/internal/await"
)

// TestMemoryStaysFlat stores 400 MB of records: on disk they must not stay in
// memory.
func TestMemoryStaysFlat(t *testing.T) {
	s := newServer(t, Config{Store: openStore(t, t.TempDir(), nil)})
	if err := s.CreateStream(t.Context(), "s", 1); err != nil {
		t.Fatal(err)
	}
	records := make([]Record, 400)
	for i := range records {
		records[i] = Record{PartitionKey: fmt.Sprint(i), Data: []byte(strings.Repeat(fmt.Sprintf("%09d,", i), 1000))}
	}
	put := func(calls int) {
		for range calls {
			if err := s.PutRecords(t.Context(), "s", records); err != nil {
				t.Fatal(err)
			}
		}
	}
	put(10)
	before := live()
	put(90)
	await.Seen(t, "no more in the heap than before, when the store has caught up", func() (any, bool) {
		grown := live() - before
		return fmt.Sprintf("%d MB are stored, %d MB more are in the heap than after 40 MB", s.used.Load()>>20, grown>>20), grown < 100<<20
	})
}

// live is what the heap has that is in use. The process has more, and under the race
// detector many times that, depending on when the collector ran.
func live() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

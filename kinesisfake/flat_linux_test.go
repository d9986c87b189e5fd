package kinesisfake

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
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
	before := resident(t)
	put(90)
	if grown := resident(t) - before; grown > 200<<20 {
		t.Errorf("the process has grown by %d MB", grown>>20)
	} else {
		t.Logf("%d MB are stored, the process has %d MB, %d MB more than after 40 MB", s.used.Load()>>20, resident(t)>>20, grown>>20)
	}
}

// resident is the memory of the process, outside of Go's heap too.
func resident(t *testing.T) int64 {
	t.Helper()
	runtime.GC()
	status, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	var size, pages int64
	if _, err := fmt.Sscan(string(status), &size, &pages); err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

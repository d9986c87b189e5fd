package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/das-local/das-local/e2e/testbed"
)

// samples are measurements of das-local, once a second.
type samples struct {
	resident []int // KiB
	heap     []int // KiB that the last collection left; the trace has it in MiB
	files    []int // open descriptors
}

// What may be added between the first third after the warm-up and the last: a quarter,
// and what buffers, caches and the collector's timing make of it.
const (
	moreResident = 32 << 10
	moreHeap     = 12 << 10
	moreFiles    = 32
)

var (
	residentLine = regexp.MustCompile(`(?m)^VmRSS:\s+(\d+) kB`)
	gcLine       = regexp.MustCompile(`(?m)^gc \d+ .* \d+->\d+->(\d+) MB`)
)

// take measures until ctx ends.
func (m *samples) take(ctx context.Context, p *testbed.Process) error {
	for sleep(ctx, time.Second) {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID()))
		if err != nil {
			return err
		}
		files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.PID()))
		if err != nil {
			return err
		}
		found := residentLine.FindSubmatch(status)
		if found == nil {
			return errors.New("the system does not say how much memory is resident")
		}
		kib, err := strconv.Atoi(string(found[1]))
		if err != nil {
			return err
		}
		m.resident, m.files = append(m.resident, kib), append(m.files, len(files))
		if heap := lastHeap(p.Stderr.String()); heap > 0 {
			m.heap = append(m.heap, heap)
		}
	}
	return nil
}

// lastHeap is the live heap in KiB after the last collection in a log; 0: there is none.
func lastHeap(log string) int {
	const enough = 64 << 10 // of the log's end
	found := gcLine.FindAllStringSubmatch(log[max(0, len(log)-enough):], -1)
	if found == nil {
		return 0
	}
	mib, err := strconv.Atoi(found[len(found)-1][1])
	if err != nil {
		return 0
	}
	return mib << 10
}

// judge says whether das-local takes as much at the end as after the warm-up.
func (m *samples) judge() error {
	return errors.Join(
		flat("resident memory, KiB", m.resident, moreResident),
		flat("live heap, KiB", m.heap, moreHeap),
		flat("descriptors", m.files, moreFiles))
}

// flat leaves the first fifth out and compares the medians of the first and the last
// third of the rest.
func flat(what string, list []int, more int) error {
	list = list[len(list)/5:]
	if len(list) < 6 {
		return fmt.Errorf("%s: %d samples are too few", what, len(list))
	}
	third := len(list) / 3
	first, last := median(list[:third]), median(list[len(list)-third:])
	fmt.Printf("%s: %d after the warm-up, %d at the end, at most %d\n", what, first, last, slices.Max(list))
	if limit := first + first/4 + more; last > limit {
		return fmt.Errorf("%s: it grows from %d to %d, beyond %d", what, first, last, limit)
	}
	return nil
}

func median(list []int) int {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}

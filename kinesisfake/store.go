package kinesisfake

import "sort"

// entry is a stored record. Its bytes never change.
type entry struct {
	partitionKey string
	data         []byte
	arrival      int64 // milliseconds since 1970, never less than that of the one before
	encrypted    bool  // the stream's encryption was on
}

// entryOverhead is what an entry costs beside its bytes, for the byte budget.
const entryOverhead = 80

func (e *entry) size() int64 { return int64(len(e.partitionKey)+len(e.data)) + entryOverhead }

// recordLog keeps the records of one shard by position. The first record has
// position 1, and there are no gaps. A log is used under its shard's lock.
type recordLog interface {
	// append stores all entries or, with an error, none. They get the
	// positions from next on.
	append(entries []entry) error
	// bounds tells the positions that are kept: first, up to but not next.
	bounds() (first, next uint64)
	// at returns a kept record.
	at(position uint64) *entry
	// trim drops the records before a position.
	trim(before uint64)
}

// search finds the first kept record that arrived at a time or later, or next.
func search(log recordLog, arrival int64) uint64 {
	first, next := log.bounds()
	n := sort.Search(int(next-first), func(i int) bool {
		return log.at(first+uint64(i)).arrival >= arrival
	})
	return first + uint64(n)
}

// chunkSize is how many entries memoryLog allocates at once.
const chunkSize = 256

// memoryLog keeps records in chunks, so that neither growing nor trimming ever
// moves them.
type memoryLog struct {
	chunks      []*[chunkSize]entry
	offset      uint64 // the position that the first chunk begins with
	first, next uint64
}

func newMemoryLog() recordLog { return &memoryLog{offset: 1, first: 1, next: 1} }

func (l *memoryLog) append(entries []entry) error {
	for i := range entries {
		n := l.next - l.offset
		if n == uint64(len(l.chunks))*chunkSize {
			l.chunks = append(l.chunks, new([chunkSize]entry))
		}
		l.chunks[n/chunkSize][n%chunkSize] = entries[i]
		l.next++
	}
	return nil
}

func (l *memoryLog) bounds() (first, next uint64) { return l.first, l.next }

func (l *memoryLog) at(position uint64) *entry {
	n := position - l.offset
	return &l.chunks[n/chunkSize][n%chunkSize]
}

func (l *memoryLog) trim(before uint64) {
	for before = min(before, l.next); l.first < before; l.first++ {
		*l.at(l.first) = entry{}
	}
	if n := (l.first - l.offset) / chunkSize; n > 0 {
		clear(l.chunks[:n])
		l.chunks = l.chunks[n:]
		l.offset += n * chunkSize
	}
}

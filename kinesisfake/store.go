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
// position 1, and there are no gaps. A log is used under its shard's lock. The
// errors are those of the disk; a log in memory has none.
type recordLog interface {
	// append stores all entries or, with an error, none. They get the
	// positions from next on.
	append(entries []entry) error
	// bounds tells the positions that may be read: first, up to but not next.
	bounds() (first, next uint64, err error)
	// pending reports whether records behind next are on their way.
	pending() bool
	// at returns a kept record.
	at(position uint64) (*entry, error)
	// scan returns copies of the records of a page: from a kept position on, up
	// to but not another one, at most limit, and, but for the first, at most
	// maxBytes of data and keys.
	scan(from, to uint64, limit int, maxBytes int64) ([]entry, error)
	// enough finds the position up to which records must be dropped to free so
	// many bytes, or the first one that arrived after a time.
	enough(bytes, arrival int64) (uint64, error)
	// trim drops the records before a position and returns the bytes freed.
	trim(before uint64) (freed int64, err error)
}

// search finds the first kept record that arrived at a time or later, or next.
func search(log recordLog, arrival int64) (uint64, error) {
	first, next, err := log.bounds()
	if err != nil {
		return 0, err
	}
	n := sort.Search(int(next-first), func(i int) bool {
		e, atErr := log.at(first + uint64(i))
		if atErr != nil {
			err = atErr
			return true
		}
		return e.arrival >= arrival
	})
	return first + uint64(n), err
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

func newMemoryLog(*stream, int) recordLog { return &memoryLog{offset: 1, first: 1, next: 1} }

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

func (l *memoryLog) bounds() (first, next uint64, err error) { return l.first, l.next, nil }

func (l *memoryLog) pending() bool { return false }

func (l *memoryLog) at(position uint64) (*entry, error) { return l.get(position), nil }

func (l *memoryLog) get(position uint64) *entry {
	n := position - l.offset
	return &l.chunks[n/chunkSize][n%chunkSize]
}

func (l *memoryLog) scan(from, end uint64, limit int, maxBytes int64) ([]entry, error) {
	to, bytes := from, int64(0)
	for to < end && to-from < uint64(limit) {
		bytes += l.get(to).size() - entryOverhead
		if to > from && bytes > maxBytes {
			break
		}
		to++
	}
	entries := make([]entry, 0, to-from)
	for ; from < to; from++ {
		entries = append(entries, *l.get(from))
	}
	return entries, nil
}

func (l *memoryLog) enough(bytes, arrival int64) (uint64, error) {
	to := l.first
	for freed := int64(0); to < l.next && freed < bytes; to++ {
		e := l.get(to)
		if e.arrival > arrival {
			break
		}
		freed += e.size()
	}
	return to, nil
}

func (l *memoryLog) trim(before uint64) (freed int64, err error) {
	for before = min(before, l.next); l.first < before; l.first++ {
		e := l.get(l.first)
		freed += e.size()
		*e = entry{}
	}
	if n := (l.first - l.offset) / chunkSize; n > 0 {
		clear(l.chunks[:n])
		l.chunks = l.chunks[n:]
		l.offset += n * chunkSize
	}
	return freed, nil
}

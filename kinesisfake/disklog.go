package kinesisfake

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sort"

	"github.com/das-local/das-local/internal/store"
)

// diskLog keeps the records of a shard in a store. Memory holds numbers only. What
// is written becomes readable when it is durable.
type diskLog struct {
	store *store.Store
	id    [2]uint64 // stream, shard
	epoch uint64    // of the store; if it has another, the rest is read again

	deleted     uint64 // records before it are gone from the store too
	first, next uint64 // the positions that may be read
	tail        uint64 // behind the last record, durable or on its way
	base, end   int64  // bytes of all records before first, and before tail
	arrival     int64  // of the last record when the bounds were read
}

func (s *Server) newDiskLog(st *stream, shard int) recordLog {
	return &diskLog{store: s.cfg.Store, id: [2]uint64{st.number, uint64(shard)}}
}

// trimThreshold is how many records are dropped before the store is told.
const trimThreshold = 256

func (l *diskLog) key(position uint64) []byte {
	return store.Key(store.KindRecord, l.id[0], l.id[1], position)
}

// stored is a record as it is in the store: arrival, bytes of the shard up to and
// with it, flags, the key with its length before it, the data.
const storedHead = 8 + 8 + 1 + 2

func (e *entry) stored(end int64) []byte {
	b := make([]byte, 0, storedHead+len(e.partitionKey)+len(e.data))
	b = binary.BigEndian.AppendUint64(b, uint64(e.arrival))
	b = binary.BigEndian.AppendUint64(b, uint64(end))
	if e.encrypted {
		b = append(b, 1)
	} else {
		b = append(b, 0)
	}
	b = binary.BigEndian.AppendUint16(b, uint16(len(e.partitionKey)))
	b = append(b, e.partitionKey...)
	return append(b, e.data...)
}

// parseStored is the opposite of stored. The entry has bytes of its own.
func parseStored(b []byte) (e entry, end int64, err error) {
	if len(b) < storedHead {
		return e, 0, fmt.Errorf("a stored record has %d bytes", len(b))
	}
	n := int(binary.BigEndian.Uint16(b[17:]))
	if len(b) < storedHead+n {
		return e, 0, errors.New("a stored record ends in its key")
	}
	e.arrival, end = int64(binary.BigEndian.Uint64(b)), int64(binary.BigEndian.Uint64(b[8:]))
	e.encrypted = b[16] == 1
	e.partitionKey = string(b[storedHead : storedHead+n])
	e.data = append([]byte{}, b[storedHead+n:]...)
	return e, end, nil
}

// refresh reads the bounds if the store was opened since they were.
func (l *diskLog) refresh() error {
	epoch := l.store.Epoch()
	if epoch == l.epoch {
		return nil
	}
	l.deleted, l.base = 1, 0
	trim, ok, err := l.store.Get(store.Key(store.KindTrim, l.id[0], l.id[1]))
	if err != nil {
		return err
	}
	if ok {
		if len(trim) != 16 {
			return l.store.Damaged(store.Key(store.KindTrim, l.id[0], l.id[1]), fmt.Errorf("it has %d bytes", len(trim)))
		}
		l.deleted, l.base = binary.BigEndian.Uint64(trim), int64(binary.BigEndian.Uint64(trim[8:]))
	}
	l.first, l.tail, l.end = l.deleted, l.deleted, l.base
	var bad error
	err = l.store.Last(l.key(l.deleted), store.After(store.Key(store.KindRecord, l.id[0], l.id[1])), func(key, value []byte) {
		position, _ := store.Number(key, 2)
		l.tail = position + 1
		var last entry
		if last, l.end, bad = parseStored(value); bad != nil {
			bad = l.store.Damaged(key, bad)
		}
		l.arrival = last.arrival
	})
	l.next = l.tail
	if err := errors.Join(err, bad); err != nil {
		return err
	}
	l.epoch = epoch
	return nil
}

// stage puts entries into a batch. When the batch is applied, advance is called,
// and landed when it is durable.
func (l *diskLog) stage(b *store.Batch, entries []entry) (advance, landed func()) {
	end, tail, epoch := l.end, l.tail+uint64(len(entries)), l.epoch
	for i := range entries {
		end += entries[i].size()
		b.Set(l.key(l.tail+uint64(i)), entries[i].stored(end))
	}
	deleted := l.deleted
	if l.first-l.deleted >= trimThreshold {
		deleted = l.shed(b)
	}
	advance = func() { l.end, l.tail, l.deleted = end, tail, deleted }
	landed = func() {
		if l.epoch == epoch {
			l.next = max(l.next, tail)
		}
	}
	return advance, landed
}

// shed has a batch remove what was trimmed, and returns what deleted is once it is
// applied.
func (l *diskLog) shed(b *store.Batch) (deleted uint64) {
	b.DeleteRange(l.key(l.deleted), l.key(l.first))
	where := binary.BigEndian.AppendUint64(nil, l.first)
	b.Set(store.Key(store.KindTrim, l.id[0], l.id[1]), binary.BigEndian.AppendUint64(where, uint64(l.base)))
	return l.first
}

// append is for callers that have a batch; see stage.
func (l *diskLog) append([]entry) error { return errors.New("a log on disk is written by batches") }

func (l *diskLog) bounds() (first, next uint64, err error) {
	if err := l.refresh(); err != nil {
		return 0, 0, err
	}
	return l.first, l.next, nil
}

func (l *diskLog) pending() bool { return l.next != l.tail }

func (l *diskLog) get(position uint64) (entry, int64, error) {
	value, ok, err := l.store.Get(l.key(position))
	if err != nil {
		return entry{}, 0, err
	}
	if !ok {
		return entry{}, 0, l.store.Damaged(l.key(position), errGone)
	}
	e, end, err := parseStored(value)
	if err != nil {
		err = l.store.Damaged(l.key(position), err)
	}
	return e, end, err
}

var errGone = errors.New("it is not there")

func (l *diskLog) at(position uint64) (*entry, error) {
	e, _, err := l.get(position)
	return &e, err
}

func (l *diskLog) scan(from, to uint64, limit int, maxBytes int64) (entries []entry, err error) {
	bytes, position := int64(0), from
	var bad error
	err = l.store.Scan(l.key(from), l.key(to), func(key, value []byte) bool {
		if len(entries) == limit {
			return false
		}
		var e entry
		if n, _ := store.Number(key, 2); n != position {
			bad = l.store.Damaged(l.key(position), errGone)
		} else if e, _, bad = parseStored(value); bad != nil {
			bad = l.store.Damaged(key, bad)
		}
		if bytes += e.size() - entryOverhead; bad != nil || len(entries) > 0 && bytes > maxBytes {
			return false
		}
		entries = append(entries, e)
		position++
		return true
	})
	if err = errors.Join(err, bad); err != nil && len(entries) > 0 {
		return entries, nil // what is before it can be read; the next reader begins with it
	}
	return entries, err
}

func (l *diskLog) enough(bytes, arrival int64) (uint64, error) {
	first, next, err := l.bounds()
	if err != nil {
		return 0, err
	}
	n := sort.Search(int(next-first), func(i int) bool {
		e, end, getErr := l.get(first + uint64(i))
		if getErr != nil {
			err = getErr
			return true
		}
		return e.arrival > arrival || end-e.size()-l.base >= bytes
	})
	return first + uint64(n), err
}

// trim drops records for readers; the store forgets them with a later batch.
func (l *diskLog) trim(before uint64) (freed int64, err error) {
	first, next, err := l.bounds()
	if err != nil {
		return 0, err
	}
	if before = min(before, next); before <= first {
		return 0, nil
	}
	end := l.end
	if before < l.tail {
		if _, end, err = l.get(before - 1); err != nil {
			return 0, err
		}
	}
	freed = end - l.base
	l.first, l.base = before, end
	return freed, nil
}

package store

import (
	"encoding/binary"

	"github.com/cockroachdb/pebble/v2"
)

// Batch is a list of changes, which are made in order. It keeps the slices it is
// given, and the zero value is empty.
type Batch struct{ changes []change }

type change struct {
	kind       pebble.InternalKeyKind
	key, value []byte // the end of a range is in value
}

// Set stores a value.
func (b *Batch) Set(key, value []byte) {
	b.changes = append(b.changes, change{pebble.InternalKeyKindSet, key, value})
}

// Delete removes a key, which need not be there.
func (b *Batch) Delete(key []byte) {
	b.changes = append(b.changes, change{pebble.InternalKeyKindDelete, key, nil})
}

// DeleteRange removes the keys from one on, up to but not another.
func (b *Batch) DeleteRange(from, to []byte) {
	b.changes = append(b.changes, change{pebble.InternalKeyKindRangeDelete, from, to})
}

// Len is the number of changes.
func (b *Batch) Len() int { return len(b.changes) }

// in makes the database's own batch of b.
func (b *Batch) in(db *pebble.DB) (*pebble.Batch, error) {
	size := 64
	for i := range b.changes {
		size += len(b.changes[i].key) + len(b.changes[i].value) + 16
	}
	batch := db.NewBatchWithSize(size)
	for _, c := range b.changes {
		var err error
		switch c.kind {
		case pebble.InternalKeyKindSet:
			err = batch.Set(c.key, c.value, nil)
		case pebble.InternalKeyKindDelete:
			err = batch.Delete(c.key, nil)
		default:
			err = batch.DeleteRange(c.key, c.value, nil)
		}
		if err != nil {
			return nil, err
		}
	}
	return batch, nil
}

// setTicket notes the number of a batch in it. Batches are in the log by number,
// so the number that is found tells of all of them.
func setTicket(batch *pebble.Batch, ticket uint64) error {
	return batch.Set([]byte{byte(kindTicket)}, binary.BigEndian.AppendUint64(nil, ticket), nil)
}

// Add appends the changes of another batch.
func (b *Batch) Add(more *Batch) { b.changes = append(b.changes, more.changes...) }

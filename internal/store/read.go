package store

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// Get returns a copy of a value; ok is false if the key is not there.
func (s *Store) Get(key []byte) (value []byte, ok bool, err error) {
	g, done, err := s.use()
	if err != nil {
		return nil, false, err
	}
	defer done()
	value, ok, err = get(g.db, key)
	return value, ok, s.unread(err)
}

// unread is the error of a reader.
func (s *Store) unread(err error) error {
	switch {
	case err == nil:
		return nil
	case IsDamage(err):
		return fmt.Errorf("the data directory %s is damaged: %w: put a copy of the directory in its place, or give another directory", s.cfg.Dir, err)
	}
	return fmt.Errorf("read the store: %w", err)
}

func get(db *pebble.DB, key []byte) ([]byte, bool, error) {
	v, closer, err := db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	value := append([]byte{}, v...)
	return value, true, closer.Close()
}

// Scan calls f with the keys from one on, up to but not another, in order, until
// it returns false. The slices are good until f returns, and f must not call the
// store.
func (s *Store) Scan(from, to []byte, f func(key, value []byte) (more bool)) error {
	return s.iterate(from, to, func(it *pebble.Iterator) error {
		for ok := it.First(); ok; ok = it.Next() {
			value, err := it.ValueAndErr()
			if err != nil {
				return err
			}
			if !f(it.Key(), value) {
				return nil
			}
		}
		return nil
	})
}

// Last calls f with the last key of a range, if there is one.
func (s *Store) Last(from, to []byte, f func(key, value []byte)) error {
	return s.iterate(from, to, func(it *pebble.Iterator) error {
		if !it.Last() {
			return nil
		}
		value, err := it.ValueAndErr()
		if err == nil {
			f(it.Key(), value)
		}
		return err
	})
}

func (s *Store) iterate(from, to []byte, f func(*pebble.Iterator) error) error {
	g, done, err := s.use()
	if err != nil {
		return err
	}
	defer done()
	it, err := g.db.NewIter(&pebble.IterOptions{LowerBound: from, UpperBound: to})
	if err != nil {
		return s.unread(err)
	}
	return s.unread(errors.Join(f(it), it.Error(), it.Close()))
}

// lastTicket is the number of the last batch in a database.
func lastTicket(db *pebble.DB) (uint64, error) {
	v, ok, err := get(db, []byte{byte(kindTicket)})
	if err != nil || !ok {
		return 0, err
	}
	if len(v) != 8 {
		return 0, fmt.Errorf("the number of the last batch has %d bytes", len(v))
	}
	return binary.BigEndian.Uint64(v), nil
}

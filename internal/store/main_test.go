package store_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"sync"
	"testing"

	"github.com/das-local/das-local/internal/await"
	"github.com/das-local/das-local/internal/leakcheck"
	"github.com/das-local/das-local/internal/store"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// logBuffer is a log that tests read.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *logBuffer) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// open opens a directory for as long as the test runs, or until it is closed.
func open(t testing.TB, cfg store.Config) *store.Store {
	t.Helper()
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	s, err := store.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func key(n uint64) []byte { return store.Key(store.KindRecord, n) }

// put stores n under its key.
func put(t testing.TB, s *store.Store, n uint64) error {
	t.Helper()
	var b store.Batch
	b.Set(key(n), binary.BigEndian.AppendUint64(nil, n))
	return s.Commit(context.Background(), &b)
}

// all reads the numbers that are stored.
func all(t testing.TB, s *store.Store) map[uint64]bool {
	t.Helper()
	found := map[uint64]bool{}
	prefix := store.Key(store.KindRecord)
	await.Seen(t, "a store that can be read", func() (any, bool) {
		err := s.Scan(prefix, store.After(prefix), func(k, v []byte) bool {
			n, ok := store.Number(k, 0)
			if !ok || !bytes.Equal(v, binary.BigEndian.AppendUint64(nil, n)) {
				t.Errorf("key %x has value %x", k, v)
			}
			found[n] = true
			return true
		})
		if err != nil && !errors.Is(err, store.ErrBroken) {
			t.Fatal(err)
		}
		return err, err == nil
	})
	return found
}

func value(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

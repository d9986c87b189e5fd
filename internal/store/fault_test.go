package store_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/das-local/das-local/internal/await"
	"github.com/das-local/das-local/internal/store"
)

// disk is a disk that fails while bad says so.
type disk struct {
	bad atomic.Pointer[func(op, path string) error]
}

func (d *disk) fault(op, path string) error {
	if f := d.bad.Load(); f != nil {
		return (*f)(op, path)
	}
	return nil
}

func (d *disk) fail(f func(op, path string) error) { d.bad.Store(&f) }
func (d *disk) heal()                              { d.bad.Store(nil) }

// faults are the ways in which a disk fails.
func faults() map[string]func(op, path string) error {
	on := func(want, suffix string, err error) func(op, path string) error {
		return func(op, path string) error {
			if op == want && strings.HasSuffix(path, suffix) {
				return err
			}
			return nil
		}
	}
	return map[string]func(op, path string) error{
		"fsync of the log fails":  on(store.OpSync, ".log", syscall.EIO),
		"the log does not grow":   on(store.OpWrite, ".log", syscall.ENOSPC),
		"a write stops half-way":  on(store.OpWrite, ".log", store.ErrTorn),
		"no file can be made":     on(store.OpCreate, "", syscall.ENOSPC),
		"the disk is full":        on(store.OpWrite, "", syscall.ENOSPC),
		"nothing can be synced":   on(store.OpSync, "", syscall.EIO),
		"tables cannot be synced": on(store.OpSync, ".sst", syscall.EIO),
		"tables cannot be read":   on(store.OpRead, ".sst", syscall.EIO),
	}
}

// TestEveryAnswerIsTrue has writers at work while the disk fails and recovers: what
// was said to be stored is, and what was said to be lost is not.
func TestEveryAnswerIsTrue(t *testing.T) {
	for name, bad := range faults() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var d disk
			dir := t.TempDir()
			s := open(t, store.Config{Dir: dir, Fault: d.fault, Backoff: time.Millisecond, Patience: time.Minute})
			var stored, lost sync.Map
			var next, acknowledged atomic.Uint64
			var writers sync.WaitGroup
			stop := make(chan struct{})
			for range 8 {
				writers.Go(func() {
					filler := make([]byte, 20_000) // so that memtables fill up
					for {
						select {
						case <-stop:
							return
						default:
						}
						n := next.Add(1)
						var b store.Batch
						b.Set(key(n), value(n))
						b.Set(store.Key(store.KindSpool, n), filler)
						err := s.Commit(t.Context(), &b)
						switch {
						case err == nil:
							stored.Store(n, true)
							acknowledged.Add(1)
						case errors.Is(err, store.ErrBroken):
							lost.Store(n, true)
							time.Sleep(time.Millisecond)
						case errors.Is(err, store.ErrLost):
							lost.Store(n, true)
						default:
							t.Errorf("unexpected answer: %v", err)
						}
					}
				})
			}
			for range 4 {
				told, epoch := acknowledged.Load(), s.Epoch()
				await.True(t, "a write", func() bool { return acknowledged.Load() > told })
				time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond) // any instant
				d.fail(bad)
				// Some faults let the directory be opened again, and fail it later once more.
				await.True(t, "the failure", func() bool { return broken(s) || s.Epoch() > epoch })
				time.Sleep(time.Duration(rand.IntN(5)) * time.Millisecond)
				d.heal()
				await.True(t, "the recovery", func() bool { return !broken(s) && s.Epoch() > epoch })
			}
			close(stop)
			writers.Wait()
			check(t, s, &stored, &lost)
			if err := s.Close(); err != nil {
				t.Error("close:", err)
			}
			check(t, open(t, store.Config{Dir: dir}), &stored, &lost)
		})
	}
}

// broken reports whether a store has failed.
func broken(s *store.Store) bool {
	_, _, err := s.Get(key(0))
	return errors.Is(err, store.ErrBroken)
}

func check(t *testing.T, s *store.Store, stored, lost *sync.Map) {
	t.Helper()
	found, count := all(t, s), 0
	stored.Range(func(n, _ any) bool {
		if count++; !found[n.(uint64)] {
			t.Errorf("%d was acknowledged and is gone", n)
		}
		return true
	})
	lost.Range(func(n, _ any) bool {
		if found[n.(uint64)] {
			t.Errorf("%d was refused and is there", n)
		}
		return true
	})
	if count == 0 {
		t.Error("nothing was stored at all")
	}
}

// TestAWriterIsNotHeldByABadDisk checks that a writer without a deadline gets an
// answer while the disk stays bad, and that a store can then be closed.
func TestAWriterIsNotHeldByABadDisk(t *testing.T) {
	var d disk
	s := open(t, store.Config{Dir: t.TempDir(), Fault: d.fault, Patience: 20 * time.Millisecond})
	if err := put(t, s, 1); err != nil {
		t.Fatal(err)
	}
	d.fail(func(op, path string) error { return syscall.ENOSPC })
	if err := put(t, s, 2); !errors.Is(err, store.ErrUnknown) {
		t.Errorf("the first writer is told %v", err)
	}
	if err := put(t, s, 3); !errors.Is(err, store.ErrBroken) || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("the next writer is told %v", err)
	}
	if _, _, err := s.Get(key(1)); !errors.Is(err, store.ErrBroken) {
		t.Errorf("a reader is told %v", err)
	}
	if err := s.Close(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("closing says %v", err)
	}
	if err := put(t, s, 4); !errors.Is(err, store.ErrClosed) {
		t.Errorf("a writer after the end is told %v", err)
	}
}

func TestAStaleEpochIsRefused(t *testing.T) {
	var d disk
	s := open(t, store.Config{Dir: t.TempDir(), Fault: d.fault, Backoff: time.Millisecond})
	epoch := s.Epoch()
	d.fail(func(op, path string) error { return syscall.EIO })
	_ = put(t, s, 1)
	d.heal()
	await.True(t, "the recovery", func() bool { return s.Epoch() != epoch })
	var b store.Batch
	b.Set(key(2), value(2))
	if _, err := s.Apply(&b, epoch); !errors.Is(err, store.ErrStale) {
		t.Errorf("the batch is answered %v", err)
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 16, 64} {
		b.Run(fmt.Sprint(writers), func(b *testing.B) {
			s := open(b, store.Config{Dir: b.TempDir()})
			record := make([]byte, 1000)
			var n atomic.Int64
			var wg sync.WaitGroup
			b.ResetTimer()
			for range writers {
				wg.Go(func() {
					for {
						i := n.Add(1)
						if i > int64(b.N) {
							return
						}
						var batch store.Batch
						batch.Set(key(uint64(i)), record)
						if err := s.Commit(b.Context(), &batch); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
		})
	}
}

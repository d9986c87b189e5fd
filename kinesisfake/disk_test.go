package kinesisfake

import (
	"fmt"
	"io"
	"log/slog"
	"math"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/das-local/das-local/internal/await"
	"github.com/das-local/das-local/internal/store"
)

func openStore(t testing.TB, dir string, fault store.Fault) *store.Store {
	t.Helper()
	s, err := store.Open(store.Config{Dir: dir, Fault: fault, Backoff: time.Millisecond, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// everything is what a reader finds in all shards, by shard.
func everything(t *testing.T, s *Server, name string) map[string][]recordOutput {
	t.Helper()
	found := map[string][]recordOutput{}
	for _, sh := range must[listShardsOutput](t, s, "ListShards", listShardsInput{streamRef: ref(name)}).Shards {
		iterator := iteratorAt(t, s, name, sh.ShardID, trimHorizon, "")
		for iterator != "" {
			out := read(t, s, iterator, 3)
			if found[sh.ShardID] = append(found[sh.ShardID], out.Records...); len(out.Records) == 0 {
				break
			}
			iterator = out.NextShardIterator
		}
	}
	return found
}

func TestStreamsAreThereAfterARestart(t *testing.T) {
	dir, clk := t.TempDir(), newClock()
	disk := openStore(t, dir, nil)
	s := newServer(t, Config{Store: disk, Now: clk.now})
	for _, name := range []string{"gone", "s"} {
		if err := s.CreateStream(t.Context(), name, 2); err != nil {
			t.Fatal(err)
		}
	}
	put := func(s *Server, from int) {
		for i := range 10 {
			clk.advance(time.Second)
			r := Record{PartitionKey: fmt.Sprint(i), Data: []byte(fmt.Sprint(from + i))}
			if err := s.PutRecords(t.Context(), "s", []Record{r}); err != nil {
				t.Fatal(err)
			}
		}
	}
	put(s, 0)
	if err := s.EncryptStream(t.Context(), "s", "a-key"); err != nil {
		t.Fatal(err)
	}
	put(s, 10)
	target, scaling := 3, "UNIFORM_SCALING"
	must[updateShardCountOutput](t, s, "UpdateShardCount", updateShardCountInput{streamRef: ref("s"), TargetShardCount: &target, ScalingType: &scaling})
	must[struct{}](t, s, "AddTagsToStream", addTagsInput{streamRef: ref("s"), Tags: map[string]string{"a": "b"}})
	put(s, 20)
	if err := s.DeleteStream(t.Context(), "gone"); err != nil {
		t.Fatal(err)
	}
	records := everything(t, s, "s")
	described := must[describeStreamOutput](t, s, "DescribeStream", describeStreamInput{streamRef: ref("s")})
	used := s.used.Load()
	disk.Close()

	s = newServer(t, Config{Store: openStore(t, dir, nil), Now: clk.now})
	if got := everything(t, s, "s"); !reflect.DeepEqual(got, records) {
		t.Errorf("the records are\n%v\nthey were\n%v", got, records)
	}
	if got := must[describeStreamOutput](t, s, "DescribeStream", describeStreamInput{streamRef: ref("s")}); !reflect.DeepEqual(got, described) {
		t.Errorf("the stream is\n%+v\nit was\n%+v", got, described)
	}
	if tags := must[listTagsOutput](t, s, "ListTagsForStream", listTagsInput{streamRef: ref("s")}).Tags; len(tags) != 1 {
		t.Errorf("tags: %v", tags)
	}
	if s.used.Load() != used {
		t.Errorf("%d bytes are counted, before it were %d", s.used.Load(), used)
	}
	_, err := call[describeStreamOutput](t, s, "DescribeStream", describeStreamInput{streamRef: ref("gone")})
	wantError(t, err, codeNotFound, "")
	put(s, 30)
	count := 0
	for _, list := range everything(t, s, "s") {
		count += len(list)
	}
	if count != 40 {
		t.Errorf("%d records, want 40", count)
	}
}

// TestNumbersAreNotUsedTwice trims all records of a shard: the next one's number
// must still be greater.
func TestNumbersAreNotUsedTwice(t *testing.T) {
	dir, clk := t.TempDir(), newClock()
	last := ""
	for range 3 {
		disk := openStore(t, dir, nil)
		s := newServer(t, Config{Store: disk, Now: clk.now})
		if last == "" {
			if err := s.CreateStream(t.Context(), "s", 1); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			many := make([]Record, 2*trimThreshold)
			for i := range many {
				many[i] = Record{PartitionKey: "k", Data: []byte("x")}
			}
			if err := s.PutRecords(t.Context(), "s", many); err != nil {
				t.Fatal(err)
			}
			key, data := "k", []byte("y")
			out := must[putRecordOutput](t, s, "PutRecord", putRecordInput{streamRef: ref("s"), putEntry: putEntry{Data: &data, PartitionKey: &key}})
			if len(out.SequenceNumber) < len(last) || len(out.SequenceNumber) == len(last) && out.SequenceNumber <= last {
				t.Errorf("number %s after %s", out.SequenceNumber, last)
			}
			last = out.SequenceNumber
			clk.advance(25 * time.Hour)
			if got := read(t, s, iteratorAt(t, s, "s", shard0, trimHorizon, ""), 10); len(got.Records) != 0 {
				t.Errorf("%d records have outlived their retention", len(got.Records))
			}
		}
		if s.used.Load() != 0 {
			t.Errorf("%d bytes are counted for nothing", s.used.Load())
		}
		disk.Close()
	}
}

// TestADiskThatFails checks that a put is refused or stored while the disk fails
// now and then, that a caller who puts refused records again stores them once, and
// that changes of the store go with the records.
func TestADiskThatFails(t *testing.T) {
	var failing atomic.Int64 // how many of the next calls fail
	disk := openStore(t, t.TempDir(), func(op, path string) error {
		if strings.HasSuffix(path, ".log") && failing.Add(-1) >= 0 {
			return syscall.ENOSPC
		}
		return nil
	})
	s := newServer(t, Config{Store: disk})
	if err := s.CreateStream(t.Context(), "s", 3); err != nil {
		t.Fatal(err)
	}
	refused := 0
	for i := range 200 {
		if i%20 == 7 {
			failing.Store(int64(i/20 + 1))
		}
		records := []Record{{PartitionKey: fmt.Sprint(i), Data: []byte("a")}, {PartitionKey: fmt.Sprint(-i), Data: []byte("b")}}
		var also store.Batch
		also.Set(store.Key(store.KindSpool, uint64(i)), []byte{1})
		for s.PutRecordsAnd(t.Context(), "s", records, &also) != nil {
			refused++
			if n := spooled(t, disk); n > i {
				t.Fatalf("the changes of a refused call were made: %d of %d", n, i)
			}
		}
	}
	if refused == 0 {
		t.Error("the disk never failed")
	}
	seen := map[string]int{}
	for _, list := range everything(t, s, "s") {
		for _, r := range list {
			seen[r.PartitionKey+string(r.Data)]++
		}
	}
	if len(seen) != 400 || spooled(t, disk) != 200 {
		t.Errorf("%d records and %d changes are there", len(seen), spooled(t, disk))
	}
	for key, n := range seen {
		if n != 1 {
			t.Errorf("record %s is there %d times", key, n)
		}
	}
	failing.Store(math.MaxInt64)
	key, data := "k", []byte("x")
	_, err := call[putRecordOutput](t, s, "PutRecord", putRecordInput{streamRef: ref("s"), putEntry: putEntry{Data: &data, PartitionKey: &key}})
	wantError(t, err, "InternalFailureException", "")
	if err := s.PutRecords(t.Context(), "s", []Record{{PartitionKey: "k"}}); err == nil {
		t.Error("a full disk takes a record")
	}
}

// spooled counts what TestADiskThatFails stores beside the records; while the disk
// is bad it waits.
func spooled(t *testing.T, disk *store.Store) (n int) {
	t.Helper()
	prefix := store.Key(store.KindSpool)
	await.Seen(t, "the recovery of the disk", func() (any, bool) {
		n = 0
		err := disk.Scan(prefix, store.After(prefix), func(_, _ []byte) bool { n++; return true })
		return err, err == nil
	})
	return n
}

// BenchmarkDurableAppend is a record of 1 KB that is on disk when the call returns.
func BenchmarkDurableAppend(b *testing.B) {
	for _, writers := range []int{1, 16, 64} {
		b.Run(fmt.Sprint(writers), func(b *testing.B) {
			s := newServer(b, Config{Store: openStore(b, b.TempDir(), nil)})
			if err := s.CreateStream(b.Context(), "s", 1); err != nil {
				b.Fatal(err)
			}
			record := []Record{{PartitionKey: "k", Data: make([]byte, 1000)}}
			var left atomic.Int64
			left.Store(int64(b.N))
			var wg sync.WaitGroup
			b.ResetTimer()
			for range writers {
				wg.Go(func() {
					for left.Add(-1) >= 0 {
						if err := s.PutRecords(b.Context(), "s", record); err != nil {
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

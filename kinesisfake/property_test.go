package kinesisfake

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// TestReadersSeeEverythingOnce has writers put numbered records under a few keys
// each while shards are split and merged, and readers who follow each shard to
// its end and then its children. Every acknowledged record must be seen exactly
// once, those of one key in order.
func TestReadersSeeEverythingOnce(t *testing.T) {
	t.Run("in memory", func(t *testing.T) { seeEverythingOnce(t, newServer(t, Config{})) })
	t.Run("on disk", func(t *testing.T) { seeEverythingOnce(t, newServer(t, Config{Store: openStore(t, t.TempDir(), nil)})) })
}

func seeEverythingOnce(t *testing.T, s *Server) {
	if err := s.CreateStream(t.Context(), "s", 2); err != nil {
		t.Fatal(err)
	}
	const writers, keys, batches, size = 4, 3, 60, 25

	var writing, resharding sync.WaitGroup
	var written atomic.Int64
	for w := range writers {
		writing.Go(func() {
			var next [keys]int
			for range batches {
				records := make([]Record, size)
				for i := range records {
					k := i % keys
					records[i] = Record{PartitionKey: fmt.Sprintf("w%d-k%d", w, k), Data: strconv.AppendInt(nil, int64(next[k]), 10)}
					next[k]++
				}
				if err := s.PutRecords(t.Context(), "s", records); err != nil {
					t.Error(err)
					return
				}
				written.Add(size)
			}
		})
	}
	stop := make(chan struct{})
	resharding.Go(func() {
		for rng := rand.New(rand.NewPCG(1, 2)); ; {
			select {
			case <-stop:
				return
			default:
				reshard(t, s, rng)
			}
		}
	})

	reader := &follower{t: t, s: s, lastOfKey: make(map[string]int), seen: make(map[int]bool)}
	finished := make(chan struct{})
	go func() {
		writing.Wait()
		close(stop)
		resharding.Wait()
		close(finished)
	}()
	for _, root := range []int{0, 1} {
		reader.start(root)
	}
	for done := false; !done; {
		select {
		case <-finished:
			done = true // what there is now is all: one more round sees the rest
		default:
		}
		reader.round()
	}
	if int64(reader.count) != written.Load() || written.Load() != writers*batches*size {
		t.Errorf("%d records seen, %d written", reader.count, written.Load())
	}
	for key, last := range reader.lastOfKey {
		if want := batches*keyShare(size, keys, key) - 1; last != want {
			t.Errorf("the last of %s is %d, want %d", key, last, want)
		}
	}
	t.Logf("%d records over %d shards", reader.count, len(reader.seen))
}

// keyShare is how many records of a batch have a key.
func keyShare(size, keys int, key string) int {
	k, _ := strconv.Atoi(key[strings.LastIndexByte(key, 'k')+1:])
	return (size - k + keys - 1) / keys
}

// reshard splits, merges or scales at random; what is not possible is refused.
func reshard(t *testing.T, s *Server, rng *rand.Rand) {
	latest, scaling := filterAtLatest, "UNIFORM_SCALING"
	open := must[listShardsOutput](t, s, "ListShards", listShardsInput{streamRef: ref("s"), ShardFilter: &shardFilter{Type: &latest}}).Shards
	a, b := open[rng.IntN(len(open))], open[rng.IntN(len(open))]
	switch rng.IntN(5) {
	case 0, 1:
		if len(open) < 8 {
			from, _ := parseHashKey(a.HashKeyRange.StartingHashKey)
			to, _ := parseHashKey(a.HashKeyRange.EndingHashKey)
			half, _ := hashKey{to.hi - from.hi, to.lo}.div(2)
			at := hashKey{from.hi + half.hi, half.lo}.String()
			_, _ = call[struct{}](t, s, "SplitShard", splitShardInput{streamRef: ref("s"), ShardToSplit: &a.ShardID, NewStartingHashKey: &at})
		}
	case 2, 3:
		_, _ = call[struct{}](t, s, "MergeShards", mergeShardsInput{streamRef: ref("s"), ShardToMerge: &a.ShardID, AdjacentShardToMerge: &b.ShardID})
	default:
		n := 1 + rng.IntN(6)
		_, _ = call[updateShardCountOutput](t, s, "UpdateShardCount", updateShardCountInput{streamRef: ref("s"), TargetShardCount: &n, ScalingType: &scaling})
	}
}

// follower reads shards, and children when all of their parents are read.
type follower struct {
	t         *testing.T
	s         *Server
	iterators map[int]string
	ended     map[int]bool
	seen      map[int]bool
	lastOfKey map[string]int
	count     int
	lastSeq   map[int]string
}

func (f *follower) start(shard int) {
	if f.seen[shard] {
		return
	}
	if f.iterators == nil {
		f.iterators, f.ended, f.lastSeq = make(map[int]string), make(map[int]bool), make(map[int]string)
	}
	f.seen[shard] = true
	f.iterators[shard] = iteratorAt(f.t, f.s, "s", shardID(shard), trimHorizon, "")
}

// round reads each shard until it has nothing new, and the children of those
// that end.
func (f *follower) round() {
	for progress := true; progress; {
		progress = false
		for shard, iterator := range f.iterators {
			out := read(f.t, f.s, iterator, 7)
			progress = progress || len(out.Records) > 0 || out.ChildShards != nil
			f.take(shard, out.Records)
			if (out.NextShardIterator == "") != (len(out.ChildShards) > 0) {
				f.t.Fatalf("iterator %q with children %v", out.NextShardIterator, out.ChildShards)
			}
			if out.NextShardIterator != "" {
				f.iterators[shard] = out.NextShardIterator
				continue
			}
			delete(f.iterators, shard)
			f.ended[shard] = true
			for _, c := range out.ChildShards {
				f.child(c)
			}
		}
	}
}

func (f *follower) child(c childShard) {
	for _, parent := range c.ParentShards {
		if n, _ := parseShardID(parent); !f.ended[n] {
			return // its other parent will bring it again
		}
	}
	n, _ := parseShardID(c.ShardID)
	f.start(n)
}

func (f *follower) take(shard int, records []recordOutput) {
	for _, r := range records {
		n, err := strconv.Atoi(string(r.Data))
		if err != nil {
			f.t.Fatal(err)
		}
		if last, ok := f.lastOfKey[r.PartitionKey]; ok && n != last+1 || !ok && n != 0 {
			f.t.Fatalf("%s: %d after %d (shard %d)", r.PartitionKey, n, last, shard)
		}
		if r.SequenceNumber <= f.lastSeq[shard] {
			f.t.Fatalf("sequence number %s after %s", r.SequenceNumber, f.lastSeq[shard])
		}
		f.lastOfKey[r.PartitionKey] = n
		f.lastSeq[shard] = r.SequenceNumber
		f.count++
	}
}

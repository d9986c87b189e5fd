package kinesisfake

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/das-local/das-local/internal/clock"
	"github.com/das-local/das-local/internal/store"
)

// stored counts the records that a store has.
func stored(t *testing.T, disk *store.Store) (n int) {
	t.Helper()
	prefix := store.Key(store.KindRecord)
	if err := disk.Scan(prefix, store.After(prefix), func(_, _ []byte) bool { n++; return true }); err != nil {
		t.Fatal(err)
	}
	return n
}

// eventually waits for what another goroutine does.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it does not happen: ", what)
		}
	}
}

// TestRetentionEndsWhereNobodyCalls puts records into shards, closes one, and lets a
// day pass.
func TestRetentionEndsWhereNobodyCalls(t *testing.T) {
	for name, disk := range map[string]*store.Store{"memory": nil, "disk": openStore(t, t.TempDir(), nil)} {
		t.Run(name, func(t *testing.T) {
			var clk clock.Clock
			s := newServer(t, Config{Clock: &clk, Store: disk})
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- s.Run(ctx) }()
			defer func() {
				cancel()
				if err := <-ended; err != nil {
					t.Error(err)
				}
			}()
			if err := s.CreateStream(t.Context(), "s", 1); err != nil {
				t.Fatal(err)
			}
			putN(t, s, "s", 20)
			must[struct{}](t, s, "SplitShard", splitShardInput{ref("s"), ptr(shard0), ptr("170141183460469231731687303715884105728")})
			clk.Advance(12 * time.Hour)
			putN(t, s, "s", 10)
			reader := iteratorAt(t, s, "s", "shardId-000000000001", trimHorizon, "")
			clk.Advance(12*time.Hour + time.Minute)
			eventually(t, "the old records go", func() bool {
				return s.used.Load() > 0 && s.used.Load() < 10*200 && (disk == nil || stored(t, disk) == 10)
			})
			if _, err := call[getRecordsOutput](t, s, "GetRecords", getRecordsInput{ShardIterator: &reader}); err == nil || !strings.Contains(err.Error(), "Expired") {
				t.Errorf("an iterator of twelve hours ago: %v", err)
			}
			n := len(read(t, s, iteratorAt(t, s, "s", "shardId-000000000001", trimHorizon, ""), 100).Records) +
				len(read(t, s, iteratorAt(t, s, "s", "shardId-000000000002", trimHorizon, ""), 100).Records)
			if n != 10 {
				t.Errorf("%d records are there, want 10", n)
			}
			clk.Advance(24 * time.Hour)
			eventually(t, "all records go", func() bool { return s.used.Load() == 0 && (disk == nil || stored(t, disk) == 0) })
		})
	}
}

// TestRoomOnDisk checks that a store's records are bound by its disk.
func TestRoomOnDisk(t *testing.T) {
	disk := openStore(t, t.TempDir(), nil)
	s := newServer(t, Config{Store: disk})
	free, err := disk.Available()
	if err != nil || s.cfg.ByteBudget <= 0 || s.cfg.ByteBudget > free {
		t.Errorf("the budget is %d bytes, the disk has %d: %v", s.cfg.ByteBudget, free, err)
	}
}

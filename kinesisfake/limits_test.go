package kinesisfake

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// fill puts n records of a size by one call and says how many were refused.
func fill(t *testing.T, s *Server, n, size int) int {
	t.Helper()
	entries := make([]putEntry, n)
	for i := range entries {
		data := bytes.Repeat([]byte("x"), size)
		entries[i] = putEntry{Data: &data, PartitionKey: ptr(fmt.Sprint(i % 10))}
	}
	out := must[putRecordsOutput](t, s, "PutRecords", putRecordsInput{streamRef: ref("s"), Records: entries})
	for _, r := range out.Records {
		if (r.ErrorCode == "") == (r.SequenceNumber == "") || r.ErrorCode != "" && r.ErrorCode != codeThroughput {
			t.Fatalf("a result is %+v", r)
		}
	}
	return out.FailedRecordCount
}

func TestWriteLimits(t *testing.T) {
	for _, limits := range []bool{false, true} {
		for _, disk := range []bool{false, true} {
			t.Run(fmt.Sprint("limits ", limits, ", disk ", disk), func(t *testing.T) {
				clk := newClock()
				cfg := Config{Now: clk.now, Limits: limits}
				if disk {
					cfg.Store = openStore(t, t.TempDir(), nil)
				}
				s := newServer(t, cfg)
				if err := s.CreateStream(t.Context(), "s", 1); err != nil {
					t.Fatal(err)
				}
				want := func(refused, n, size int) {
					t.Helper()
					if !limits {
						refused = 0
					}
					if got := fill(t, s, n, size); got != refused {
						t.Errorf("%d of %d records of %d bytes are refused, want %d", got, n, size, refused)
					}
				}
				want(0, 500, 1)
				want(0, 500, 1)
				want(10, 10, 1) // the second's records are used up
				clk.advance(100 * time.Millisecond)
				want(20, 120, 1) // a hundred a tenth of a second
				clk.advance(time.Second)
				want(1, 11, 100_000) // and the second's bytes
				if limits {
					data := make([]byte, 100_000)
					_, err := call[putRecordOutput](t, s, "PutRecord", putRecordInput{streamRef: ref("s"), putEntry: putEntry{Data: &data, PartitionKey: ptr("k")}})
					wantError(t, err, codeThroughput, "Rate exceeded for shard shardId-000000000000 in stream s under account 000000000000.")
				}
				putN(t, s, "s", 100) // the owner's own are not limited
			})
		}
	}
}

func TestLimitsOfReading(t *testing.T) {
	clk := newClock()
	s := newServer(t, Config{Now: clk.now, Limits: true})
	if err := s.CreateStream(t.Context(), "s", 1); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		fill(t, s, 10, 100_000)
		clk.advance(time.Second)
	}
	it := iteratorAt(t, s, "s", shard0, trimHorizon, "")
	get := func() error {
		_, err := call[getRecordsOutput](t, s, "GetRecords", getRecordsInput{ShardIterator: &it, Limit: ptr(1)})
		return err
	}
	for range readCalls {
		if err := get(); err != nil {
			t.Fatal(err)
		}
	}
	wantError(t, get(), codeThroughput, "Rate exceeded for shard shardId-000000000000")
	clk.advance(200 * time.Millisecond)
	if err := get(); err != nil {
		t.Error("a fifth of a second later: ", err)
	}
	clk.advance(time.Second)
	if n := len(read(t, s, it, 10_000).Records); n != 50 { // 5 MB, which are paid for in 2.4 s
		t.Errorf("%d records", n)
	}
	clk.advance(time.Second)
	wantError(t, get(), codeThroughput, "Rate exceeded")
	clk.advance(time.Second)
	if err := get(); err != nil {
		t.Error("two seconds later: ", err)
	}
}

// TestASubscriptionIsPaced reads 10 MB, at 2 MB a second.
func TestASubscriptionIsPaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, Config{Limits: true})
		if err := s.CreateStream(context.Background(), "s", 1); err != nil {
			t.Fatal(err)
		}
		for range 100 {
			if err := s.PutRecords(context.Background(), "s", []Record{{PartitionKey: "k", Data: make([]byte, 100_000)}}); err != nil {
				t.Fatal(err)
			}
		}
		began := time.Now()
		r, err := subscribe(t, s, from(register(t, s, "s", "reader"), trimHorizon, ""))
		if err != nil {
			t.Fatal(err)
		}
		for n := 0; n < 100; {
			n += len((<-r.events).Records)
		}
		if took := time.Since(began); took < 3*time.Second || took > 6*time.Second {
			t.Errorf("it took %v", took)
		}
		r.cancel()
		synctest.Wait()
	})
}

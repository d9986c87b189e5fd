package kinesisfake

import (
	"strings"
	"testing"

	"github.com/das-local/das-local/internal/store"
)

// TestADamagedRecord: readers that meet it get an error, as often as they try, and those
// that begin behind it go on; so do writers. A start that has to know it fails.
func TestADamagedRecord(t *testing.T) {
	dir := t.TempDir()
	disk := openStore(t, dir, nil)
	s := newServer(t, Config{Store: disk})
	if err := s.CreateStream(t.Context(), "s", 1); err != nil {
		t.Fatal(err)
	}
	put := func(data string) string {
		t.Helper()
		key, bytes := "k", []byte(data)
		out := must[putRecordOutput](t, s, "PutRecord", putRecordInput{streamRef: ref("s"), putEntry: putEntry{Data: &bytes, PartitionKey: &key}})
		return out.SequenceNumber
	}
	put("one")
	second := put("two")
	put("three")
	spoil := func(n int) {
		t.Helper()
		var b store.Batch
		prefix := store.Key(store.KindRecord)
		err := disk.Scan(prefix, store.After(prefix), func(key, _ []byte) bool {
			if n--; n == 0 {
				b.Set(append([]byte{}, key...), []byte("garbage"))
			}
			return true
		})
		if err == nil {
			err = disk.Commit(t.Context(), &b)
		}
		if err != nil || b.Len() != 1 {
			t.Fatal(err)
		}
	}
	spoil(2)
	put("four")
	shard := must[listShardsOutput](t, s, "ListShards", listShardsInput{streamRef: ref("s")}).Shards[0].ShardID
	first := read(t, s, iteratorAt(t, s, "s", shard, trimHorizon, ""), 10)
	if len(first.Records) != 1 || string(first.Records[0].Data) != "one" {
		t.Errorf("before it are %+v", first.Records)
	}
	for range 2 {
		in := getRecordsInput{ShardIterator: &first.NextShardIterator}
		_, err := call[getRecordsOutput](t, s, "GetRecords", in)
		wantError(t, err, "InternalFailureException", "")
	}
	rest := read(t, s, iteratorAt(t, s, "s", shard, afterSequence, second), 10)
	if len(rest.Records) != 2 || string(rest.Records[1].Data) != "four" {
		t.Errorf("behind it are %+v", rest.Records)
	}
	spoil(4) // the last one says where the shard ends
	disk.Close()
	disk = openStore(t, dir, nil)
	if _, err := New(Config{Store: disk}); err == nil || !strings.Contains(err.Error(), "(Kinesis record)") {
		t.Errorf("a start says %v", err)
	}
}

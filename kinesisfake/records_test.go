package kinesisfake

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/das-local/das-local/internal/awsapi"
)

const shard0 = "shardId-000000000000"

// texts are the data of records, joined.
func texts(records []recordOutput) string {
	var b []string
	for _, r := range records {
		b = append(b, string(r.Data))
	}
	return strings.Join(b, " ")
}

func TestIterators(t *testing.T) {
	clk := newClock()
	s := newServer(t, Config{Now: clk.now})
	if err := s.CreateStream(t.Context(), "s", 1); err != nil {
		t.Fatal(err)
	}
	before := iteratorAt(t, s, "s", shard0, latest, "")
	var middle time.Time
	for i := range 5 {
		if err := s.PutRecords(t.Context(), "s", []Record{{PartitionKey: "k", Data: fmt.Append(nil, i)}}); err != nil {
			t.Fatal(err)
		}
		if i == 2 {
			middle = clk.now()
		}
		clk.advance(10 * time.Second)
	}
	all := read(t, s, iteratorAt(t, s, "s", shard0, trimHorizon, ""), 100)
	if got := texts(all.Records); got != "0 1 2 3 4" {
		t.Fatalf("all: %s", got)
	}
	third := all.Records[2].SequenceNumber
	tests := []struct{ kind, sequence, want string }{
		{trimHorizon, "", "0 1 2 3 4"},
		{latest, "", ""},
		{atSequence, third, "2 3 4"},
		{afterSequence, third, "3 4"},
		{afterSequence, all.Records[4].SequenceNumber, ""},
		{atSequence, shardsOf(t, s, "s")[0].SequenceNumberRange.StartingSequenceNumber, "0 1 2 3 4"},
	}
	for _, tt := range tests {
		if got := texts(read(t, s, iteratorAt(t, s, "s", shard0, tt.kind, tt.sequence), 100).Records); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.kind, got, tt.want)
		}
	}
	for at, want := range map[time.Time]string{middle: "2 3 4", middle.Add(time.Millisecond): "3 4", {}: "0 1 2 3 4", clk.now(): ""} {
		kind, shard := atTimestamp, shard0
		it := must[getShardIteratorOutput](t, s, "GetShardIterator", getShardIteratorInput{
			streamRef: ref("s"), ShardID: &shard, ShardIteratorType: &kind, Timestamp: &awsapi.Time{Time: at}})
		if got := texts(read(t, s, it.ShardIterator, 100).Records); got != want {
			t.Errorf("from %v: %q, want %q", at, got, want)
		}
	}
	for range 2 { // an iterator may be used again; LATEST stays where it was
		if got := texts(read(t, s, before, 100).Records); got != "0 1 2 3 4" {
			t.Errorf("LATEST of before: %q", got)
		}
	}
	s.IteratorAge("s") // of all that was read so far
	page := read(t, s, before, 2)
	if page.MillisBehindLatest != 40_000 || texts(page.Records) != "0 1" {
		t.Errorf("a page: %d ms behind, %q", page.MillisBehindLatest, texts(page.Records))
	}
	if rest := read(t, s, page.NextShardIterator, 3); rest.MillisBehindLatest != 0 || texts(rest.Records) != "2 3 4" {
		t.Errorf("the rest: %d ms behind, %q", rest.MillisBehindLatest, texts(rest.Records))
	}
	if age, after := s.IteratorAge("s"), s.IteratorAge("s"); age != 40*time.Second || after != 0 || s.IteratorAge("none") != 0 {
		t.Errorf("iterator age %v, then %v", age, after)
	}
}

func TestIteratorErrors(t *testing.T) {
	clk := newClock()
	s := newServer(t, Config{Now: clk.now})
	for _, name := range []string{"s", "other"} {
		if err := s.CreateStream(t.Context(), name, 2); err != nil {
			t.Fatal(err)
		}
		clk.advance(time.Minute)
	}
	foreign := shardsOf(t, s, "other")[0].SequenceNumberRange.StartingSequenceNumber
	second := shardsOf(t, s, "s")[1].SequenceNumberRange.StartingSequenceNumber
	tomorrow := clk.now().Add(24 * time.Hour)
	tests := []struct {
		name, stream, shard, kind, sequence string
		at                                  time.Time
		code, text                          string
	}{
		{name: "no stream", stream: "x", shard: shard0, kind: latest, code: codeNotFound, text: "Stream x under account 000000000000 not found."},
		{name: "no shard", stream: "s", shard: "shardId-000000000009", kind: latest, code: codeNotFound,
			text: "Shard shardId-000000000009 in stream s under account 000000000000 does not exist"},
		{name: "no shard id", stream: "s", shard: "shard", kind: latest, code: codeNotFound, text: "Could not find shard shard in stream s"},
		{name: "no type", stream: "s", shard: shard0, kind: "NEWEST", code: "ValidationException", text: "Member must satisfy enum value set"},
		{name: "sequence number wanted", stream: "s", shard: shard0, kind: atSequence, code: codeArgument, text: "and no StartingSequenceNumber."},
		{name: "sequence number unwanted", stream: "s", shard: shard0, kind: latest, sequence: second, code: codeArgument, text: "and also a StartingSequenceNumber."},
		{name: "no sequence number", stream: "s", shard: shard0, kind: atSequence, sequence: "12", code: codeArgument, text: "is invalid."},
		{name: "of another shard", stream: "s", shard: shard0, kind: atSequence, sequence: second, code: codeArgument,
			text: "Invalid StartingSequenceNumber. It encodes shardId-000000000001, while it was used in a call to a shard with shardId-000000000000"},
		{name: "of another stream", stream: "s", shard: shard0, kind: atSequence, sequence: foreign, code: codeArgument, text: "because it did not come from this stream."},
		{name: "no time", stream: "s", shard: shard0, kind: atTimestamp, code: codeArgument, text: "Must specify timestampInMillis"},
		{name: "future", stream: "s", shard: shard0, kind: atTimestamp, at: tomorrow, code: codeArgument,
			text: "The timestampInMillis parameter cannot be greater than the currentTimestampInMillis."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := getShardIteratorInput{streamRef: ref(tt.stream), ShardID: &tt.shard, ShardIteratorType: &tt.kind}
			if tt.sequence != "" {
				in.StartingSequenceNumber = &tt.sequence
			}
			if !tt.at.IsZero() {
				in.Timestamp = &awsapi.Time{Time: tt.at}
			}
			_, err := call[getShardIteratorOutput](t, s, "GetShardIterator", in)
			wantError(t, err, tt.code, tt.text)
		})
	}
	it := iteratorAt(t, s, "s", shard0, latest, "")
	if err := s.DeleteStream(t.Context(), "s"); err != nil {
		t.Fatal(err)
	}
	_, err := call[getRecordsOutput](t, s, "GetRecords", getRecordsInput{ShardIterator: &it})
	wantError(t, err, codeNotFound, "does not exist")
	if err := s.CreateStream(t.Context(), "s", 1); err != nil {
		t.Fatal(err)
	}
	_, err = call[getRecordsOutput](t, s, "GetRecords", getRecordsInput{ShardIterator: &it})
	wantError(t, err, codeNotFound, "does not exist")
}

func TestReadLimits(t *testing.T) {
	s := newServer(t, Config{})
	if err := s.CreateStream(t.Context(), "s", 1); err != nil {
		t.Fatal(err)
	}
	big := bytes.Repeat([]byte{'x'}, 1<<20-10)
	for range 12 {
		if err := s.PutRecords(t.Context(), "s", []Record{{PartitionKey: "0123456789", Data: big}}); err != nil {
			t.Fatal(err)
		}
	}
	out := read(t, s, iteratorAt(t, s, "s", shard0, trimHorizon, ""), 100)
	if len(out.Records) != 10 || out.MillisBehindLatest == 0 {
		t.Errorf("%d MiB in one answer, %d ms behind", len(out.Records), out.MillisBehindLatest)
	}
	if out = read(t, s, out.NextShardIterator, 100); len(out.Records) != 2 || out.MillisBehindLatest != 0 {
		t.Errorf("%d MiB in the next, %d ms behind", len(out.Records), out.MillisBehindLatest)
	}
}

func TestRetention(t *testing.T) {
	clk := newClock()
	s := newServer(t, Config{Now: clk.now})
	if err := s.CreateStream(t.Context(), "s", 1); err != nil {
		t.Fatal(err)
	}
	first := iteratorAt(t, s, "s", shard0, trimHorizon, "")
	putN(t, s, "s", 1000)
	clk.advance(time.Hour)
	putN(t, s, "s", 3)
	clk.advance(23 * time.Hour)
	if n := len(read(t, s, iteratorAt(t, s, "s", shard0, trimHorizon, ""), 10000).Records); n != 1003 {
		t.Errorf("%d records after 24 h, want all", n)
	}
	used := s.used.Load()
	clk.advance(time.Millisecond)
	out := read(t, s, iteratorAt(t, s, "s", shard0, trimHorizon, ""), 10000)
	if texts(out.Records) != "0 1 2" || out.Records[0].SequenceNumber <= shardsOf(t, s, "s")[0].SequenceNumberRange.StartingSequenceNumber {
		t.Errorf("after that: %s", texts(out.Records))
	}
	if s.used.Load() >= used/10 {
		t.Errorf("%d of %d bytes are still counted", s.used.Load(), used)
	}
	_, err := call[getRecordsOutput](t, s, "GetRecords", getRecordsInput{ShardIterator: &first})
	wantError(t, err, "ExpiredIteratorException", "Iterator expired.")

	hours := 48
	must[struct{}](t, s, "IncreaseStreamRetentionPeriod", retentionInput{streamRef: ref("s"), RetentionPeriodHours: &hours})
	clk.advance(24 * time.Hour)
	if got := texts(read(t, s, iteratorAt(t, s, "s", shard0, trimHorizon, ""), 10).Records); got != "0 1 2" {
		t.Errorf("with 48 h: %q", got)
	}
	hours = 24
	must[struct{}](t, s, "DecreaseStreamRetentionPeriod", retentionInput{streamRef: ref("s"), RetentionPeriodHours: &hours})
	if s.used.Load() != 0 {
		t.Errorf("%d bytes are counted for nothing", s.used.Load())
	}
	for hours, text := range map[int]string{23: "Minimum allowed retention period is 24 hours.", 8761: "Maximum allowed retention period is 8760 hours."} {
		_, err := call[struct{}](t, s, "IncreaseStreamRetentionPeriod", retentionInput{streamRef: ref("s"), RetentionPeriodHours: &hours})
		wantError(t, err, codeArgument, text)
	}
}

func TestByteBudget(t *testing.T) {
	clk := newClock()
	var log bytes.Buffer
	s := newServer(t, Config{Now: clk.now, ByteBudget: 1 << 20, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	for _, name := range []string{"old", "new"} {
		if err := s.CreateStream(t.Context(), name, 2); err != nil {
			t.Fatal(err)
		}
	}
	putN(t, s, "old", 1000)
	clk.advance(time.Minute)
	data := bytes.Repeat([]byte{'x'}, 1000)
	for range 5000 {
		if err := s.PutRecords(t.Context(), "new", []Record{{PartitionKey: "k", Data: data}}); err != nil {
			t.Fatal(err)
		}
		if used := s.used.Load(); used > 1<<20 {
			t.Fatalf("%d bytes are used", used)
		}
		clk.advance(time.Millisecond)
	}
	if s.used.Load() < 900_000 {
		t.Errorf("%d bytes are left of the budget", s.used.Load())
	}
	if n := strings.Count(log.String(), "budget"); n == 0 || strings.Count(log.String(), "\n") != 1 {
		t.Errorf("log: %s", log.String())
	}
	var kept, bytesKept int64
	for _, sh := range s.allShards() {
		first, next, _ := sh.bounds()
		kept += int64(next - first)
		entries, err := sh.log.scan(first, next, maxPage, 1<<40)
		if err != nil {
			t.Fatal(err)
		}
		for i := range entries {
			bytesKept += entries[i].size()
		}
	}
	if bytesKept != s.used.Load() || kept < 800 {
		t.Errorf("%d records are kept, %d bytes of %d", kept, bytesKept, s.used.Load())
	}
	for _, id := range []string{shard0, "shardId-000000000001"} {
		if got := read(t, s, iteratorAt(t, s, "old", id, trimHorizon, ""), 10); len(got.Records) != 0 {
			t.Errorf("the oldest records are kept: %s", texts(got.Records))
		}
	}
	for _, name := range []string{"old", "new"} {
		if err := s.DeleteStream(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	if s.used.Load() != 0 {
		t.Errorf("%d bytes are counted for nothing", s.used.Load())
	}
}

// brokenLog is a store that is full.
type brokenLog struct{ recordLog }

func (brokenLog) append([]entry) error { return errors.New("disk full") }

func TestRecordsThatAreNotStored(t *testing.T) {
	s := newServer(t, Config{})
	logs := 0
	s.newLog = func(st *stream, shard int) recordLog {
		if logs++; logs == 2 {
			return brokenLog{newMemoryLog(st, shard)}
		}
		return newMemoryLog(st, shard)
	}
	if err := s.CreateStream(t.Context(), "s", 2); err != nil {
		t.Fatal(err)
	}
	low, high, key, data := "0", maxHashKey.String(), "k", []byte("x")
	in := putRecordsInput{streamRef: ref("s"), Records: []putEntry{
		{Data: &data, PartitionKey: &key, ExplicitHashKey: &low}, {Data: &data, PartitionKey: &key, ExplicitHashKey: &high},
	}}
	out := must[putRecordsOutput](t, s, "PutRecords", in)
	if out.FailedRecordCount != 1 || out.Records[0].ShardID != shard0 || out.Records[1].ErrorCode != "InternalFailure" || out.Records[1].SequenceNumber != "" {
		t.Errorf("%+v", out)
	}
	one := putRecordInput{streamRef: ref("s"), putEntry: in.Records[1]}
	_, err := call[putRecordOutput](t, s, "PutRecord", one)
	wantError(t, err, "InternalFailureException", "")
	records := make([]Record, 20)
	for i := range records {
		records[i].PartitionKey = fmt.Sprint(i)
	}
	if err := s.PutRecords(t.Context(), "s", records); err == nil || !strings.Contains(err.Error(), "of 20 records were not stored: InternalFailure") {
		t.Errorf("put: %v", err)
	}
}

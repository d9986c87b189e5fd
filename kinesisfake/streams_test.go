package kinesisfake

import (
	"strings"
	"testing"
	"time"

	"github.com/das-local/das-local/internal/awsapi"
)

func ptr[T any](v T) *T { return &v }

func TestCreateDelay(t *testing.T) {
	clk := newClock()
	s := newServer(t, Config{Now: clk.now, CreateDelay: time.Second})
	if err := s.CreateStream(t.Context(), "s", 1); err != nil {
		t.Fatal(err)
	}
	d := must[describeStreamOutput](t, s, "DescribeStream", describeStreamInput{streamRef: ref("s")}).StreamDescription
	if d.StreamStatus != "CREATING" || len(d.Shards) != 0 {
		t.Errorf("at first: %+v", d)
	}
	err := s.PutRecords(t.Context(), "s", []Record{{PartitionKey: "k"}})
	if err == nil || !strings.Contains(err.Error(), "not found") {
		t.Errorf("put: %v", err)
	}
	_, err = call[struct{}](t, s, "MergeShards", mergeShardsInput{streamRef: ref("s"), ShardToMerge: ptr("0"), AdjacentShardToMerge: ptr("1")})
	wantError(t, err, codeInUse, "Stream s under account 000000000000 not ACTIVE, instead in state CREATING")
	clk.advance(time.Second)
	d = must[describeStreamOutput](t, s, "DescribeStream", describeStreamInput{streamRef: ref("s")}).StreamDescription
	if d.StreamStatus != "ACTIVE" || len(d.Shards) != 1 {
		t.Errorf("then: %+v", d)
	}
}

func TestCreateStreamErrors(t *testing.T) {
	s := newServer(t, Config{ShardLimit: 5})
	if err := s.CreateStream(t.Context(), "s", 3); err != nil {
		t.Fatal(err)
	}
	onDemand := &streamModeDetails{StreamMode: ptr(modeOnDemand)}
	tests := []struct {
		name       string
		in         createStreamInput
		code, text string
	}{
		{"no name", createStreamInput{ShardCount: ptr(1)}, "ValidationException",
			"1 validation error detected: Value null at 'streamName' failed to satisfy constraint: Member must not be null"},
		{"long name", createStreamInput{StreamName: ptr(strings.Repeat("x", 129)), ShardCount: ptr(1)}, "ValidationException", "Member must have length less than or equal to 128"},
		{"no shard count", createStreamInput{StreamName: ptr("x")}, "ValidationException", "ShardCount"},
		{"shard count on demand", createStreamInput{StreamName: ptr("x"), ShardCount: ptr(1), StreamModeDetails: onDemand}, "ValidationException", "ShardCount"},
		{"exists", createStreamInput{StreamName: ptr("s"), ShardCount: ptr(1)}, codeInUse, "Stream s under account 000000000000 already exists."},
		{"too many shards", createStreamInput{StreamName: ptr("x"), ShardCount: ptr(3)}, codeLimit,
			"This request would exceed the shard limit for the account 000000000000 in us-east-1. Current shard count for the account: 3. " +
				"Limit: 5. Number of additional shards that would have resulted from this request: 3."},
		{"endless shards", createStreamInput{StreamName: ptr("x"), ShardCount: ptr(1 << 40)}, codeLimit, "exceed the shard limit"},
		{"large records", createStreamInput{StreamName: ptr("x"), ShardCount: ptr(1), MaxRecordSizeInKiB: ptr(10241)}, "ValidationException", "less than or equal to 10240"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := call[struct{}](t, s, "CreateStream", tt.in)
			wantError(t, err, tt.code, tt.text)
		})
	}
	_, err := call[struct{}](t, s, "DeleteStream", deleteStreamInput{})
	wantError(t, err, codeArgument, "StreamName or StreamARN")
	_, err = call[struct{}](t, s, "DeleteStream", deleteStreamInput{streamRef: streamRef{StreamARN: ptr("arn:aws:s3:::x")}})
	wantError(t, err, "ValidationException", "Member must satisfy regular expression pattern: arn:aws.*:kinesis:.*:\\d{12}:stream/\\S+")
	_, err = call[struct{}](t, s, "DeleteStream", deleteStreamInput{streamRef: streamRef{StreamName: ptr("x"), StreamARN: ptr("arn:aws:kinesis:us-east-1:000000000000:stream/s")}})
	wantError(t, err, codeArgument, "do not name the same stream")
}

func TestOnDemand(t *testing.T) {
	s := newServer(t, Config{})
	must[struct{}](t, s, "CreateStream", createStreamInput{StreamName: ptr("s"), StreamModeDetails: &streamModeDetails{StreamMode: ptr(modeOnDemand)}, MaxRecordSizeInKiB: ptr(2048)})
	d := must[describeStreamSummaryOutput](t, s, "DescribeStreamSummary", describeStreamSummaryInput{ref("s")}).StreamDescriptionSummary
	if *d.StreamModeDetails.StreamMode != modeOnDemand || d.OpenShardCount != 4 || d.MaxRecordSizeInKiB != 2048 {
		t.Errorf("%+v", d)
	}
	_, err := call[updateShardCountOutput](t, s, "UpdateShardCount", updateShardCountInput{streamRef: ref("s"), TargetShardCount: ptr(5), ScalingType: ptr("UNIFORM_SCALING")})
	wantError(t, err, "ValidationException", "Request is invalid. Stream s under account 000000000000 is in On-Demand mode.")
	if err := s.PutRecords(t.Context(), "s", []Record{{PartitionKey: "k", Data: make([]byte, 2<<20-1)}}); err != nil {
		t.Error(err)
	}
	if err := s.PutRecords(t.Context(), "s", []Record{{PartitionKey: "k", Data: make([]byte, 2<<20)}}); err == nil {
		t.Error("a record larger than the stream takes was stored")
	}
}

func TestSplitAndMerge(t *testing.T) {
	clk := newClock()
	s := newServer(t, Config{Now: clk.now})
	if err := s.CreateStream(t.Context(), "s", 1); err != nil {
		t.Fatal(err)
	}
	putN(t, s, "s", 10)
	split := func(shard, at string) error {
		_, err := call[struct{}](t, s, "SplitShard", splitShardInput{streamRef: ref("s"), ShardToSplit: &shard, NewStartingHashKey: &at})
		return err
	}
	merge := func(a, b string) error {
		_, err := call[struct{}](t, s, "MergeShards", mergeShardsInput{streamRef: ref("s"), ShardToMerge: &a, AdjacentShardToMerge: &b})
		return err
	}
	half := hashKey{1 << 63, 0}.String()
	for _, at := range []string{"0", "1", maxHashKey.String(), "340282366920938463463374607431768211456"} {
		wantError(t, split(shard0, at), codeArgument, "is not both greater than one plus the shard's StartingHashKey 0 and less than the shard's EndingHashKey 340282366920938463463374607431768211455.")
	}
	if err := split("shardId-0", half); err != nil {
		t.Fatal(err)
	}
	wantError(t, split(shard0, half), codeArgument, "has already been merged or split")
	wantError(t, merge("shardId-000000000001", shard0), codeArgument, "has already been merged or split")
	wantError(t, merge("shardId-000000000001", "shardId-000000000001"), codeArgument, "are not an adjacent pair of shards eligible for merging")
	wantError(t, merge("shardId-000000000001", "shardId-000000000007"), codeNotFound, "Could not find shard shardId-000000000007 in stream s")
	if err := merge("shardId-000000000002", "shardId-000000000001"); err != nil { // either order
		t.Fatal(err)
	}
	shards := shardsOf(t, s, "s")
	if len(shards) != 4 || shards[1].ParentShardID != shard0 || shards[3].ParentShardID != "shardId-000000000001" ||
		shards[3].AdjacentParentShardID != "shardId-000000000002" || shards[3].SequenceNumberRange.EndingSequenceNumber != "" ||
		shards[1].HashKeyRange.EndingHashKey != "170141183460469231731687303715884105727" {
		t.Errorf("%+v", shards)
	}
	for i := range 3 {
		child := map[int]int{0: 1, 1: 3, 2: 3}[i]
		if end := shards[i].SequenceNumberRange.EndingSequenceNumber; end == "" || end >= shards[child].SequenceNumberRange.StartingSequenceNumber {
			t.Errorf("shard %d ends at %q, its child begins at %s", i, end, shards[child].SequenceNumberRange.StartingSequenceNumber)
		}
	}
	out := read(t, s, iteratorAt(t, s, "s", shard0, trimHorizon, ""), 9)
	if out.NextShardIterator == "" || out.ChildShards != nil {
		t.Errorf("before the end: %+v", out)
	}
	out = read(t, s, out.NextShardIterator, 9)
	if len(out.Records) != 1 || out.NextShardIterator != "" || len(out.ChildShards) != 2 || out.ChildShards[1].ParentShards[0] != shard0 || out.MillisBehindLatest != 0 {
		t.Errorf("at the end: %+v", out)
	}
	clk.advance(25 * time.Hour)
	if shards := shardsOf(t, s, "s"); len(shards) != 1 || shards[0].ShardID != "shardId-000000000003" {
		t.Errorf("a day later: %+v", shards)
	}
}

func TestListShardsFilters(t *testing.T) {
	clk := newClock()
	s := newServer(t, Config{Now: clk.now})
	if err := s.CreateStream(t.Context(), "s", 2); err != nil {
		t.Fatal(err)
	}
	clk.advance(time.Hour)
	must[struct{}](t, s, "MergeShards", mergeShardsInput{streamRef: ref("s"), ShardToMerge: ptr("0"), AdjacentShardToMerge: ptr("1")})
	merged := clk.now()
	clk.advance(time.Hour)
	tests := []struct {
		filter shardFilter
		want   string
	}{
		{shardFilter{Type: ptr(filterAtLatest)}, "2"},
		{shardFilter{Type: ptr(filterAtTrimHorizon)}, "0 1"},
		{shardFilter{Type: ptr(filterFromTrimHorizon)}, "0 1 2"},
		{shardFilter{Type: ptr(filterAfterShard), ShardID: ptr(shard0)}, "1 2"},
		{shardFilter{Type: ptr(filterAtTimestamp), Timestamp: &awsapi.Time{Time: merged.Add(-time.Second)}}, "0 1"},
		{shardFilter{Type: ptr(filterAtTimestamp), Timestamp: &awsapi.Time{Time: merged}}, "2"},
		{shardFilter{Type: ptr(filterFromTimestamp), Timestamp: &awsapi.Time{Time: merged.Add(time.Second)}}, "2"},
		{shardFilter{Type: ptr(filterFromTimestamp), Timestamp: &awsapi.Time{Time: merged.Add(-time.Second)}}, "0 1 2"},
	}
	for _, tt := range tests {
		in := listShardsInput{streamRef: ref("s"), ShardFilter: &tt.filter, MaxResults: ptr(1)}
		var got []string
		for {
			out := must[listShardsOutput](t, s, "ListShards", in)
			for _, sh := range out.Shards {
				got = append(got, strings.TrimLeft(strings.TrimPrefix(sh.ShardID, "shardId-"), "0")+map[bool]string{true: "0"}[sh.ShardID == shard0])
			}
			if out.NextToken == "" {
				break
			}
			in = listShardsInput{NextToken: &out.NextToken, MaxResults: ptr(1)}
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: %v, want %s", *tt.filter.Type, got, tt.want)
		}
	}
	_, err := call[listShardsOutput](t, s, "ListShards", listShardsInput{streamRef: ref("s"), ShardFilter: &shardFilter{Type: ptr(filterAtTimestamp)}})
	wantError(t, err, codeArgument, "Timestamp")
	_, err = call[listShardsOutput](t, s, "ListShards", listShardsInput{streamRef: ref("s"), NextToken: ptr("AAAA")})
	wantError(t, err, codeArgument, "NextToken and StreamName cannot be provided together.")
	_, err = call[listShardsOutput](t, s, "ListShards", listShardsInput{NextToken: ptr("AAAA")})
	wantError(t, err, codeArgument, "Invalid NextToken.")
	page := must[listShardsOutput](t, s, "ListShards", listShardsInput{streamRef: ref("s"), MaxResults: ptr(1)})
	clk.advance(6 * time.Minute)
	_, err = call[listShardsOutput](t, s, "ListShards", listShardsInput{NextToken: &page.NextToken})
	wantError(t, err, "ExpiredNextTokenException", "")
}

func TestPutErrors(t *testing.T) {
	s := newServer(t, Config{})
	if err := s.CreateStream(t.Context(), "s", 1); err != nil {
		t.Fatal(err)
	}
	key, none := "k", []byte{}
	entry := func(change func(*putEntry)) putEntry {
		e := putEntry{Data: &none, PartitionKey: &key}
		change(&e)
		return e
	}
	ok := entry(func(*putEntry) {})
	large, most := make([]byte, 1<<20), make([]byte, 1<<20-1)
	tests := []struct {
		name       string
		records    []putEntry
		code, text string
	}{
		{"no records", nil, "ValidationException", "Value null at 'records' failed to satisfy constraint: Member must not be null"},
		{"empty records", []putEntry{}, "ValidationException", "Member must have length greater than or equal to 1"},
		{"501 records", make([]putEntry, 501), "ValidationException", "Member must have length less than or equal to 500"},
		{"no data", []putEntry{ok, entry(func(e *putEntry) { e.Data = nil })}, "ValidationException", "Value null at 'records.2.member.data' failed"},
		{"empty key", []putEntry{entry(func(e *putEntry) { e.PartitionKey = ptr("") })}, "ValidationException", "'records.1.member.partitionKey'"},
		{"long key", []putEntry{entry(func(e *putEntry) { e.PartitionKey = ptr(strings.Repeat("é", 257)) })}, "ValidationException", "less than or equal to 256"},
		{"no hash key", []putEntry{entry(func(e *putEntry) { e.ExplicitHashKey = ptr("01") })}, "ValidationException", "pattern: 0|([1-9]\\d{0,38})"},
		{"high hash key", []putEntry{entry(func(e *putEntry) { e.ExplicitHashKey = ptr("340282366920938463463374607431768211456") })}, codeArgument,
			"Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was 340282366920938463463374607431768211456"},
		{"large record", []putEntry{ok, entry(func(e *putEntry) { e.Data = &large })}, "ValidationException",
			"Value 'java.nio.HeapByteBuffer[pos=0 lim=1048576 cap=1048576]' at 'records.2.member.data' failed to satisfy constraint: Member must have length less than or equal to 1048576"},
		{"large request", func() (l []putEntry) {
			for range 11 {
				l = append(l, entry(func(e *putEntry) { e.Data = &most }))
			}
			return l
		}(), codeArgument, "Records size exceeds 10 MB limit"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := call[putRecordsOutput](t, s, "PutRecords", putRecordsInput{streamRef: ref("s"), Records: tt.records})
			wantError(t, err, tt.code, tt.text)
		})
	}
	if s.used.Load() != 0 {
		t.Errorf("refused requests left %d bytes", s.used.Load())
	}
	_, err := call[putRecordOutput](t, s, "PutRecord", putRecordInput{streamRef: ref("s"), putEntry: ok, SequenceNumberForOrdering: ptr("5")})
	wantError(t, err, codeArgument, "ExclusiveMinimumSequenceNumber 5 used in PutRecord on stream s")
}

package kinesisfake

import (
	"testing"
	"time"
)

// script is a service in trouble, one answer after the other.
type script struct {
	codes [][]string
	again []bool
}

func (s *script) RefuseRecords(int) (codes []string) {
	if len(s.codes) > 0 {
		codes, s.codes = s.codes[0], s.codes[1:]
	}
	return codes
}

func (s *script) Redeliver() (again bool) {
	if len(s.again) > 0 {
		again, s.again = s.again[0], s.again[1:]
	}
	return again
}

func TestRecordsThatAreRefused(t *testing.T) {
	const throttled = "ProvisionedThroughputExceededException"
	s := newServer(t, Config{Faults: &script{codes: [][]string{{"", throttled, ""}, {codeInternal, throttled, throttled}}}})
	if err := s.CreateStream(t.Context(), "s", 2); err != nil {
		t.Fatal(err)
	}
	put := func(texts ...string) *putRecordsOutput {
		in := putRecordsInput{streamRef: ref("s")}
		for _, text := range texts {
			data, key, hash := []byte(text), "k", "0" // all in the first shard
			in.Records = append(in.Records, putEntry{Data: &data, PartitionKey: &key, ExplicitHashKey: &hash})
		}
		return must[putRecordsOutput](t, s, "PutRecords", in)
	}
	out := put("a", "b", "c")
	if out.FailedRecordCount != 1 || out.Records[1].ErrorCode != throttled || out.Records[1].SequenceNumber != "" ||
		out.Records[0].SequenceNumber == "" || out.Records[2].SequenceNumber <= out.Records[0].SequenceNumber {
		t.Errorf("in part: %+v", out)
	}
	if out = put("d", "e", "f"); out.FailedRecordCount != 3 || out.Records[0].ErrorCode != codeInternal {
		t.Errorf("as a whole: %+v", out)
	}
	if out = put("g"); out.FailedRecordCount != 0 {
		t.Errorf("afterwards: %+v", out)
	}
	if got := texts(read(t, s, iteratorAt(t, s, "s", shard0, trimHorizon, ""), 10).Records); got != "a c g" {
		t.Errorf("stored: %s", got)
	}
}

func TestAPageThatComesAgain(t *testing.T) {
	s := newServer(t, Config{Faults: &script{again: []bool{true, false, true}}})
	if err := s.CreateStream(t.Context(), "s", 1); err != nil {
		t.Fatal(err)
	}
	putN(t, s, "s", 4)
	it, got := iteratorAt(t, s, "s", shard0, trimHorizon, ""), ""
	for range 5 { // an empty page is none that comes again
		page := read(t, s, it, 2)
		got += texts(page.Records) + ";"
		it = page.NextShardIterator
	}
	if want := "0 1;0 1;2 3;2 3;;"; got != want {
		t.Errorf("read %q, want %q", got, want)
	}
}

func TestReshard(t *testing.T) {
	clk := newClock()
	s := newServer(t, Config{Now: clk.now})
	if err := s.CreateStream(t.Context(), "s", 1); err != nil {
		t.Fatal(err)
	}
	putN(t, s, "s", 20)
	status := func() string {
		return must[describeStreamOutput](t, s, "DescribeStream", describeStreamInput{streamRef: ref("s")}).StreamDescription.StreamStatus
	}
	reshard := func(d time.Duration, numbers ...int) error {
		return s.Reshard(t.Context(), "s", d, func(n int) int {
			next := numbers[0]
			numbers = numbers[1:]
			return min(next, n-1)
		})
	}
	open := func() (n int) {
		for _, sh := range shardsOf(t, s, "s") {
			if sh.SequenceNumberRange.EndingSequenceNumber == "" {
				n++
			}
		}
		return n
	}
	if err := reshard(time.Minute, 0); err != nil {
		t.Fatal(err)
	}
	if got := status(); got != statusUpdating || open() != 2 {
		t.Errorf("the stream is %s and has %d open shards", got, open())
	}
	if got := shardsOf(t, s, "s")[2].HashKeyRange.StartingHashKey; got != "170141183460469231731687303715884105728" {
		t.Errorf("the second half begins at %s", got)
	}
	wantError(t, reshard(0, 1, 0), "ResourceInUseException", "UPDATING")
	putN(t, s, "s", 20) // records come and go all the same
	clk.advance(time.Minute)
	if got := status(); got != statusActive {
		t.Errorf("after its time the stream is %s", got)
	}
	if err := reshard(0, 1, 1); err != nil || open() != 3 { // splits the second
		t.Fatal(open(), err)
	}
	if err := reshard(time.Hour, 0, 1); err != nil || open() != 2 { // merges its halves
		t.Fatal(open(), err)
	}
	s.Settle("s")
	s.Settle("no such stream")
	if got := status(); got != statusActive {
		t.Errorf("settled, the stream is %s", got)
	}
	if err := s.Reshard(t.Context(), "no such stream", 0, nil); err == nil {
		t.Error("a stream that is not there was split")
	}
}

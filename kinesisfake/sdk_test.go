package kinesisfake

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/das-local/das-local/internal/await"
)

// TestGoSDK walks through the life of a stream with AWS's SDK for Go.
func TestGoSDK(t *testing.T) {
	c := newClient(serve(t, newServer(t, Config{})))
	ctx := t.Context()
	name := aws.String("orders")

	begin := time.Now().Truncate(time.Second) // clients of CBOR and JSON get different fractions
	if _, err := c.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: name, ShardCount: aws.Int32(2), Tags: map[string]string{"a": "1"}}); err != nil {
		t.Fatal(err)
	}
	if err := kinesis.NewStreamExistsWaiter(c).Wait(ctx, &kinesis.DescribeStreamInput{StreamName: name}, await.Patience); err != nil {
		t.Fatal(err)
	}
	summary, err := c.DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamName: name})
	if err != nil {
		t.Fatal(err)
	}
	d := summary.StreamDescriptionSummary
	arn := aws.ToString(d.StreamARN)
	if arn != "arn:aws:kinesis:us-east-1:000000000000:stream/orders" || d.StreamStatus != types.StreamStatusActive ||
		*d.OpenShardCount != 2 || *d.RetentionPeriodHours != 24 || d.EncryptionType != types.EncryptionTypeNone ||
		d.StreamCreationTimestamp.Before(begin) || d.StreamCreationTimestamp.After(time.Now()) {
		t.Errorf("summary: %+v", d)
	}

	entries := make([]types.PutRecordsRequestEntry, 100)
	for i := range entries {
		entries[i] = types.PutRecordsRequestEntry{PartitionKey: aws.String(fmt.Sprint(i)), Data: fmt.Append(nil, "record ", i)}
	}
	put, err := c.PutRecords(ctx, &kinesis.PutRecordsInput{StreamARN: &arn, Records: entries})
	if err != nil {
		t.Fatal(err)
	}
	one, err := c.PutRecord(ctx, &kinesis.PutRecordInput{StreamName: name, PartitionKey: aws.String("x"), Data: []byte{},
		ExplicitHashKey: aws.String("340282366920938463463374607431768211455")})
	if err != nil || *one.ShardId != "shardId-000000000001" || len(*one.SequenceNumber) != 56 {
		t.Fatalf("%+v, %v", one, err)
	}
	if *put.FailedRecordCount != 0 || len(put.Records) != 100 {
		t.Errorf("put: %+v", put)
	}
	want := map[string]string{*one.SequenceNumber: ""}
	for i, r := range put.Records {
		want[*r.SequenceNumber] = fmt.Sprint("record ", i)
	}

	if seen := readBoth(t, c, arn, want); seen != 101 {
		t.Errorf("%d records read, want 101", seen)
	}

	if _, err := c.DeleteStream(ctx, &kinesis.DeleteStreamInput{StreamName: name}); err != nil {
		t.Fatal(err)
	}
	if err := kinesis.NewStreamNotExistsWaiter(c).Wait(ctx, &kinesis.DescribeStreamInput{StreamName: name}, await.Patience); err != nil {
		t.Error(err)
	}
}

// readBoth reads two shards and counts the records that are wanted, by sequence number;
// their data must be right.
func readBoth(t *testing.T, c *kinesis.Client, arn string, want map[string]string) (seen int) {
	t.Helper()
	ctx := t.Context()
	for _, shard := range []string{"shardId-000000000000", "shardId-000000000001"} {
		it, err := c.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{StreamARN: &arn, ShardId: &shard, ShardIteratorType: types.ShardIteratorTypeTrimHorizon})
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: it.ShardIterator})
		if err != nil {
			t.Fatal(err)
		}
		last := ""
		for _, r := range got.Records {
			if *r.SequenceNumber <= last {
				t.Errorf("%s after %s", *r.SequenceNumber, last)
			}
			last = *r.SequenceNumber
			if text, ok := want[*r.SequenceNumber]; ok { // else one that the SDK sent twice
				seen++
				if text != string(r.Data) {
					t.Errorf("record %+v, want %s", r, text)
				}
			}
		}
		if *got.MillisBehindLatest != 0 || got.NextShardIterator == nil || got.ChildShards != nil {
			t.Errorf("end of what there is: %+v", got)
		}
	}
	return seen
}

// TestGoSDKErrors checks that errors come out as the SDK's types.
func TestGoSDKErrors(t *testing.T) {
	clk := newClock()
	s := newServer(t, Config{Now: clk.now})
	c := newClient(serve(t, s))
	ctx := t.Context()
	_, err := c.DescribeStream(ctx, &kinesis.DescribeStreamInput{StreamName: aws.String("nope")})
	var notFound *types.ResourceNotFoundException
	if !errors.As(err, &notFound) || notFound.ErrorMessage() != "Stream nope under account 000000000000 not found." {
		t.Errorf("no stream: %v", err)
	}
	if err := s.CreateStream(ctx, "s", 1); err != nil {
		t.Fatal(err)
	}
	_, err = c.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: aws.String("s"), ShardCount: aws.Int32(1)})
	var inUse *types.ResourceInUseException
	if !errors.As(err, &inUse) {
		t.Errorf("created twice: %v", err)
	}
	it, err := c.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{StreamName: aws.String("s"), ShardId: aws.String("shardId-000000000000"), ShardIteratorType: types.ShardIteratorTypeLatest})
	if err != nil {
		t.Fatal(err)
	}
	clk.advance(5*time.Minute + time.Millisecond)
	_, err = c.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: it.ShardIterator})
	var expired *types.ExpiredIteratorException
	if !errors.As(err, &expired) || !strings.Contains(expired.ErrorMessage(),
		"Iterator expired. The iterator was created at time Sun Mar 01 12:00:00 UTC 2026 while right now it is Sun Mar 01 12:05:00 UTC 2026 "+
			"which is further in the future than the tolerated delay of 300000 milliseconds.") {
		t.Errorf("old iterator: %v", err)
	}
	_, err = c.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: aws.String("Z2FyYmFnZQ==")})
	var invalid *types.InvalidArgumentException
	if !errors.As(err, &invalid) || invalid.ErrorMessage() != "Invalid ShardIterator." {
		t.Errorf("garbage for an iterator: %v", err)
	}
	_, err = c.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: aws.String("a b"), ShardCount: aws.Int32(0)})
	if err == nil || !strings.Contains(err.Error(), "ValidationException: 2 validation errors detected: "+
		"Value '0' at 'shardCount' failed to satisfy constraint: Member must have value greater than or equal to 1; "+
		"Value 'a b' at 'streamName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+") {
		t.Errorf("bad members: %v", err)
	}
}

package emulator

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	ktypes "github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/das-local/das-local/internal/stream"
)

// TestClock: schedules of all services go by one clock.
func TestClock(t *testing.T) {
	b := newBed(t, Options{Heartbeat: -1, StartStream: stream.Sync})
	client, name := b.once(), aws.String("own")
	if _, err := client.CreateStream(b.within(), &kinesis.CreateStreamInput{StreamName: name, ShardCount: aws.Int32(1)}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.PutRecord(b.within(), &kinesis.PutRecordInput{StreamName: name, PartitionKey: aws.String("k"), Data: []byte("x")}); err != nil {
		t.Fatal(err)
	}
	iterator := func() *string {
		out, err := client.GetShardIterator(b.within(), &kinesis.GetShardIteratorInput{StreamName: name,
			ShardId: aws.String("shardId-000000000000"), ShardIteratorType: ktypes.ShardIteratorTypeTrimHorizon})
		if err != nil {
			t.Fatal(err)
		}
		return out.ShardIterator
	}
	read := func(it *string) (int, error) {
		out, err := client.GetRecords(b.within(), &kinesis.GetRecordsInput{ShardIterator: it})
		if err != nil {
			return 0, err
		}
		return len(out.Records), nil
	}
	key, err := b.kms.CreateKey(b.within(), &kms.CreateKeyInput{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.kms.ScheduleKeyDeletion(b.within(), &kms.ScheduleKeyDeletionInput{KeyId: key.KeyMetadata.KeyId, PendingWindowInDays: aws.Int32(7)}); err != nil {
		t.Fatal(err)
	}
	it := iterator()
	if n, err := read(it); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	before := b.Clock().Now()
	if status, answer := b.control("POST", "/_das/clock", `{"advance":"6m"}`); status != 200 || !strings.Contains(answer, `"ahead":"6m0s"`) {
		t.Errorf("%d %s", status, answer)
	}
	if d := b.Clock().Now().Sub(before); d < 6*time.Minute {
		t.Errorf("the clock is %v ahead", d)
	}
	_, err = read(it)
	wantCode(t, err, "ExpiredIteratorException")
	b.add(Fault{Kind: "clock-jump", Advance: 24 * time.Hour})
	if n, err := read(iterator()); n != 0 || err != nil {
		t.Errorf("behind the retention %d records are read, %v", n, err)
	}
	if _, err := b.kms.DescribeKey(b.within(), &kms.DescribeKeyInput{KeyId: key.KeyMetadata.KeyId}); err != nil {
		t.Fatal(err)
	}
	if err := b.Clock().Advance(6 * 24 * time.Hour); err != nil {
		t.Fatal(err)
	}
	_, err = b.kms.DescribeKey(b.within(), &kms.DescribeKeyInput{KeyId: key.KeyMetadata.KeyId})
	wantCode(t, err, "NotFoundException")
	b.exec(b.connect(), "select 'recorded'")
	if got := b.texts("select 'recorded'", "recorded"); len(got) != 1 {
		t.Errorf("events %q", got)
	}
}

// TestClockOfADataDirectory: what was stored at a later time is not in the future
// after a restart.
func TestClockOfADataDirectory(t *testing.T) {
	dir := dataDir(t)
	o := Options{DataDir: dir, Heartbeat: -1, StartStream: stream.Sync}
	e := startOn(t, o)
	if err := e.Clock().Advance(48 * time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := e.kinesis.CreateStream(t.Context(), "later", 1); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	b := newBed(t, o)
	if got := b.Clock().Ahead(); got != 48*time.Hour {
		t.Errorf("the clock is %v ahead", got)
	}
	out, err := b.once().DescribeStreamSummary(b.within(), &kinesis.DescribeStreamSummaryInput{StreamName: aws.String("later")})
	if err != nil || out.StreamDescriptionSummary.StreamStatus != ktypes.StreamStatusActive {
		t.Errorf("the stream is %+v, %v", out, err)
	}
	b.exec(b.connect(), "select 'recorded'")
}

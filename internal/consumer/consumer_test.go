package consumer_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/smithy-go"

	"github.com/das-local/das-local/internal/consumer"
)

// upTo lists 1 to n.
func upTo(n int64) []int64 {
	ids := make([]int64, n)
	for i := range ids {
		ids[i] = int64(i + 1)
	}
	return ids
}

func wantAll(t *testing.T, ids []int64, n int64) {
	t.Helper()
	if got := slices.Sorted(slices.Values(ids)); !slices.Equal(got, upTo(n)) {
		t.Errorf("read %d events %v, want 1 to %d, each once", len(got), got, n)
	}
}

func TestReadsToTheEnd(t *testing.T) {
	b := newBed(t, 3)
	b.send(40)
	c := b.config()
	c.RecordLimit = 7
	wantAll(t, b.read(c), 40)
}

func TestEmptyStream(t *testing.T) {
	b := newBed(t, 2)
	if ids := b.read(b.config()); len(ids) > 0 {
		t.Error(ids)
	}
}

func TestEventFields(t *testing.T) {
	begin := time.Now().Truncate(time.Millisecond)
	b := newBed(t, 1)
	b.send(2)
	reader, err := consumer.New(b.config())
	if err != nil {
		t.Fatal(err)
	}
	last := ""
	for e, err := range reader.Events(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if e.ClusterID != clusterID || e.InstanceID != instanceID || e.Heartbeat || e.Index != 0 ||
			e.ShardID != "shardId-000000000000" || e.Arrival.Before(begin) || e.Arrival.After(time.Now()) ||
			!strings.HasPrefix(string(e.JSON), `{"logTime":"`) {
			t.Errorf("%+v", e)
		}
		if e.SequenceNumber <= last {
			t.Errorf("sequence number %s follows %s", e.SequenceNumber, last)
		}
		last = e.SequenceNumber
	}
	// A caller may stop at any event.
	for range reader.Events(t.Context()) {
		break
	}
}

// follow reads in the background; events come on the channel, which is closed
// at the end of the stream, and then the error is there.
func follow(t *testing.T, b *bed, c consumer.Config) (ids <-chan int64, end func() error) {
	t.Helper()
	c.Follow = true
	reader, err := consumer.New(c)
	if err != nil {
		t.Fatal(err)
	}
	out, result := make(chan int64), make(chan error, 1)
	go func() {
		defer close(out)
		result <- each(t.Context(), reader, func(e consumer.Event) error {
			d, err := e.Decode()
			if err != nil {
				return err
			}
			select {
			case out <- *d.StatementID:
				return nil
			case <-t.Context().Done():
				return t.Context().Err()
			}
		})
	}()
	return out, func() error { return <-result }
}

// TestFollowsResharding splits and merges under a reader: with one shard at a
// time there is one order, which must be kept.
func TestFollowsResharding(t *testing.T) {
	b := newBed(t, 1)
	ids, end := follow(t, b, b.config())
	var got []int64
	take := func(n int) {
		for range n {
			got = append(got, <-ids)
		}
	}
	b.send(5)
	take(3)
	if _, err := b.kinesis.SplitShard(t.Context(), &kinesis.SplitShardInput{
		StreamName: aws.String(streamName), ShardToSplit: aws.String("shardId-000000000000"),
		NewStartingHashKey: aws.String("170141183460469231731687303715884105728"),
	}); err != nil {
		t.Fatal(err)
	}
	b.awaitActive()
	take(2) // of the parent: its children have nothing yet
	if !slices.Equal(got, upTo(5)) {
		t.Errorf("read %v", got)
	}
	b.send(20)
	if _, err := b.kinesis.MergeShards(t.Context(), &kinesis.MergeShardsInput{
		StreamName: aws.String(streamName), ShardToMerge: aws.String("shardId-000000000001"),
		AdjacentShardToMerge: aws.String("shardId-000000000002"),
	}); err != nil {
		t.Fatal(err)
	}
	b.awaitActive()
	b.send(5)
	take(25)
	wantAll(t, got, 30)
	if !slices.Equal(got[25:], []int64{26, 27, 28, 29, 30}) {
		t.Errorf("the merged shard was read before its parents: %v", got)
	}
	// A reader that comes later sees all of them, in the same order of shards.
	again := b.read(b.config())
	wantAll(t, again, 30)
	if !slices.Equal(again[:5], upTo(5)) || !slices.Equal(again[25:], got[25:]) {
		t.Errorf("read later: %v", again)
	}
	b.deleteStream()
	if err := end(); err != nil {
		t.Errorf("the deletion of the stream: %v", err)
	}
}

func TestLatest(t *testing.T) {
	b := newBed(t, 2)
	b.send(10)
	c := b.config()
	c.From = consumer.Latest
	located := make(chan struct{}, 10)
	c.Kinesis = &spy{Client: b.kinesis, located: located}
	ids, end := follow(t, b, c)
	<-located
	<-located
	b.send(3)
	got := []int64{<-ids, <-ids, <-ids}
	if slices.Sort(got); !slices.Equal(got, []int64{11, 12, 13}) {
		t.Errorf("read %v", got)
	}
	b.deleteStream()
	if err := end(); err != nil {
		t.Error(err)
	}
}

func TestAtTimestamp(t *testing.T) {
	b := newBed(t, 2)
	b.send(4)
	time.Sleep(3 * time.Millisecond) // arrival times are milliseconds
	c := b.config()
	c.From, c.Timestamp = consumer.AtTimestamp, time.Now()
	time.Sleep(3 * time.Millisecond)
	b.send(4)
	if got := b.read(c); len(got) != 4 || slices.Min(got) != 5 {
		t.Errorf("read %v", got)
	}
}

// spy is Kinesis with faults, and tells when an iterator was given out.
type spy struct {
	*kinesis.Client
	located chan struct{} // may be nil
	expire  atomic.Int64  // how many calls of GetRecords find their iterator expired
	busy    atomic.Int64  // how many are throttled
	broken  atomic.Int64  // how many end with their connection
	calls   atomic.Int64
}

func (s *spy) GetShardIterator(ctx context.Context, in *kinesis.GetShardIteratorInput, o ...func(*kinesis.Options)) (*kinesis.GetShardIteratorOutput, error) {
	out, err := s.Client.GetShardIterator(ctx, in, o...)
	if s.located != nil {
		s.located <- struct{}{}
	}
	return out, err
}

func (s *spy) GetRecords(ctx context.Context, in *kinesis.GetRecordsInput, o ...func(*kinesis.Options)) (*kinesis.GetRecordsOutput, error) {
	if s.calls.Add(1)%2 == 0 { // faults come between, not only at the start
		if s.expire.Add(-1) >= 0 {
			return nil, &types.ExpiredIteratorException{}
		}
		if s.busy.Add(-1) >= 0 {
			return nil, &types.ProvisionedThroughputExceededException{}
		}
		if s.broken.Add(-1) >= 0 {
			return nil, fmt.Errorf("exceeded maximum number of attempts: %w", net.ErrClosed)
		}
	}
	return s.Client.GetRecords(ctx, in, o...)
}

func TestFaultsOfKinesis(t *testing.T) {
	b := newBed(t, 2)
	b.send(40)
	c, faulty := b.config(), &spy{Client: b.kinesis}
	faulty.expire.Store(3)
	faulty.busy.Store(3)
	faulty.broken.Store(3)
	c.Kinesis, c.RecordLimit = faulty, 4
	wantAll(t, b.read(c), 40)
	if faulty.busy.Load() > 0 || faulty.broken.Load() > 0 {
		t.Error("the faults did not happen")
	}
}

// countingKMS counts, and fails if it is told to.
type countingKMS struct {
	*kms.Client
	calls atomic.Int64
	fail  func(call int64) error
}

func (k *countingKMS) Decrypt(ctx context.Context, in *kms.DecryptInput, o ...func(*kms.Options)) (*kms.DecryptOutput, error) {
	if n := k.calls.Add(1); k.fail != nil {
		if err := k.fail(n); err != nil {
			return nil, err
		}
	}
	return k.Client.Decrypt(ctx, in, o...)
}

func TestKeysAreRemembered(t *testing.T) {
	b := newBed(t, 2)
	b.send(20)
	c, counting := b.config(), &countingKMS{Client: b.kms}
	counting.fail = func(call int64) error {
		if call == 1 {
			return &smithy.GenericAPIError{Code: "ThrottlingException"}
		}
		return nil
	}
	c.KMS = counting
	wantAll(t, b.read(c), 20)
	if n := counting.calls.Load(); n != 2 { // one throttled, one answered
		t.Errorf("%d calls of Decrypt for one data key", n)
	}
}

func TestBadRecords(t *testing.T) {
	b := newBed(t, 1)
	b.send(1)
	if _, err := b.kinesis.PutRecord(t.Context(), &kinesis.PutRecordInput{
		StreamName: aws.String(streamName), PartitionKey: aws.String("x"), Data: []byte("not of ours"),
	}); err != nil {
		t.Fatal(err)
	}
	b.send(1)
	reader, err := consumer.New(b.config())
	if err != nil {
		t.Fatal(err)
	}
	good, bad := 0, 0
	for _, err := range reader.Events(t.Context()) {
		var record *consumer.RecordError
		switch {
		case err == nil:
			good++
		case errors.As(err, &record) && record.ShardID != "" && record.SequenceNumber != "":
			bad++
		default:
			t.Error(err)
		}
	}
	if good != 2 || bad != 1 {
		t.Errorf("%d good, %d bad", good, bad)
	}
	if err := each(t.Context(), reader, func(consumer.Event) error { return nil }); err == nil {
		t.Error("there is no error for a record that cannot be read")
	}
}

func TestKeyRefused(t *testing.T) {
	b := newBed(t, 1)
	b.send(1)
	c, denied := b.config(), &smithy.GenericAPIError{Code: "AccessDeniedException"}
	c.KMS = &countingKMS{Client: b.kms, fail: func(int64) error { return denied }}
	reader, err := consumer.New(c)
	if err != nil {
		t.Fatal(err)
	}
	var record *consumer.RecordError
	if err := each(t.Context(), reader, func(consumer.Event) error { return nil }); !errors.As(err, &record) || !errors.Is(err, denied) {
		t.Errorf("got %v", err)
	}
}

func TestContextEnds(t *testing.T) {
	b := newBed(t, 1)
	b.send(1)
	ctx, cancel := context.WithCancel(t.Context())
	c := b.config()
	c.Follow, c.PollInterval = true, time.Hour
	reader, err := consumer.New(c)
	if err != nil {
		t.Fatal(err)
	}
	err = each(ctx, reader, func(consumer.Event) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestNoSuchStream(t *testing.T) {
	b := newBed(t, 1)
	c := b.config()
	c.StreamName = "aws-rds-das-cluster-KGKBVXA3OLPRPZH66XFBDPWQUI"
	reader, err := consumer.New(c)
	if err != nil {
		t.Fatal(err)
	}
	var missing *types.ResourceNotFoundException
	if err := each(t.Context(), reader, func(consumer.Event) error { return nil }); !errors.As(err, &missing) {
		t.Errorf("got %v", err)
	}
}

func TestNewRefuses(t *testing.T) {
	for name, change := range map[string]func(*consumer.Config){
		"no kinesis":   func(c *consumer.Config) { c.Kinesis = nil },
		"other stream": func(c *consumer.Config) { c.StreamName = "orders" },
		"position":     func(c *consumer.Config) { c.From = "middle" },
		"no timestamp": func(c *consumer.Config) { c.From = consumer.AtTimestamp },
		"limit":        func(c *consumer.Config) { c.RecordLimit = 20_000 },
	} {
		c := consumer.Config{Kinesis: &kinesis.Client{}, KMS: &kms.Client{}, StreamName: streamName}
		if _, err := consumer.New(c); err != nil {
			t.Fatal(err)
		}
		change(&c)
		if _, err := consumer.New(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestGone: who follows is told that the stream was deleted, and a reading that ends
// before is not.
func TestGone(t *testing.T) {
	b := newBed(t, 2)
	b.send(1)
	var told []string
	c := b.config()
	c.Gone = func(name string) { told = append(told, name) }
	wantAll(t, b.read(c), 1)
	if len(told) > 0 {
		t.Errorf("told of %q", told)
	}
	c.Follow = true
	reader, err := consumer.New(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range reader.Events(t.Context()) {
		if err == nil {
			err = b.fake.DeleteStream(t.Context(), streamName)
		}
		if err != nil {
			t.Error(err)
		}
	}
	if !slices.Equal(told, []string{streamName}) {
		t.Errorf("told of %q", told)
	}
}

package external_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/das-local/das-local/e2e/testbed"
	"github.com/das-local/das-local/internal/await"
	"github.com/das-local/das-local/internal/awsapi"
	"github.com/das-local/das-local/internal/external"
	"github.com/das-local/das-local/internal/leakcheck"
	"github.com/das-local/das-local/kinesisfake"
	"github.com/das-local/das-local/kmsfake"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// bed is a Kinesis and a KMS behind what fails.
type bed struct {
	t       *testing.T
	kinesis *external.Kinesis
	kms     *external.KMS
	keys    *kmsfake.Server
	*testbed.Unreliable
}

func newBed(t *testing.T) *bed {
	t.Helper()
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1") // of somebody else
	streams, err := kinesisfake.New(kinesisfake.Config{})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := kmsfake.New(kmsfake.Config{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(awsapi.NewHandler(awsapi.Config{Services: []awsapi.Service{streams, keys}}))
	t.Cleanup(server.Close)
	u, err := testbed.NewUnreliable(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(u.Close)
	cfg, err := external.Load(t.Context(), u.URL, "us-east-1")
	if err != nil {
		t.Fatal(err)
	}
	b := &bed{t, external.NewKinesis(cfg), external.NewKMS(cfg), keys, u}
	b.kinesis.SetCallTimeout(await.Patience) // a call that is given up is made again
	t.Cleanup(b.kinesis.Close)
	t.Cleanup(b.kms.Close)
	return b
}

// read returns the records of each shard.
func (b *bed) read(ctx context.Context, stream string) (shards [][]string) {
	b.t.Helper()
	client := b.kinesis.Client()
	list, err := client.ListShards(ctx, &kinesis.ListShardsInput{StreamName: &stream})
	if err != nil {
		b.t.Fatal(err)
	}
	for _, shard := range list.Shards {
		at, err := client.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{
			StreamName: &stream, ShardId: shard.ShardId, ShardIteratorType: types.ShardIteratorTypeTrimHorizon})
		if err != nil {
			b.t.Fatal(err)
		}
		var data []string
		for next := at.ShardIterator; ; {
			out, err := client.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: next})
			if err != nil {
				b.t.Fatal(err)
			}
			for _, r := range out.Records {
				data = append(data, string(r.Data))
			}
			if next = out.NextShardIterator; aws.ToInt64(out.MillisBehindLatest) == 0 {
				break
			}
		}
		shards = append(shards, data)
	}
	return shards
}

// put gives records to a writer until it has stored all, as a stream does.
func (b *bed) put(ctx context.Context, w *external.Writer, records []external.Record) (failures int) {
	b.t.Helper()
	for w.Put(ctx, records) != nil {
		if failures++; ctx.Err() != nil || failures > 1000 {
			b.t.Fatalf("records are not stored after %d tries: %v", failures, ctx.Err())
		}
	}
	return failures
}

// TestOrder has records refused and answers lost at random: of each lane all records
// are read, in their order, on one shard; twice only if an answer was lost.
func TestOrder(t *testing.T) {
	const lanes, rounds = 4, 8
	for name, lossy := range map[string]bool{"refused": false, "refused and lost": true} {
		t.Run(name, func(t *testing.T) {
			b, ctx, dice := newBed(t), t.Context(), rand.New(rand.NewPCG(1, 2))
			fate := rand.New(rand.NewPCG(3, 4)) // used by the server
			s, err := b.kinesis.Open(ctx, "order", lanes)
			if err != nil || !s.Made || s.Shards != lanes {
				t.Fatalf("%+v, %v", s, err)
			}
			b.Refuse = func(string) string {
				if fate.IntN(8) > 0 {
					return ""
				}
				return []string{"ProvisionedThroughputExceededException", "InternalFailure"}[fate.IntN(2)]
			}
			if lossy {
				b.Lose = func() bool { return fate.IntN(10) == 0 }
			}
			w := b.kinesis.NewWriter("order", lanes, dice.Float64())
			n, failures := 0, 0
			for round := range rounds {
				var records []external.Record
				for range 1 + dice.IntN(30) {
					n++
					lane := 1 + dice.IntN(lanes)
					records = append(records, external.Record{PartitionKey: fmt.Sprint("key-", n), Data: fmt.Appendf(nil, "%d %d", lane, n), Lane: lane})
				}
				records = append(records, external.Record{PartitionKey: fmt.Sprint("beat-", round), Data: fmt.Appendf(nil, "0 %d", round)})
				failures += b.put(ctx, w, records)
			}
			c := b.Counts()
			if c.Refused == 0 || lossy != (c.Lost > 0) {
				t.Fatalf("%+v: the test shows nothing", c)
			}
			seen, twice, used := map[string]int{}, 0, 0
			for i, shard := range b.read(ctx, "order") {
				last := map[string]int{}
				mine := map[string]bool{}
				for _, data := range shard {
					var lane, number int
					fmt.Sscan(data, &lane, &number)
					if seen[data]++; seen[data] > 1 {
						twice++
						continue
					}
					if lane == 0 {
						continue
					}
					key := fmt.Sprint(lane)
					mine[key] = true
					if number < last[key] {
						t.Errorf("shard %d: record %d of lane %d comes behind %d", i, number, lane, last[key])
					}
					last[key] = number
				}
				used += len(mine)
			}
			if len(seen) != n+rounds {
				t.Errorf("%d different records were read, %d were put", len(seen), n+rounds)
			}
			if used != lanes {
				t.Errorf("%d lanes were on %d shards: each has one", lanes, used)
			}
			if !lossy && twice > 0 || twice > c.Lost*(lanes+1) {
				t.Errorf("%d records were stored twice; %d answers were lost", twice, c.Lost)
			}
			t.Logf("%d records, %+v, %d failures, %d stored twice", n, c, failures, twice)
		})
	}
}

// TestCallLimits: a call has 500 records and 5 MiB at most, and one of each lane.
func TestCallLimits(t *testing.T) {
	b, ctx := newBed(t), t.Context()
	if _, err := b.kinesis.Open(ctx, "limits", 1); err != nil {
		t.Fatal(err)
	}
	var records []external.Record
	for i := range 1201 {
		records = append(records, external.Record{PartitionKey: fmt.Sprint(i), Data: []byte("x")})
	}
	w := b.kinesis.NewWriter("limits", 1, 0.5)
	b.put(ctx, w, records)
	if c := b.Counts(); c.Calls != 3 || c.MostRecords != 500 {
		t.Errorf("1201 records took %d calls of at most %d records; want 3 of 500", c.Calls, c.MostRecords)
	}
	records = nil
	large := slices.Repeat([]byte("y"), 1<<20-100)
	for i := range 12 {
		records = append(records, external.Record{PartitionKey: fmt.Sprint("large-", i), Data: large})
	}
	b.put(ctx, w, records)
	if c := b.Counts(); c.Calls != 3 || c.MostRecords != 5 {
		t.Errorf("12 MiB took %d calls of at most %d records; want 3 of 5", c.Calls, c.MostRecords)
	}
	records = nil
	for i := range 6 {
		records = append(records, external.Record{PartitionKey: fmt.Sprint("lane-", i), Data: []byte("z"), Lane: 1 + i%2})
	}
	b.put(ctx, w, records)
	if c := b.Counts(); c.Calls != 3 || c.MostRecords != 2 {
		t.Errorf("3 records of 2 lanes took %d calls of at most %d records; want 3 of 2", c.Calls, c.MostRecords)
	}
}

// TestOpen: a stream is made once, and found by everybody else.
func TestOpen(t *testing.T) {
	b, ctx := newBed(t), t.Context()
	made := make(chan bool, 4)
	for range cap(made) {
		go func() {
			s, err := b.kinesis.Open(ctx, "shared", 3)
			if err != nil || s.Shards != 3 {
				t.Errorf("%+v, %v", s, err)
			}
			made <- s.Made
		}()
	}
	makers := 0
	for range cap(made) {
		if <-made {
			makers++
		}
	}
	if makers != 1 {
		t.Errorf("%d callers made the stream; want 1", makers)
	}
	b.Lock()
	b.Down = true
	b.Unlock()
	if _, err := b.kinesis.Open(ctx, "shared", 3); err == nil || !strings.Contains(err.Error(), "describe the Kinesis stream shared") {
		t.Errorf("without a Kinesis: %v", err)
	}
}

// TestKMS: the data keys of a key that is elsewhere, and what is said of keys.
func TestKMS(t *testing.T) {
	b, ctx := newBed(t), t.Context()
	made, err := b.keys.CreateKey(ctx, kmsfake.KeyOptions{Alias: "alias/audit"})
	if err != nil {
		t.Fatal(err)
	}
	key, err := b.kms.Key(ctx, "alias/audit")
	if err != nil || key != external.Key(made) {
		t.Fatalf("%+v, %v; want %+v", key, err, made)
	}
	if aws, err := b.kms.Key(ctx, "alias/aws/rds"); err != nil || !aws.AWSManaged {
		t.Errorf("alias/aws/rds: %+v, %v", aws, err)
	}
	encryption := map[string]string{"aws:rds:dbc-id": "cluster-X"}
	plain, blob, err := b.kms.GenerateDataKey(ctx, key.ARN, encryption)
	if err != nil || len(plain) != 32 {
		t.Fatalf("%d bytes, %v", len(plain), err)
	}
	if opened, err := b.keys.Decrypt(ctx, blob, encryption); err != nil || !slices.Equal(opened, plain) {
		t.Errorf("the data key does not open: %v", err)
	}
	if _, err := b.kms.Key(ctx, "alias/none"); err == nil || isUnknown(err) {
		t.Errorf("a key that is not there: %v", err)
	}
	b.Lock()
	b.Down = true
	b.Unlock()
	if _, err := b.kms.Key(ctx, "alias/audit"); !isUnknown(err) {
		t.Errorf("a KMS that does not answer: %v; want that nothing is known", err)
	}
}

func TestCheckEndpoint(t *testing.T) {
	for endpoint, right := range map[string]bool{"": true, "aws": true, "http://127.0.0.1:4567": true, "https://vpce.example": true,
		"127.0.0.1:4567": false, "ftp://x": false, "http://": false, "AWS": false, "http://user:secret@host": false} {
		if err := external.CheckEndpoint(endpoint); (err == nil) != right {
			t.Errorf("%q: %v", endpoint, err)
		}
	}
}

func isUnknown(err error) bool { return errors.Is(err, context.DeadlineExceeded) }

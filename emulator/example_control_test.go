package emulator_test

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"github.com/das-local/das-local/emulator"
)

// The consumer's first GetRecords is refused; the AWS SDK tries again.
func ExampleFaults() {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	e := emulator.ForTest(t)
	fault := emulator.Fault{Kind: "throttle", Operations: []string{"kinesis:GetRecords"}, Caller: "clients", Count: 1}
	if _, err := e.Faults().Add(ctx, fault); err != nil {
		t.Fatal(err)
	}
	if _, err := countRecords(ctx, kinesis.NewFromConfig(e.AWSConfig()), e.StreamName()); err != nil {
		t.Error("the consumer gave up: ", err)
	}
	if list := e.Faults().List(); len(list) != 1 || list[0].Hits != 1 {
		t.Errorf("the faults are %+v", list)
	}
}

// A shard iterator is good for five minutes, which pass at once.
func ExampleClock() {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	e := emulator.ForTest(t)
	client := kinesis.NewFromConfig(e.AWSConfig())
	stream, shard := e.StreamName(), "shardId-000000000000"
	out, err := client.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{
		StreamName: &stream, ShardId: &shard, ShardIteratorType: types.ShardIteratorTypeLatest})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Clock().Advance(6 * time.Minute); err != nil {
		t.Fatal(err)
	}
	_, err = client.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: out.ShardIterator})
	if expired := new(types.ExpiredIteratorException); !errors.As(err, &expired) {
		t.Errorf("six minutes later: %v", err)
	}
}

// Further clusters have streams of their own; RDS tells their addresses and streams, as
// it does for the first cluster.
func ExampleCluster() {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	e := emulator.ForTest(t, func(o *emulator.Options) {
		o.Clusters = []emulator.Cluster{
			{ID: "orders", Stream: emulator.Sync},
			{ID: "reports", Stream: emulator.Async, Instances: []string{"reports-writer", "reports-reader"}},
		}
	})
	out, err := rds.NewFromConfig(e.AWSConfig()).DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{})
	if err != nil {
		t.Fatal(err)
	}
	streams := map[string]bool{}
	for _, c := range out.DBClusters {
		t.Logf("%s listens on %s:%d and streams to %s", *c.DBClusterIdentifier, *c.Endpoint, *c.Port, *c.ActivityStreamKinesisStreamName)
		streams[*c.ActivityStreamKinesisStreamName] = true
	}
	if len(streams) != 3 {
		t.Errorf("%d streams of three clusters", len(streams))
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/awsclient"
	"github.com/das-local/das-local/internal/envelope"
)

// config is that of an AWS client; a nil http is the SDK's own.
func config(endpoint string, http aws.HTTPClient) aws.Config {
	if http == nil {
		http = awshttp.NewBuildableClient()
	}
	return aws.Config{Region: region, BaseEndpoint: &endpoint, Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
		HTTPClient: awsclient.Whole(http)}
}

// activityStream is the name of the one stream that there is.
func activityStream(ctx context.Context, endpoint string) (string, error) {
	out, err := kinesis.NewFromConfig(config(endpoint, nil)).ListStreams(ctx, &kinesis.ListStreamsInput{})
	if err != nil {
		return "", err
	}
	if len(out.StreamNames) != 1 {
		return "", fmt.Errorf("the streams are %q, want one", out.StreamNames)
	}
	return out.StreamNames[0], nil
}

// subscriber is AWS's SDK for Go with enhanced fan-out, one goroutine a shard.
type subscriber struct {
	*collector
	kinesis  *kinesis.Client
	kms      *kms.Client
	stream   string
	consumer string // its ARN

	running sync.WaitGroup
	known   sync.Map // shards that are followed
	keys    sync.Map // data keys by their ciphertext
}

// subscriber starts one that registers under a name and speaks some protocols.
func (b *bed) subscriber(ctx context.Context, name, reads string, protocols *http.Protocols) *collector {
	ctx, cancel := context.WithCancel(ctx)
	transport := &http.Transport{Protocols: protocols}
	c := config(b.server.Endpoint, &http.Client{Transport: transport})
	s := &subscriber{collector: newCollector("AWS SDK for Go 2 ("+name+")", reads),
		kinesis: kinesis.NewFromConfig(c), kms: kms.NewFromConfig(c), stream: b.stream}
	s.stop = func() {
		cancel()
		s.running.Wait()
		transport.CloseIdleConnections()
	}
	s.running.Go(func() {
		if err := s.begin(ctx, name); err != nil {
			s.end(fmt.Errorf("%s: %w", s.name, err))
		}
	})
	return s.collector
}

func (s *subscriber) begin(ctx context.Context, name string) error {
	stream, err := s.kinesis.DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamName: &s.stream})
	if err != nil {
		return err
	}
	arn := stream.StreamDescriptionSummary.StreamARN
	registered, err := s.kinesis.RegisterStreamConsumer(ctx, &kinesis.RegisterStreamConsumerInput{StreamARN: arn, ConsumerName: &name})
	if err != nil {
		return err
	}
	s.consumer = *registered.Consumer.ConsumerARN
	shards, err := s.kinesis.ListShards(ctx, &kinesis.ListShardsInput{StreamARN: arn,
		ShardFilter: &types.ShardFilter{Type: types.ShardFilterTypeAtTrimHorizon}})
	if err != nil {
		return err
	}
	for _, shard := range shards.Shards {
		s.follow(ctx, *shard.ShardId)
	}
	return nil
}

// follow reads a shard and then its children, each once.
func (s *subscriber) follow(ctx context.Context, shard string) {
	if _, known := s.known.LoadOrStore(shard, true); known {
		return
	}
	s.running.Go(func() {
		if err := s.read(ctx, shard); err != nil && ctx.Err() == nil {
			s.end(fmt.Errorf("%s, %s: %w", s.name, shard, err))
		}
	})
}

// read is a shard from its beginning to its end, over as many subscriptions as that
// takes.
func (s *subscriber) read(ctx context.Context, shard string) error {
	from := &types.StartingPosition{Type: types.ShardIteratorTypeTrimHorizon}
	for {
		out, err := s.kinesis.SubscribeToShard(ctx, &kinesis.SubscribeToShardInput{ConsumerARN: &s.consumer, ShardId: &shard, StartingPosition: from})
		if err != nil {
			return err
		}
		ended := false
		for e := range out.GetStream().Events() {
			event := e.(*types.SubscribeToShardEventStreamMemberSubscribeToShardEvent).Value
			for _, r := range event.Records {
				err = errors.Join(err, s.print(ctx, r.Data))
			}
			for _, child := range event.ChildShards {
				s.follow(ctx, *child.ShardId)
				ended = true
			}
			from = &types.StartingPosition{Type: types.ShardIteratorTypeAfterSequenceNumber, SequenceNumber: event.ContinuationSequenceNumber}
		}
		err = errors.Join(err, out.GetStream().Err(), out.GetStream().Close())
		if err != nil || ended || ctx.Err() != nil {
			return err
		}
	}
}

// print counts the events of a record.
func (s *subscriber) print(ctx context.Context, record []byte) error {
	opened, err := envelope.Open(record, func(blob []byte) ([]byte, error) {
		if key, ok := s.keys.Load(string(blob)); ok {
			return key.([]byte), nil
		}
		out, err := s.kms.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: blob,
			EncryptionContext: map[string]string{"aws:rds:dbc-id": strings.TrimPrefix(s.stream, "aws-rds-das-")}})
		if err != nil {
			return nil, err
		}
		s.keys.Store(string(blob), out.Plaintext)
		return out.Plaintext, nil
	})
	if err != nil {
		return err
	}
	for _, event := range opened.Events {
		decoded, err := activity.Decode(event)
		if err != nil {
			return err
		}
		if !decoded.Heartbeat() {
			s.add(event)
		}
	}
	return nil
}

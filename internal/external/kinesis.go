package external

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// Kinesis is a Kinesis somewhere else. It is safe for concurrent use.
type Kinesis struct {
	cfg    aws.Config
	client *kinesis.Client

	callTimeout time.Duration
}

// NewKinesis makes a client of what Load has configured.
func NewKinesis(cfg aws.Config) *Kinesis {
	return &Kinesis{cfg, kinesis.NewFromConfig(cfg, func(o *kinesis.Options) { o.BaseEndpoint = endpointOf(cfg) }), callTimeout}
}

// Client is the SDK's client, for reading.
func (k *Kinesis) Client() *kinesis.Client { return k.client }

// Close ends idle connections.
func (k *Kinesis) Close() { closeIdle(k.cfg) }

// Stream is what a writer must know of a stream.
type Stream struct {
	Name           string
	Shards         int  // open ones
	MaxRecordBytes int  // of data and partition key
	Made           bool // by Open
}

// Limits of a record: what a stream has by default, and what it can be raised to.
// https://docs.aws.amazon.com/streams/latest/dev/large-records.html
const (
	defaultRecordBytes = 1 << 20
	maxRecordBytes     = 10 << 20
)

// activePatience bounds how long a stream may take to become ACTIVE. AWS takes seconds.
const activePatience = 3 * time.Minute

// Open finds a stream, or makes one of so many shards if there is none, and returns
// when it is ACTIVE.
func (k *Kinesis) Open(ctx context.Context, name string, shards int) (Stream, error) {
	ctx, cancel := context.WithTimeout(ctx, activePatience)
	defer cancel()
	made := false
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		d, err := k.describe(ctx, name)
		var missing *types.ResourceNotFoundException
		switch {
		case errors.As(err, &missing):
			if made, err = k.create(ctx, name, shards); err != nil {
				return Stream{}, err
			}
		case err != nil:
			return Stream{}, fmt.Errorf("describe the Kinesis stream %s: %w", name, err)
		case d.StreamStatus == types.StreamStatusActive || d.StreamStatus == types.StreamStatusUpdating:
			size := defaultRecordBytes
			if d.MaxRecordSizeInKiB != nil {
				size = min(max(int(*d.MaxRecordSizeInKiB)<<10, defaultRecordBytes), maxRecordBytes)
			}
			return Stream{name, max(int(aws.ToInt32(d.OpenShardCount)), 1), size, made}, nil
		}
		if err := sleep(ctx, pause); err != nil {
			return Stream{}, fmt.Errorf("wait for the Kinesis stream %s to be ACTIVE: %w", name, err)
		}
	}
}

func (k *Kinesis) describe(ctx context.Context, name string) (*types.StreamDescriptionSummary, error) {
	ctx, cancel := context.WithTimeout(ctx, k.callTimeout)
	defer cancel()
	out, err := k.client.DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamName: &name})
	if err != nil {
		return nil, err
	}
	return out.StreamDescriptionSummary, nil
}

// create makes a stream, unless another process has just done that.
func (k *Kinesis) create(ctx context.Context, name string, shards int) (made bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, k.callTimeout)
	defer cancel()
	_, err = k.client.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: &name, ShardCount: aws.Int32(int32(shards))})
	var there *types.ResourceInUseException
	if errors.As(err, &there) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("create the Kinesis stream %s: %w", name, err)
	}
	return true, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

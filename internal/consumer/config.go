package consumer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kms"
)

// Kinesis is what the consumer uses of a *kinesis.Client.
type Kinesis interface {
	ListShards(context.Context, *kinesis.ListShardsInput, ...func(*kinesis.Options)) (*kinesis.ListShardsOutput, error)
	GetShardIterator(context.Context, *kinesis.GetShardIteratorInput, ...func(*kinesis.Options)) (*kinesis.GetShardIteratorOutput, error)
	GetRecords(context.Context, *kinesis.GetRecordsInput, ...func(*kinesis.Options)) (*kinesis.GetRecordsOutput, error)
}

// KMS is what the consumer uses of a *kms.Client.
type KMS interface {
	Decrypt(context.Context, *kms.DecryptInput, ...func(*kms.Options)) (*kms.DecryptOutput, error)
}

// Position is where reading begins.
type Position string

// The positions, as the command line spells them.
const (
	TrimHorizon Position = "trim-horizon" // the oldest record that is kept
	Latest      Position = "latest"       // what comes from now on
	AtTimestamp Position = "at-timestamp" // Config.Timestamp
)

// Config says what to read. Kinesis, KMS and StreamName are required; the rest
// works when empty.
type Config struct {
	Kinesis    Kinesis
	KMS        KMS
	StreamName string // "aws-rds-das-cluster-…"

	From      Position // empty: TrimHorizon
	Timestamp time.Time
	// Follow waits for more at the end of the stream, until it is deleted.
	// Without it, reading ends where each shard's end was met.
	Follow bool
	// PollInterval is the pause before a shard that had nothing new is asked
	// again; 0: 250 ms, a little more than Kinesis permits per shard.
	PollInterval time.Duration
	// RecordLimit is the most records that one call fetches; 0: 1000.
	RecordLimit int32
	// CacheKeys is how many data keys are remembered; 0: 64.
	CacheKeys int
	// Backoff is the first pause when a service asks to slow down; it doubles
	// up to 16 times that. 0: 250 ms.
	Backoff time.Duration
	// Gone is called when reading ends because the Kinesis stream was deleted: the
	// activity stream was stopped. nil: nobody is told.
	Gone func(streamName string)
	// Logger gets what is retried, at level debug; nil: nobody does.
	Logger *slog.Logger
}

// streamPrefix begins the name of every activity stream's Kinesis stream.
const streamPrefix = "aws-rds-das-"

func (c Config) withDefaults() (Config, error) {
	if c.Kinesis == nil || c.KMS == nil {
		return c, errors.New("a consumer needs Kinesis and KMS")
	}
	if _, err := encryptionContext(c.StreamName); err != nil {
		return c, err
	}
	c.From = cmp.Or(c.From, TrimHorizon)
	switch c.From {
	case TrimHorizon, Latest:
	case AtTimestamp:
		if c.Timestamp.IsZero() {
			return c, errors.New("at-timestamp needs a timestamp")
		}
	default:
		return c, fmt.Errorf("reading begins at trim-horizon, latest or at-timestamp, not %q", c.From)
	}
	c.PollInterval = cmp.Or(c.PollInterval, 250*time.Millisecond)
	c.RecordLimit = cmp.Or(c.RecordLimit, 1000)
	c.CacheKeys = cmp.Or(c.CacheKeys, 64)
	c.Backoff = cmp.Or(c.Backoff, 250*time.Millisecond)
	if c.PollInterval < 0 || c.Backoff < 0 || c.CacheKeys < 0 || c.RecordLimit < 0 || c.RecordLimit > 10_000 {
		return c, errors.New("a consumer's times and sizes are not negative, and a call fetches 10,000 records at most")
	}
	if c.Gone == nil {
		c.Gone = func(string) {}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c, nil
}

// encryptionContext is what the data keys of a stream are bound to: the
// resource id in the stream's name, under a key that tells clusters from RDS
// instances.
func encryptionContext(streamName string) (map[string]string, error) {
	id, ok := strings.CutPrefix(streamName, streamPrefix)
	switch {
	case ok && strings.HasPrefix(id, "cluster-"):
		return map[string]string{"aws:rds:dbc-id": id}, nil
	case ok && strings.HasPrefix(id, "db-"):
		return map[string]string{"aws:rds:db-id": id}, nil
	}
	return nil, fmt.Errorf("%q is not the name of an activity stream: %scluster-…", streamName, streamPrefix)
}

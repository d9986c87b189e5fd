package consumer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/envelope"
)

// Event is one element of a record's event list, with where it was found.
type Event struct {
	ShardID        string
	SequenceNumber string // of the record; its events share it
	Index          int    // of the event in the record
	Arrival        time.Time
	ClusterID      string // resource ids, from the decrypted record
	InstanceID     string
	Heartbeat      bool
	JSON           json.RawMessage // as the producer wrote it
}

// Decode reads the event's JSON.
func (e *Event) Decode() (*activity.Decoded, error) { return activity.Decode(e.JSON) }

// RecordError says that one record cannot be read. Reading can go on behind it.
type RecordError struct {
	ShardID        string
	SequenceNumber string
	Err            error
}

func (e *RecordError) Error() string {
	return fmt.Sprintf("record %s of %s: %v", e.SequenceNumber, e.ShardID, e.Err)
}

func (e *RecordError) Unwrap() error { return e.Err }

// Batch is records of one shard, in order, as one call fetched them. They are encrypted.
type Batch struct {
	ShardID string
	Records []types.Record // never empty
}

// Consumer reads one stream. Each use of Events or Batches reads it anew.
type Consumer struct {
	config Config
}

// New checks the configuration.
func New(config Config) (*Consumer, error) {
	c, err := config.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("new consumer: %w", err)
	}
	return &Consumer{c}, nil
}

// Events reads the stream. A *RecordError comes in the place of its record, and
// more events follow. Any other error is the last; it is ctx's when ctx ended.
// The end of what there is to read, or the deletion of the stream, is no error.
func (c *Consumer) Events(ctx context.Context) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		r := reader{config: c.config, keys: newKeyCache(c.config.CacheKeys), began: time.Now()}
		defer r.keys.drop()
		err := r.read(ctx, func(s *shard, records []types.Record) error {
			for i := range records {
				if err := r.open(ctx, s, &records[i], yield); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStopped) {
			yield(Event{}, err)
		}
	}
}

// Batches reads the stream without opening what it reads: nothing is decrypted, and KMS
// not asked. The shards are read by turns, and no batch has more records than
// Config.RecordLimit. An error is the last; otherwise it ends as Events does.
func (c *Consumer) Batches(ctx context.Context) iter.Seq2[Batch, error] {
	return func(yield func(Batch, error) bool) {
		r := reader{config: c.config, began: time.Now()}
		err := r.read(ctx, func(s *shard, records []types.Record) error {
			if len(records) > 0 && !yield(Batch{s.id, records}, nil) {
				return errStopped
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStopped) {
			yield(Batch{}, err)
		}
	}
}

// errStopped says that the caller broke off the iteration.
var errStopped = errors.New("stopped")

// reader is one iteration.
type reader struct {
	config Config
	keys   *keyCache
	shards shardSet
	began  time.Time
	listed bool // the stream has been seen
}

// read hands over what it fetches, call by call.
func (r *reader) read(ctx context.Context, take func(*shard, []types.Record) error) error {
	if err := r.list(ctx); err != nil {
		return err
	}
	for _, s := range r.shards.shards {
		if s.latest && !s.done { // "from now on" means now, not when its turn comes
			if err := r.locate(ctx, s); err != nil {
				return err
			}
		}
	}
	for {
		due, next := r.shards.due(time.Now())
		if due == nil {
			if next.IsZero() {
				return nil // every shard is read to its end
			}
			if err := sleep(ctx, time.Until(next)); err != nil {
				return err
			}
			continue
		}
		err := r.poll(ctx, due, take)
		if gone(err) {
			r.config.Gone(r.config.StreamName) // it was stopped, and Aurora deleted it
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// poll fetches once from a shard.
func (r *reader) poll(ctx context.Context, s *shard, take func(*shard, []types.Record) error) error {
	out, err := r.fetch(ctx, s)
	if err != nil {
		return err
	}
	if err := take(s, out.Records); err != nil {
		return err
	}
	if n := len(out.Records); n > 0 {
		s.last = aws.ToString(out.Records[n-1].SequenceNumber)
	}
	s.iterator = aws.ToString(out.NextShardIterator)
	// At the tip there is nothing behind; a server that does not say so has
	// reached it when it has no records.
	atEnd := len(out.Records) == 0
	if out.MillisBehindLatest != nil {
		atEnd = *out.MillisBehindLatest == 0
	}
	switch {
	case s.iterator == "": // closed, by a split or merge
		s.done = true
		return r.list(ctx)
	case atEnd && !r.config.Follow:
		s.done = true
	case atEnd || len(out.Records) == 0:
		s.next = time.Now().Add(r.config.PollInterval)
	}
	return nil
}

// open decrypts a record and yields its events.
func (r *reader) open(ctx context.Context, s *shard, rec *types.Record, yield func(Event, error) bool) error {
	seq := aws.ToString(rec.SequenceNumber)
	opened, err := envelope.Open(rec.Data, func(blob []byte) ([]byte, error) { return r.dataKey(ctx, blob) })
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !yield(Event{}, &RecordError{s.id, seq, err}) {
			return errStopped
		}
		return nil
	}
	for i, raw := range opened.Events {
		e := Event{
			ShardID: s.id, SequenceNumber: seq, Index: i, Arrival: aws.ToTime(rec.ApproximateArrivalTimestamp),
			ClusterID: opened.ClusterID, InstanceID: opened.InstanceID, Heartbeat: isHeartbeat(raw), JSON: raw,
		}
		if !yield(e, nil) {
			return errStopped
		}
	}
	return nil
}

// isHeartbeat looks at the type only. Events are far longer than heartbeats,
// whose form nobody documents, so a long one is none.
func isHeartbeat(raw json.RawMessage) bool {
	if len(raw) > 200 {
		return false
	}
	var head struct {
		Type string `json:"type"`
	}
	return json.Unmarshal(raw, &head) == nil && head.Type == activity.TypeHeartbeat
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

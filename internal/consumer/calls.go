package consumer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/smithy-go"
)

// list takes note of new shards, over as many pages as there are.
func (r *reader) list(ctx context.Context) error {
	first := !r.listed
	in := &kinesis.ListShardsInput{StreamName: &r.config.StreamName}
	for {
		var out *kinesis.ListShardsOutput
		err := r.patiently(ctx, "list shards", func() (err error) {
			out, err = r.config.Kinesis.ListShards(ctx, in)
			return err
		})
		if err != nil {
			return err
		}
		r.listed = true
		r.shards.add(out.Shards, first, r.config.From)
		if aws.ToString(out.NextToken) == "" {
			return nil
		}
		in = &kinesis.ListShardsInput{NextToken: out.NextToken}
	}
}

// fetch gets records, with a new iterator if there is none or it has expired.
func (r *reader) fetch(ctx context.Context, s *shard) (*kinesis.GetRecordsOutput, error) {
	for {
		if s.iterator == "" {
			if err := r.locate(ctx, s); err != nil {
				return nil, err
			}
		}
		var out *kinesis.GetRecordsOutput
		err := r.patiently(ctx, "get records", func() (err error) {
			out, err = r.config.Kinesis.GetRecords(ctx, &kinesis.GetRecordsInput{
				ShardIterator: &s.iterator, Limit: &r.config.RecordLimit,
			})
			return err
		})
		var expired *types.ExpiredIteratorException
		if !errors.As(err, &expired) {
			return out, err
		}
		r.config.Logger.Debug("iterator expired", "shard", s.id)
		s.iterator = ""
	}
}

// locate asks for an iterator: behind the last record read, else at the start.
func (r *reader) locate(ctx context.Context, s *shard) error {
	in := &kinesis.GetShardIteratorInput{
		StreamName: &r.config.StreamName, ShardId: &s.id, ShardIteratorType: types.ShardIteratorTypeTrimHorizon,
	}
	switch {
	case s.last != "":
		in.ShardIteratorType = types.ShardIteratorTypeAfterSequenceNumber
		in.StartingSequenceNumber = &s.last
	case s.latest && !s.located:
		in.ShardIteratorType = types.ShardIteratorTypeLatest
	case s.latest: // the tip has moved since: from the time of the start
		in.ShardIteratorType = types.ShardIteratorTypeAtTimestamp
		in.Timestamp = &r.began
	case r.config.From == AtTimestamp:
		in.ShardIteratorType = types.ShardIteratorTypeAtTimestamp
		in.Timestamp = &r.config.Timestamp
	}
	return r.patiently(ctx, "get shard iterator", func() error {
		out, err := r.config.Kinesis.GetShardIterator(ctx, in)
		if err != nil {
			return err
		}
		s.iterator, s.located = aws.ToString(out.ShardIterator), true
		return nil
	})
}

// dataKey is KMS Decrypt, remembered by blob.
func (r *reader) dataKey(ctx context.Context, blob []byte) ([]byte, error) {
	if key := r.keys.get(blob); key != nil {
		return key, nil
	}
	encryption, err := encryptionContext(r.config.StreamName)
	if err != nil {
		return nil, err
	}
	var out *kms.DecryptOutput
	err = r.patiently(ctx, "decrypt data key", func() (err error) {
		out, err = r.config.KMS.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: blob, EncryptionContext: encryption})
		return err
	})
	if err != nil {
		return nil, err
	}
	return r.keys.put(blob, out.Plaintext), nil
}

// maxBroken is how many calls in a row may break off with their connection.
const maxBroken = 8

// maxBackoffs is how far the pause between two tries grows.
const maxBackoffs = 16

// patiently calls f again for as long as the service asks to slow down, and a few
// times if the connection breaks: the SDK's own tries may all meet the same one.
func (r *reader) patiently(ctx context.Context, verb string, f func() error) error {
	broken := 0
	for pause := r.config.Backoff; ; pause = min(2*pause, maxBackoffs*r.config.Backoff) {
		err := f()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if brokenOff(err) {
			broken++
		}
		if !throttled(err) && (!brokenOff(err) || broken > maxBroken) {
			return fmt.Errorf("%s: %w", verb, err)
		}
		r.config.Logger.Debug("slowing down", "call", verb, "error", err, "pause", pause)
		if err := sleep(ctx, max(pause, time.Millisecond)); err != nil {
			return err
		}
	}
}

// brokenOff says whether a call ended with its connection, not with an answer.
func brokenOff(err error) bool {
	return errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET)
}

// throttled says whether a service wants fewer calls.
func throttled(err error) bool {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return false
	}
	switch api.ErrorCode() {
	case "ProvisionedThroughputExceededException", "LimitExceededException", "ThrottlingException",
		"Throttling", "KMSThrottlingException", "RequestLimitExceeded", "TooManyRequestsException":
		return true
	}
	return false
}

// gone says whether the stream is no longer there.
func gone(err error) bool {
	var missing *types.ResourceNotFoundException
	return errors.As(err, &missing)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/jackc/pgx/v5"
)

// The work: sessions that run numbered statements, in phases, each with a change of
// the stream's shards in it.
const (
	sessions   = 4
	statements = 60 // of a session in a phase
)

// work does the phases. A phase ends when all clients have read all of it, so that
// they are at work when the shards of the next one change. The last has no change, and
// clients that do not follow one.
func (b *bed) work(ctx context.Context) error {
	stream := kinesis.NewFromConfig(config(b.server.Endpoint, nil))
	scale := func(n int32) func() error {
		return func() error {
			_, err := stream.UpdateShardCount(ctx, &kinesis.UpdateShardCountInput{
				StreamName: &b.stream, TargetShardCount: &n, ScalingType: types.ScalingTypeUniformScaling})
			return err
		}
	}
	// A heartbeat of the one shard that there is tells that a client reads all of the
	// stream.
	if err := b.awaitLatest(ctx); err != nil {
		return err
	}
	changes := []func() error{scale(2), scale(4), scale(3), func() error { return b.splitAndMerge(ctx, stream) }}
	for phase, change := range changes {
		if err := b.phase(ctx, phase, change); err != nil {
			return err
		}
		if err := b.awaitAll(ctx, phase+1); err != nil {
			return err
		}
	}
	if err := b.startLatecomers(ctx); err != nil {
		return err
	}
	if err := b.phase(ctx, len(changes), func() error { return nil }); err != nil {
		return err
	}
	return b.awaitAll(ctx, len(changes)+1)
}

// phase runs the sessions and, while they are at work, the change.
func (b *bed) phase(ctx context.Context, phase int, change func() error) error {
	var running sync.WaitGroup
	errs := make(chan error, sessions)
	halfway := make(chan struct{}, sessions)
	for i := range sessions {
		running.Go(func() { errs <- b.session(ctx, fmt.Sprintf("phase %d, session %d", phase, i), halfway) })
	}
	var err error
	select {
	case <-halfway:
		err = change()
	case err = <-errs:
		if err == nil { // it was quick
			err = change()
		}
	}
	running.Wait()
	close(errs)
	for e := range errs {
		err = errors.Join(err, e)
	}
	return err
}

func (b *bed) session(ctx context.Context, name string, halfway chan<- struct{}) (err error) {
	conn, err := pgx.Connect(ctx, b.server.URL("postgres", "postgres", "consumers"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	for n := range statements {
		if n == statements/2 {
			halfway <- struct{}{}
		}
		if _, err := conn.Exec(ctx, fmt.Sprintf("select %d /* %s */", n, name)); err != nil {
			return err
		}
	}
	return nil
}

// splitAndMerge replaces the first open shard by two, and those by one.
func (b *bed) splitAndMerge(ctx context.Context, stream *kinesis.Client) error {
	open := func() ([]types.Shard, error) {
		out, err := stream.ListShards(ctx, &kinesis.ListShardsInput{StreamName: &b.stream, ShardFilter: &types.ShardFilter{Type: types.ShardFilterTypeAtLatest}})
		if err != nil {
			return nil, err
		}
		return out.Shards, nil
	}
	shards, err := open()
	if err != nil {
		return err
	}
	var first *string
	for _, s := range shards {
		if *s.HashKeyRange.StartingHashKey == "0" {
			first = s.ShardId
		}
	}
	if _, err := stream.SplitShard(ctx, &kinesis.SplitShardInput{StreamName: &b.stream, ShardToSplit: first, NewStartingHashKey: aws.String("1000000000000000000000000000000000")}); err != nil {
		return err
	}
	if shards, err = open(); err != nil {
		return err
	}
	var halves []string
	for _, s := range shards {
		if aws.ToString(s.ParentShardId) == *first {
			halves = append(halves, *s.ShardId)
		}
	}
	if len(halves) != 2 {
		return fmt.Errorf("the split of %s left %q", *first, halves)
	}
	_, err = stream.MergeShards(ctx, &kinesis.MergeShardsInput{StreamName: &b.stream, ShardToMerge: &halves[0], AdjacentShardToMerge: &halves[1]})
	return err
}

// awaitAll waits until tail and the clients have printed the events of so many phases.
func (b *bed) awaitAll(ctx context.Context, phases int) error {
	total := phases * sessions * (statements + 2) // with CONNECT and DISCONNECT
	if err := b.tail.await(ctx, total); err != nil {
		return err
	}
	for _, c := range b.clients {
		if err := c.await(ctx, total); err != nil {
			return err
		}
	}
	return nil
}

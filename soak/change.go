package main

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	rdstypes "github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/jackc/pgx/v5"
)

// maxShards bounds the open shards of the stream.
const maxShards = 8

// reshard changes the stream's shards, at least once, until ended is closed.
func (s *soak) reshard(ctx context.Context, ended <-chan struct{}) error {
	c := kinesis.NewFromConfig(s.aws())
	for {
		err := s.reshardOnce(ctx, c)
		var busy *types.ResourceInUseException // a change is still under way
		if err != nil && !errors.As(err, &busy) {
			return err
		}
		if err != nil {
			sleep(ctx, 50*time.Millisecond)
			continue
		}
		if s.reshards++; s.isOver(ended) {
			return nil
		}
	}
}

// isOver waits for the pause between two changes, or the end.
func (s *soak) isOver(ended <-chan struct{}) bool {
	select {
	case <-ended:
		return true
	case <-time.After(s.pause):
		return false
	}
}

func (s *soak) reshardOnce(ctx context.Context, c *kinesis.Client) error {
	open, err := s.openShards(ctx, c)
	if err != nil {
		return err
	}
	n := len(open)
	switch choice := rand.IntN(3); {
	case choice == 0 && n > 1:
		at := rand.IntN(n - 1)
		_, err = c.MergeShards(ctx, &kinesis.MergeShardsInput{StreamName: &s.stream, ShardToMerge: open[at].ShardId, AdjacentShardToMerge: open[at+1].ShardId})
	case choice == 1 && n < maxShards || n == 1:
		sh := open[rand.IntN(n)]
		first, last := hashKey(sh.HashKeyRange.StartingHashKey), hashKey(sh.HashKeyRange.EndingHashKey)
		middle := new(big.Int).Rsh(new(big.Int).Add(first, last), 1)
		_, err = c.SplitShard(ctx, &kinesis.SplitShardInput{StreamName: &s.stream, ShardToSplit: sh.ShardId, NewStartingHashKey: aws.String(middle.Add(middle, big.NewInt(1)).String())})
	default:
		target := min(maxShards, max((n+1)/2, 1+rand.IntN(2*n)))
		_, err = c.UpdateShardCount(ctx, &kinesis.UpdateShardCountInput{StreamName: &s.stream, TargetShardCount: aws.Int32(int32(target)), ScalingType: types.ScalingTypeUniformScaling})
	}
	return err
}

func hashKey(s *string) *big.Int {
	n, _ := new(big.Int).SetString(aws.ToString(s), 10)
	return n
}

// openShards are the open shards, in the order of their hash keys.
func (s *soak) openShards(ctx context.Context, c *kinesis.Client) (open []types.Shard, err error) {
	for in := (&kinesis.ListShardsInput{StreamName: &s.stream}); in != nil; {
		page, err := c.ListShards(ctx, in)
		if err != nil {
			return nil, err
		}
		in = nil
		if page.NextToken != nil {
			in = &kinesis.ListShardsInput{NextToken: page.NextToken}
		}
		for _, sh := range page.Shards {
			if sh.SequenceNumberRange.EndingSequenceNumber == nil {
				open = append(open, sh)
			}
		}
	}
	slices.SortFunc(open, func(a, b types.Shard) int {
		return hashKey(a.HashKeyRange.StartingHashKey).Cmp(hashKey(b.HashKeyRange.StartingHashKey))
	})
	if len(open) == 0 {
		return nil, errors.New("the stream has no open shard")
	}
	return open, nil
}

// otherCluster is the one whose stream is restarted.
const otherCluster = "restarted"

// restart starts and stops the stream of another cluster, at least once, until ended is
// closed. That ends the cluster's sessions each time.
func (s *soak) restart(ctx context.Context, ended <-chan struct{}) error {
	c := rds.NewFromConfig(s.aws())
	made, err := c.CreateDBCluster(ctx, &rds.CreateDBClusterInput{DBClusterIdentifier: aws.String(otherCluster), Engine: aws.String("aurora-postgresql"),
		MasterUsername: aws.String("postgres"), MasterUserPassword: aws.String("not-used-here")})
	if err == nil {
		_, err = c.CreateDBInstance(ctx, &rds.CreateDBInstanceInput{DBClusterIdentifier: aws.String(otherCluster), DBInstanceIdentifier: aws.String(otherCluster + "-1"),
			DBInstanceClass: aws.String("db.r6g.large"), Engine: aws.String("aurora-postgresql")})
	}
	if err != nil {
		return err
	}
	for {
		_, err := c.StartActivityStream(ctx, &rds.StartActivityStreamInput{ResourceArn: made.DBCluster.DBClusterArn, Mode: rdstypes.ActivityStreamModeAsync,
			KmsKeyId: aws.String("alias/das-local"), ApplyImmediately: aws.Bool(true)})
		if err == nil {
			err = s.awaitStream(ctx, c, rdstypes.ActivityStreamStatusStarted)
		}
		if err == nil {
			err = s.otherSession(ctx, c)
		}
		if err == nil {
			_, err = c.StopActivityStream(ctx, &rds.StopActivityStreamInput{ResourceArn: made.DBCluster.DBClusterArn, ApplyImmediately: aws.Bool(true)})
		}
		if err == nil {
			err = s.awaitStream(ctx, c, rdstypes.ActivityStreamStatusStopped)
		}
		if err != nil {
			return err
		}
		if s.restarts++; s.isOver(ended) {
			return nil
		}
	}
}

// awaitStream waits for a state that lasts until the stream is changed again.
func (s *soak) awaitStream(ctx context.Context, c *rds.Client, want rdstypes.ActivityStreamStatus) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for {
		out, err := c.DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{DBClusterIdentifier: aws.String(otherCluster)})
		if err != nil {
			return err
		}
		status := out.DBClusters[0].ActivityStreamStatus
		if status == want {
			return nil
		}
		if !sleep(ctx, 50*time.Millisecond) {
			return fmt.Errorf("the stream of the other cluster is %s and not %s", status, want)
		}
	}
}

// otherSession works a little on the other cluster's instance.
func (s *soak) otherSession(ctx context.Context, c *rds.Client) error {
	out, err := c.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: aws.String(otherCluster + "-1")})
	if err != nil {
		return err
	}
	at := out.DBInstances[0].Endpoint
	conn, err := pgx.Connect(ctx, fmt.Sprintf("postgres://postgres@%s:%d/postgres?sslmode=disable", aws.ToString(at.Address), aws.ToInt32(at.Port)))
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for range 100 {
		if _, err := conn.Exec(ctx, "select 'other'"); err != nil {
			return err
		}
	}
	return nil
}

package kinesisfake

import (
	"context"

	"github.com/das-local/das-local/internal/awsapi"
)

// change runs f on a stream that is ACTIVE, while nobody writes to it, and only
// if the account may have more open shards.
func (s *Server) change(k streamKey, more int, f func(st *stream, now int64) error) error {
	s.mu.RLock() // before the stream's, as everywhere
	defer s.mu.RUnlock()
	st := s.streams[k]
	if st == nil {
		return errStreamNotFound(k)
	}
	if more > 0 {
		if open := s.openShards(k); open+more > s.cfg.ShardLimit {
			return errShardLimit(k, open, s.cfg.ShardLimit, more)
		}
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	now := s.now()
	if status := st.status(now); status != statusActive {
		return errStreamNotActive(k, status)
	}
	if err := f(st, now); err != nil {
		return err
	}
	return s.save(st)
}

// openShard finds an open shard by its id. It is called with mu held.
func (st *stream) openShard(id string, now int64) (*shard, error) {
	number, ok := parseShardID(id)
	if !ok {
		return nil, errShardNotFound(st.key, id)
	}
	if number < 0 || number >= len(st.shards) || !st.visible(st.shards[number], now) {
		return nil, errShardNotFound(st.key, shardID(max(number, 0)))
	}
	if sh := st.shards[number]; sh.closed == 0 {
		return sh, nil
	}
	return nil, errShardClosed(st.key, shardID(number))
}

// split closes a shard and opens two, the second of which begins at a hash key.
// It is called with mu held for writing.
func (s *Server) split(st *stream, sh *shard, at hashKey, now int64) (left, right *shard) {
	left = st.addShard(now, hashRange{sh.hashes.first, at.minus(1)}, s.newLog, sh)
	right = st.addShard(now, hashRange{at, sh.hashes.last}, s.newLog, sh)
	st.replace(now, []*shard{sh}, []*shard{left, right})
	return left, right
}

// merge closes two neighbours and opens one. It is called with mu held for
// writing.
func (s *Server) merge(st *stream, left, right *shard, now int64) *shard {
	merged := st.addShard(now, hashRange{left.hashes.first, right.hashes.last}, s.newLog, left, right)
	st.replace(now, []*shard{left, right}, []*shard{merged})
	return merged
}

type splitShardInput struct {
	streamRef
	ShardToSplit       *string `json:"ShardToSplit"`
	NewStartingHashKey *string `json:"NewStartingHashKey"`
}

func (s *Server) splitShard(_ context.Context, r *awsapi.Request, in *splitShardInput) (*struct{}, error) {
	var v awsapi.Validation
	v.Required("newStartingHashKey", in.NewStartingHashKey != nil)
	v.String("newStartingHashKey", in.NewStartingHashKey, hashKeyRule)
	v.Required("shardToSplit", in.ShardToSplit != nil)
	v.String("shardToSplit", in.ShardToSplit, nameRule)
	k, err := in.resolve(r, &v)
	if err != nil {
		return nil, err
	}
	return nil, s.change(k, 1, func(st *stream, now int64) error {
		if st.onDemand {
			return errOnDemand(k)
		}
		sh, err := st.openShard(*in.ShardToSplit, now)
		if err != nil {
			return err
		}
		at, ok := parseHashKey(*in.NewStartingHashKey)
		if !ok || !sh.hashes.contains(at) || !sh.hashes.first.plus(1).less(at) || !at.less(sh.hashes.last) {
			return errInvalid("NewStartingHashKey %s used in SplitShard() on shard %s in stream %s under account %s "+
				"is not both greater than one plus the shard's StartingHashKey %s and less than the shard's EndingHashKey %s.",
				*in.NewStartingHashKey, sh.id(), k.name, k.account, sh.hashes.first, sh.hashes.last)
		}
		s.split(st, sh, at, now)
		return nil
	})
}

type mergeShardsInput struct {
	streamRef
	ShardToMerge         *string `json:"ShardToMerge"`
	AdjacentShardToMerge *string `json:"AdjacentShardToMerge"`
}

func (s *Server) mergeShards(_ context.Context, r *awsapi.Request, in *mergeShardsInput) (*struct{}, error) {
	var v awsapi.Validation
	v.Required("shardToMerge", in.ShardToMerge != nil)
	v.String("shardToMerge", in.ShardToMerge, nameRule)
	v.Required("adjacentShardToMerge", in.AdjacentShardToMerge != nil)
	v.String("adjacentShardToMerge", in.AdjacentShardToMerge, nameRule)
	k, err := in.resolve(r, &v)
	if err != nil {
		return nil, err
	}
	return nil, s.change(k, 0, func(st *stream, now int64) error {
		if st.onDemand {
			return errOnDemand(k)
		}
		a, err := st.openShard(*in.ShardToMerge, now)
		if err != nil {
			return err
		}
		b, err := st.openShard(*in.AdjacentShardToMerge, now)
		if err != nil {
			return err
		}
		if b.hashes.first.less(a.hashes.first) {
			a, b = b, a
		}
		if a == b || a.hashes.last == maxHashKey || a.hashes.last.plus(1) != b.hashes.first {
			return errInvalid("Shards %s and %s in stream %s under account %s are not an adjacent pair of shards eligible for merging",
				shardText(*in.ShardToMerge), shardText(*in.AdjacentShardToMerge), k.name, k.account)
		}
		s.merge(st, a, b, now)
		return nil
	})
}

// shardText is the full form of a shard id that was found.
func shardText(id string) string {
	n, _ := parseShardID(id)
	return shardID(n)
}

type updateShardCountInput struct {
	streamRef
	TargetShardCount *int    `json:"TargetShardCount"`
	ScalingType      *string `json:"ScalingType"`
}

type updateShardCountOutput struct {
	StreamName        string `json:"StreamName"`
	StreamARN         string `json:"StreamARN"`
	CurrentShardCount int    `json:"CurrentShardCount"`
	TargetShardCount  int    `json:"TargetShardCount"`
}

func (s *Server) updateShardCount(_ context.Context, r *awsapi.Request, in *updateShardCountInput) (*updateShardCountOutput, error) {
	var v awsapi.Validation
	v.Required("targetShardCount", in.TargetShardCount != nil)
	v.Range("targetShardCount", in.TargetShardCount, 1, 0)
	v.Required("scalingType", in.ScalingType != nil)
	v.String("scalingType", in.ScalingType, awsapi.Strings{Enum: []string{"UNIFORM_SCALING"}})
	k, err := in.resolve(r, &v)
	if err != nil {
		return nil, err
	}
	target := *in.TargetShardCount
	out := &updateShardCountOutput{StreamName: k.name, StreamARN: k.arn(), TargetShardCount: target}
	st, err := s.stream(k)
	if err != nil {
		return nil, err
	}
	st.mu.RLock()
	more := target - len(st.open)
	st.mu.RUnlock()
	err = s.change(k, more, func(st *stream, now int64) error {
		out.CurrentShardCount = len(st.open)
		switch {
		case st.onDemand:
			return errOnDemand(k)
		case target > 2*out.CurrentShardCount:
			return errInvalid("UpdateShardCount cannot scale up over double your current open shard count. "+
				"Current open shard count: %d Target shard count: %d", out.CurrentShardCount, target)
		case 2*target < out.CurrentShardCount:
			return errInvalid("UpdateShardCount cannot scale down below half your current open shard count. "+
				"Current open shard count: %d Target shard count: %d", out.CurrentShardCount, target)
		}
		s.scale(st, uniformRanges(target), now)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// scale splits and merges open shards until they have the given ranges, as AWS
// does: shards on the way may live for no time at all. It is called with mu held
// for writing.
func (s *Server) scale(st *stream, ranges []hashRange, now int64) {
	for _, r := range ranges[:len(ranges)-1] {
		at := r.last.plus(1)
		if sh := st.open[st.route(at)]; sh.hashes.first != at {
			s.split(st, sh, at, now)
		}
	}
	for _, r := range ranges {
		left := st.open[st.route(r.first)]
		for left.hashes.last.less(r.last) {
			left = s.merge(st, left, st.open[st.route(left.hashes.last.plus(1))], now)
		}
	}
}

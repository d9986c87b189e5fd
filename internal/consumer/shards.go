package consumer

import (
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// shard is where reading stands in one shard.
type shard struct {
	id       string
	parents  []string
	latest   bool      // begins at its tip: it was open when reading began
	located  bool      // had an iterator
	iterator string    // empty: to be asked for
	last     string    // sequence number of the latest record read
	next     time.Time // not before
	done     bool
}

// shardSet is every shard seen, in the order in which they are served.
type shardSet struct {
	shards []*shard
	turn   int // of the shard that is served first
}

func (set *shardSet) find(id string) *shard {
	i := slices.IndexFunc(set.shards, func(s *shard) bool { return s.id == id })
	if i < 0 {
		return nil
	}
	return set.shards[i]
}

// add takes note of the shards that are new. Reading from the tip, a shard
// that was closed before is of no interest; the children of one that is read
// are read from their start.
func (set *shardSet) add(listed []types.Shard, first bool, from Position) {
	for _, l := range listed {
		id := aws.ToString(l.ShardId)
		if id == "" || set.find(id) != nil {
			continue
		}
		s := &shard{id: id}
		for _, parent := range []*string{l.ParentShardId, l.AdjacentParentShardId} {
			if p := aws.ToString(parent); p != "" {
				s.parents = append(s.parents, p)
			}
		}
		if first && from == Latest {
			s.latest = true
			s.done = l.SequenceNumberRange != nil && l.SequenceNumberRange.EndingSequenceNumber != nil
		}
		set.shards = append(set.shards, s)
	}
}

// due returns a shard that may be read now, each in turn, or else when the
// next may; the zero time if none ever will. Children wait for their parents.
func (set *shardSet) due(now time.Time) (*shard, time.Time) {
	var next time.Time
	for i := range set.shards {
		at := (set.turn + i) % len(set.shards)
		s := set.shards[at]
		if s.done || set.waits(s) {
			continue
		}
		if !s.next.After(now) {
			set.turn = at + 1
			return s, time.Time{}
		}
		if next.IsZero() || s.next.Before(next) {
			next = s.next
		}
	}
	return nil, next
}

// waits says whether a parent is not read to its end. A parent that is no
// longer listed has nothing left to read.
func (set *shardSet) waits(s *shard) bool {
	return slices.ContainsFunc(s.parents, func(id string) bool {
		p := set.find(id)
		return p != nil && p != s && !p.done
	})
}

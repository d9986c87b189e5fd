package kinesisfake

import (
	"context"

	"github.com/das-local/das-local/internal/awsapi"
)

type hashKeyRange struct {
	StartingHashKey string `json:"StartingHashKey"`
	EndingHashKey   string `json:"EndingHashKey"`
}

type sequenceNumberRange struct {
	StartingSequenceNumber string `json:"StartingSequenceNumber"`
	EndingSequenceNumber   string `json:"EndingSequenceNumber,omitempty"`
}

type shardOutput struct {
	ShardID               string              `json:"ShardId"`
	ParentShardID         string              `json:"ParentShardId,omitempty"`
	AdjacentParentShardID string              `json:"AdjacentParentShardId,omitempty"`
	HashKeyRange          hashKeyRange        `json:"HashKeyRange"`
	SequenceNumberRange   sequenceNumberRange `json:"SequenceNumberRange"`
}

func (r hashRange) output() hashKeyRange {
	return hashKeyRange{StartingHashKey: r.first.String(), EndingHashKey: r.last.String()}
}

// output is called with the stream's mu held.
func (s *shard) output() shardOutput {
	out := shardOutput{
		ShardID: s.id(), HashKeyRange: s.hashes.output(),
		SequenceNumberRange: sequenceNumberRange{StartingSequenceNumber: s.starting()},
	}
	if len(s.parents) > 0 {
		out.ParentShardID = s.parents[0].id()
	}
	if len(s.parents) > 1 {
		out.AdjacentParentShardID = s.parents[1].id()
	}
	if s.closed != 0 {
		out.SequenceNumberRange.EndingSequenceNumber = s.ending()
	}
	return out
}

// The types of shard filters.
const (
	filterAfterShard      = "AFTER_SHARD_ID"
	filterAtTrimHorizon   = "AT_TRIM_HORIZON"
	filterFromTrimHorizon = "FROM_TRIM_HORIZON"
	filterAtLatest        = "AT_LATEST"
	filterAtTimestamp     = "AT_TIMESTAMP"
	filterFromTimestamp   = "FROM_TIMESTAMP"
)

type shardFilter struct {
	Type      *string      `json:"Type"`
	ShardID   *string      `json:"ShardId"`
	Timestamp *awsapi.Time `json:"Timestamp"`
}

type listShardsInput struct {
	streamRef
	NextToken               *string      `json:"NextToken"`
	ExclusiveStartShardID   *string      `json:"ExclusiveStartShardId"`
	MaxResults              *int         `json:"MaxResults"`
	StreamCreationTimestamp *awsapi.Time `json:"StreamCreationTimestamp"`
	ShardFilter             *shardFilter `json:"ShardFilter"`
}

type listShardsOutput struct {
	Shards    []shardOutput `json:"Shards"`
	NextToken string        `json:"NextToken,omitempty"`
}

func (in *listShardsInput) validate(v *awsapi.Validation) {
	v.String("nextToken", in.NextToken, tokenRule)
	v.String("exclusiveStartShardId", in.ExclusiveStartShardID, nameRule)
	v.Range("maxResults", in.MaxResults, 1, maxPage)
	if f := in.ShardFilter; f != nil {
		v.Required("shardFilter.type", f.Type != nil)
		v.String("shardFilter.type", f.Type, awsapi.Strings{Enum: []string{
			filterAfterShard, filterAtTrimHorizon, filterFromTrimHorizon, filterAtLatest, filterAtTimestamp, filterFromTimestamp}})
		v.String("shardFilter.shardId", f.ShardID, nameRule)
	}
	in.streamRef.validate(v)
}

// shardQuery is which shards of which stream are listed, and how far the listing
// is. Paging tokens hold it.
type shardQuery struct {
	key     streamKey
	created int64 // of the stream, to tell it from a later one of its name; 0: any
	after   int   // the last shard listed; -1: none
	filter  string
	from    int64 // the filter's time
}

func (s *Server) listShards(_ context.Context, r *awsapi.Request, in *listShardsInput) (*listShardsOutput, error) {
	var v awsapi.Validation
	in.validate(&v)
	if err := v.Err(); err != nil {
		return nil, err
	}
	limit, now := 1000, s.now()
	if in.MaxResults != nil {
		limit = *in.MaxResults
	}
	q, err := s.shardQuery(r, in, now)
	if err != nil {
		return nil, err
	}
	st, err := s.readable(q.key, now)
	if err != nil {
		return nil, err
	}
	if q.created != 0 && q.created/1000 != st.created/1000 {
		return nil, errStreamNotFound(q.key)
	}
	q.created = st.created
	return s.pageOfShards(st, q, limit, now)
}

func (s *Server) pageOfShards(st *stream, q shardQuery, limit int, now int64) (*listShardsOutput, error) {
	out := &listShardsOutput{Shards: []shardOutput{}}
	st.mu.RLock()
	defer st.mu.RUnlock()
	for _, sh := range st.shards[min(max(q.after+1, 0), len(st.shards)):] {
		if !st.visible(sh, now) || !q.matches(sh, st.horizon(now)) {
			continue
		}
		if len(out.Shards) == limit {
			var err error
			out.NextToken, err = s.sealer.seal(kindShards, q.token(now))
			return out, err
		}
		out.Shards = append(out.Shards, sh.output())
		q.after = sh.number
	}
	return out, nil
}

// shardQuery reads the input, or the token that it has instead.
func (s *Server) shardQuery(r *awsapi.Request, in *listShardsInput, now int64) (shardQuery, error) {
	if in.NextToken != nil {
		for _, other := range []struct {
			member string
			given  bool
		}{
			{"StreamName", in.StreamName != nil}, {"StreamARN", in.StreamARN != nil},
			{"ExclusiveStartShardId", in.ExclusiveStartShardID != nil},
			{"StreamCreationTimestamp", in.StreamCreationTimestamp != nil},
			{"ShardFilter", in.ShardFilter != nil},
		} {
			if other.given { // the token knows; many a client has stumbled over this
				return shardQuery{}, errInvalid("NextToken and %s cannot be provided together.", other.member)
			}
		}
		f, err := s.openPage(kindShards, *in.NextToken, now)
		if err != nil {
			return shardQuery{}, err
		}
		return readShardQuery(f)
	}
	k, err := in.key(r)
	if err != nil {
		return shardQuery{}, err
	}
	q := shardQuery{key: k, after: -1}
	if in.StreamCreationTimestamp != nil {
		q.created = in.StreamCreationTimestamp.UnixMilli()
	}
	if in.ExclusiveStartShardID != nil {
		var ok bool
		if q.after, ok = parseShardID(*in.ExclusiveStartShardID); !ok {
			return shardQuery{}, errShardNotFound(k, *in.ExclusiveStartShardID)
		}
	}
	if f := in.ShardFilter; f != nil {
		return q, q.setFilter(f, now)
	}
	return q, nil
}

func (q *shardQuery) setFilter(f *shardFilter, now int64) error {
	q.filter = *f.Type
	switch q.filter {
	case filterAfterShard:
		if f.ShardID == nil {
			return errInvalid("ShardFilter of type %s needs a ShardId.", q.filter)
		}
		after, ok := parseShardID(*f.ShardID)
		if !ok {
			return errShardNotFound(q.key, *f.ShardID)
		}
		q.after = max(q.after, after)
	case filterAtTimestamp, filterFromTimestamp:
		if f.Timestamp == nil {
			return errInvalid("ShardFilter of type %s needs a Timestamp.", q.filter)
		}
		if q.from = f.Timestamp.UnixMilli(); q.from > now {
			return errFuture(q.from, now)
		}
	}
	return nil
}

// matches applies the filter. horizon is the stream's.
func (q *shardQuery) matches(s *shard, horizon int64) bool {
	switch q.filter {
	case filterAtLatest:
		return s.closed == 0
	case filterAtTrimHorizon:
		return s.openAt(horizon)
	case filterAtTimestamp:
		return s.openAt(max(q.from, horizon))
	case filterFromTimestamp:
		return s.closed == 0 || s.closed >= q.from
	}
	return true
}

func (s *shard) openAt(t int64) bool { return s.created <= t && (s.closed == 0 || s.closed > t) }

func (q *shardQuery) token(now int64) []byte {
	var f fields
	f.putInt(now)
	f.putString(q.key.account)
	f.putString(q.key.region)
	f.putString(q.key.name)
	f.putInt(q.created)
	f.putInt(int64(q.after))
	f.putString(q.filter)
	f.putInt(q.from)
	return f.b
}

func readShardQuery(f *fields) (shardQuery, error) {
	q := shardQuery{key: streamKey{account: f.string(), region: f.string(), name: f.string()}}
	q.created = f.int()
	q.after = int(f.int())
	q.filter = f.string()
	q.from = f.int()
	if !f.done() {
		return shardQuery{}, errNextToken()
	}
	return q, nil
}

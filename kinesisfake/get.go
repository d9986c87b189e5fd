package kinesisfake

import (
	"context"

	"github.com/das-local/das-local/internal/awsapi"
)

// maxReadBytes is how much data one GetRecords returns at most.
const maxReadBytes = 10 << 20

type getRecordsInput struct {
	ShardIterator *string `json:"ShardIterator"`
	Limit         *int    `json:"Limit"`
	StreamARN     *string `json:"StreamARN"`
	StreamID      *string `json:"StreamId"`
}

type recordOutput struct {
	SequenceNumber              string      `json:"SequenceNumber"`
	ApproximateArrivalTimestamp awsapi.Time `json:"ApproximateArrivalTimestamp"`
	Data                        []byte      `json:"Data"`
	PartitionKey                string      `json:"PartitionKey"`
	EncryptionType              string      `json:"EncryptionType,omitempty"`
}

type childShard struct {
	ShardID      string       `json:"ShardId"`
	ParentShards []string     `json:"ParentShards"`
	HashKeyRange hashKeyRange `json:"HashKeyRange"`
}

// getRecordsOutput has an iterator to read on with, or the children of a shard
// whose end was reached, and never both: that is what the Kinesis Client Library
// checks.
type getRecordsOutput struct {
	Records            []recordOutput `json:"Records"`
	NextShardIterator  string         `json:"NextShardIterator,omitempty"`
	MillisBehindLatest int64          `json:"MillisBehindLatest"`
	ChildShards        []childShard   `json:"ChildShards,omitempty"`
}

func (s *Server) getRecords(_ context.Context, _ *awsapi.Request, in *getRecordsInput) (*getRecordsOutput, error) {
	var v awsapi.Validation
	v.Required("shardIterator", in.ShardIterator != nil)
	v.String("shardIterator", in.ShardIterator, awsapi.Strings{Min: 1, Max: 512})
	v.Range("limit", in.Limit, 1, maxPage)
	v.String("streamARN", in.StreamARN, arnRule)
	v.String("streamId", in.StreamID, streamIDRule)
	if err := v.Err(); err != nil {
		return nil, err
	}
	limit := maxPage
	if in.Limit != nil {
		limit = *in.Limit
	}
	now := s.now()
	it, err := s.openIterator(*in.ShardIterator, now)
	if err != nil {
		return nil, err
	}
	st, err := s.stream(it.key)
	if err != nil || st.created != it.created {
		return nil, errNoSuchShard(it.key, shardID(it.shard))
	}
	if in.StreamARN != nil && *in.StreamARN != st.key.arn() {
		return nil, errInvalid("The StreamARN %s is not that of the ShardIterator.", *in.StreamARN)
	}
	if err := s.mayRead(st, it.shard, now); err != nil {
		return nil, err
	}
	p, sh, children, err := s.readPage(st, it, limit, maxReadBytes, now)
	if err != nil {
		return nil, err
	}
	if s.cfg.Limits {
		sh.haveRead(p.bytes(), now)
	}
	out := &getRecordsOutput{Records: sh.outputs(&p), MillisBehindLatest: p.behind(now), ChildShards: children}
	st.age.read(out.MillisBehindLatest)
	if children == nil {
		it.made, it.position = now, s.next(it, p)
		out.NextShardIterator, err = s.sealIterator(it)
	}
	return out, err
}

// readPage reads on from an iterator. It returns the shard's children if the
// page is its last.
func (s *Server) readPage(st *stream, it iterator, limit int, maxBytes, now int64) (page, *shard, []childShard, error) {
	st.mu.RLock() // so that the shard is not closed between reading and the look at closed
	defer st.mu.RUnlock()
	if st.deleted || it.shard < 0 || it.shard >= len(st.shards) {
		return page{}, nil, nil, errNoSuchShard(it.key, shardID(max(it.shard, 0)))
	}
	sh := st.shards[it.shard]
	s.expire(sh, st.horizon(now))
	p, err := sh.read(it.position, limit, maxBytes)
	if err != nil {
		return page{}, nil, nil, s.failed("read records", st.key, err)
	}
	if sh.closed == 0 || !p.settled {
		return p, sh, nil, nil
	}
	children := make([]childShard, len(sh.children))
	for i, c := range sh.children {
		children[i] = childShard{ShardID: c.id(), HashKeyRange: c.hashes.output()}
		for _, parent := range c.parents {
			children[i].ParentShards = append(children[i].ParentShards, parent.id())
		}
	}
	return p, sh, children, nil
}

// behind is how far a page's last record is from the tip, in milliseconds. It is 0
// only at the tip: that tells a reader that it is done.
func (p *page) behind(now int64) int64 {
	if n := len(p.entries); n > 0 && !p.atTip {
		return max(now-p.entries[n-1].arrival, 1)
	}
	return 0
}

// bytes is the size of a page's data and keys.
func (p *page) bytes() (n int64) {
	for i := range p.entries {
		n += p.entries[i].size() - entryOverhead
	}
	return n
}

func (s *shard) outputs(p *page) []recordOutput {
	out := make([]recordOutput, len(p.entries))
	for i := range p.entries {
		out[i] = s.recordOutput(p.from+uint64(i), &p.entries[i])
	}
	return out
}

func (s *shard) recordOutput(position uint64, e *entry) recordOutput {
	out := recordOutput{
		SequenceNumber:              s.sequence(position, e.arrival),
		ApproximateArrivalTimestamp: wireTime(e.arrival),
		Data:                        e.data,
		PartitionKey:                e.partitionKey,
	}
	if e.encrypted {
		out.EncryptionType = encryptionKMS
	}
	return out
}

package kinesisfake

import (
	"context"
	"time"

	"github.com/das-local/das-local/internal/awsapi"
)

// The types of iterators.
const (
	atSequence    = "AT_SEQUENCE_NUMBER"
	afterSequence = "AFTER_SEQUENCE_NUMBER"
	trimHorizon   = "TRIM_HORIZON"
	latest        = "LATEST"
	atTimestamp   = "AT_TIMESTAMP"
)

var iteratorTypes = awsapi.Strings{Enum: []string{afterSequence, latest, atTimestamp, atSequence, trimHorizon}}

// iterator is what a shard iterator holds: a place in a shard, and when it was
// made. It names the record that is read next, so that LATEST stays where the
// tip was when it was asked for.
type iterator struct {
	made     int64 // milliseconds since 1970
	key      streamKey
	created  int64 // of the stream, to tell it from a later one of its name
	shard    int
	position uint64
}

func (s *Server) sealIterator(it iterator) (string, error) {
	f := fields{b: make([]byte, 0, 64+len(it.key.name))}
	f.putInt(it.made)
	f.putString(it.key.account)
	f.putString(it.key.region)
	f.putString(it.key.name)
	f.putInt(it.created)
	f.putInt(int64(it.shard))
	f.putInt(int64(it.position))
	return s.sealer.seal(kindIterator, f.b)
}

func (s *Server) openIterator(token string, now int64) (iterator, error) {
	plain, ok := s.sealer.open(kindIterator, token)
	if !ok {
		return iterator{}, errIterator()
	}
	f := fields{b: plain}
	it := iterator{made: f.int(), key: streamKey{account: f.string(), region: f.string(), name: f.string()}}
	it.created = f.int()
	it.shard = int(f.int())
	it.position = uint64(f.int())
	if !f.done() {
		return iterator{}, errIterator()
	}
	if now-it.made > tokenLife.Milliseconds() {
		return iterator{}, errIteratorExpired(time.UnixMilli(it.made), time.UnixMilli(now))
	}
	return it, nil
}

type getShardIteratorInput struct {
	streamRef
	ShardID                *string      `json:"ShardId"`
	ShardIteratorType      *string      `json:"ShardIteratorType"`
	StartingSequenceNumber *string      `json:"StartingSequenceNumber"`
	Timestamp              *awsapi.Time `json:"Timestamp"`
}

type getShardIteratorOutput struct {
	ShardIterator string `json:"ShardIterator"`
}

func (in *getShardIteratorInput) validate(v *awsapi.Validation) {
	v.Required("shardId", in.ShardID != nil)
	v.String("shardId", in.ShardID, nameRule)
	v.Required("shardIteratorType", in.ShardIteratorType != nil)
	v.String("shardIteratorType", in.ShardIteratorType, iteratorTypes)
	v.String("startingSequenceNumber", in.StartingSequenceNumber, sequenceRule)
}

func (s *Server) getShardIterator(_ context.Context, r *awsapi.Request, in *getShardIteratorInput) (*getShardIteratorOutput, error) {
	var v awsapi.Validation
	in.validate(&v)
	k, err := in.resolve(r, &v)
	if err != nil {
		return nil, err
	}
	number, ok := parseShardID(*in.ShardID)
	if !ok {
		return nil, errShardNotFound(k, *in.ShardID)
	}
	st, err := s.readable(k, s.now())
	if err != nil {
		return nil, err
	}
	it, err := s.locate(st, number, in, "GetShardIterator")
	if err != nil {
		return nil, err
	}
	token, err := s.sealIterator(it)
	if err != nil {
		return nil, err
	}
	return &getShardIteratorOutput{ShardIterator: token}, nil
}

// locate makes an iterator for the place in a shard that an operation's input names.
func (s *Server) locate(st *stream, number int, in *getShardIteratorInput, operation string) (iterator, error) {
	now := s.now()
	sh, horizon, err := st.shardForReading(number, now)
	if err != nil {
		return iterator{}, err
	}
	s.expire(sh, horizon)
	first, next, err := sh.bounds()
	if err != nil {
		return iterator{}, s.failed("find records", st.key, err)
	}
	position, err := in.position(st.key, sh, now, first, next, operation)
	if err != nil {
		return iterator{}, err
	}
	return iterator{made: now, key: st.key, created: st.created, shard: number, position: position}, nil
}

// shardForReading finds a listed shard, and the time before which its records
// are gone.
func (st *stream) shardForReading(number int, now int64) (sh *shard, horizon int64, err error) {
	st.mu.RLock()
	defer st.mu.RUnlock()
	if st.deleted {
		return nil, 0, errStreamNotFound(st.key)
	}
	if number < 0 || number >= len(st.shards) || !st.visible(st.shards[number], now) {
		return nil, 0, errNoSuchShard(st.key, shardID(max(number, 0)))
	}
	return st.shards[number], st.horizon(now), nil
}

// position is where the iterator begins, in a shard with records from first up to
// but not next.
func (in *getShardIteratorInput) position(k streamKey, sh *shard, now int64, first, next uint64, operation string) (uint64, error) {
	kind := *in.ShardIteratorType
	hasSequence := in.StartingSequenceNumber != nil
	switch kind {
	case atTimestamp:
		if in.Timestamp == nil {
			return 0, errInvalid("Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current request has no timestamp parameter.")
		}
		t := in.Timestamp.UnixMilli()
		if t > now {
			return 0, errFuture(t, now)
		}
		return sh.positionAt(t)
	case trimHorizon, latest:
		if hasSequence {
			return 0, errInvalid("%sRequest specified %s and also a StartingSequenceNumber.", sequenceWanted, kind)
		}
		if kind == latest {
			return next, nil
		}
		return first, nil
	}
	if !hasSequence {
		return 0, errInvalid("%sRequest specified %s and no StartingSequenceNumber.", sequenceWanted, kind)
	}
	position, err := parseStarting(k, sh, *in.StartingSequenceNumber, operation)
	if err != nil {
		return 0, err
	}
	if kind == afterSequence {
		position++
	}
	return min(max(position, first), next), nil
}

const sequenceWanted = "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or " +
	"(2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. "

// parseStarting reads a sequence number that must be one of the shard's.
func parseStarting(k streamKey, sh *shard, text, operation string) (uint64, error) {
	seq, ok := parseSequence(text)
	where := func() string {
		return "StartingSequenceNumber " + text + " used in " + operation + " on shard " + sh.id() +
			" in stream " + k.name + " under account " + k.account + " is invalid"
	}
	switch {
	case !ok:
		return 0, errInvalid("%s.", where())
	case seq.shard != sh.number:
		return 0, errInvalid("Invalid StartingSequenceNumber. It encodes %s, while it was used in a call to a shard with %s",
			shardID(seq.shard), sh.id())
	case seq.created != sh.createdID:
		return 0, errInvalid("%s because it did not come from this stream.", where())
	}
	return seq.position, nil
}

func errFuture(t, now int64) error {
	return errInvalid("The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. "+
		"timestampInMillis: %d, currentTimestampInMillis: %d", t, now)
}

package kinesisfake

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/das-local/das-local/internal/awsapi"
)

// The modes of a stream, and the shards that an on-demand one begins with.
const (
	modeProvisioned = "PROVISIONED"
	modeOnDemand    = "ON_DEMAND"
	onDemandShards  = 4
)

// Limits of the service model, and its defaults.
const (
	minRecordKiB      = 1024 // also the default
	maxRecordKiB      = 10240
	minRetentionHours = 24 // also the default
	maxRetentionHours = 8760
	maxPage           = 10000
)

type streamModeDetails struct {
	StreamMode *string `json:"StreamMode,omitempty"`
}

func (d *streamModeDetails) validate(v *awsapi.Validation) {
	v.Required("streamModeDetails.streamMode", d.StreamMode != nil)
	v.String("streamModeDetails.streamMode", d.StreamMode, awsapi.Strings{Enum: []string{modeOnDemand, modeProvisioned}})
}

type createStreamInput struct {
	StreamName         *string            `json:"StreamName"`
	ShardCount         *int               `json:"ShardCount"`
	StreamModeDetails  *streamModeDetails `json:"StreamModeDetails"`
	Tags               map[string]string  `json:"Tags"`
	WarmThroughput     *int               `json:"WarmThroughputMiBps"`
	MaxRecordSizeInKiB *int               `json:"MaxRecordSizeInKiB"`
}

func (in *createStreamInput) validate() error {
	var v awsapi.Validation
	v.Range("shardCount", in.ShardCount, 1, 0)
	v.Range("warmThroughputMiBps", in.WarmThroughput, 0, -1)
	v.Range("maxRecordSizeInKiB", in.MaxRecordSizeInKiB, minRecordKiB, maxRecordKiB)
	v.Required("streamName", in.StreamName != nil)
	v.String("streamName", in.StreamName, nameRule)
	if in.StreamModeDetails != nil {
		in.StreamModeDetails.validate(&v)
	}
	validateTags(&v, in.Tags)
	return v.Err()
}

func (s *Server) createStream(_ context.Context, r *awsapi.Request, in *createStreamInput) (*struct{}, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	k := streamKey{r.AccountID, r.Region, *in.StreamName}
	onDemand := in.StreamModeDetails != nil && *in.StreamModeDetails.StreamMode == modeOnDemand
	shards := onDemandShards
	switch {
	case onDemand && in.ShardCount != nil:
		return nil, errValidation("ShardCount must not be given for a stream in ON_DEMAND mode.")
	case in.ShardCount != nil:
		shards = *in.ShardCount
	case !onDemand:
		return nil, errValidation("ShardCount must be given for a stream in PROVISIONED mode.")
	}
	if len(in.Tags) > maxTags {
		return nil, errTooManyTags(k)
	}
	now := s.now()
	st := &stream{
		key: k, created: now, ready: now + s.cfg.CreateDelay.Milliseconds(), onDemand: onDemand,
		maxRecordBytes: minRecordKiB << 10, retentionHours: minRetentionHours, tags: maps.Clone(in.Tags),
	}
	if in.MaxRecordSizeInKiB != nil {
		st.maxRecordBytes = int64(*in.MaxRecordSizeInKiB) << 10
	}
	if in.WarmThroughput != nil {
		if err := s.mayWarm(k, onDemand, *in.WarmThroughput); err != nil {
			return nil, err
		}
		st.warmMiBps = *in.WarmThroughput
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.streams[k] != nil {
		return nil, errStreamExists(k)
	}
	if open := s.openShards(k); open+shards > s.cfg.ShardLimit {
		return nil, errShardLimit(k, open, s.cfg.ShardLimit, shards)
	}
	st.number = s.nextNumber()
	for _, hashes := range uniformRanges(shards) {
		st.open = append(st.open, st.addShard(now, hashes, s.newLog))
	}
	if err := s.save(st); err != nil {
		return nil, err
	}
	s.streams[k] = st
	return nil, nil
}

// openShards counts the open shards of an account in a region. It is called with
// mu held.
func (s *Server) openShards(of streamKey) int {
	n := 0
	for k, st := range s.streams {
		if k.account == of.account && k.region == of.region {
			st.mu.RLock()
			n += len(st.open)
			st.mu.RUnlock()
		}
	}
	return n
}

type deleteStreamInput struct {
	streamRef
	EnforceConsumerDeletion *bool `json:"EnforceConsumerDeletion"`
}

func (s *Server) deleteStream(_ context.Context, r *awsapi.Request, in *deleteStreamInput) (*struct{}, error) {
	k, err := in.resolve(r, new(awsapi.Validation))
	if err != nil {
		return nil, err
	}
	st, err := s.stream(k)
	if err != nil {
		return nil, err
	}
	st.mu.Lock() // waits for writers that found it before
	if st.deleted {
		st.mu.Unlock()
		return nil, errStreamNotFound(k)
	}
	if n := len(st.consumers); n > 0 && (in.EnforceConsumerDeletion == nil || !*in.EnforceConsumerDeletion) {
		st.mu.Unlock()
		return nil, awsapi.Errorf(codeInUse, "Stream %s under account %s has %d registered consumers; EnforceConsumerDeletion would delete them.", k.name, k.account, n)
	}
	if err := s.forget(st); err != nil {
		st.mu.Unlock()
		return nil, err
	}
	st.deleted = true
	for _, c := range st.consumers {
		c.end(errStreamNotFound(k))
	}
	for _, sh := range st.shards {
		s.used.Add(-sh.dropAll())
	}
	st.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.streams[k] == st {
		delete(s.streams, k)
	}
	return nil, nil
}

type listStreamsInput struct {
	Limit                    *int    `json:"Limit"`
	ExclusiveStartStreamName *string `json:"ExclusiveStartStreamName"`
	NextToken                *string `json:"NextToken"`
}

type streamSummary struct {
	StreamName              string             `json:"StreamName"`
	StreamARN               string             `json:"StreamARN"`
	StreamStatus            string             `json:"StreamStatus"`
	StreamModeDetails       *streamModeDetails `json:"StreamModeDetails"`
	StreamCreationTimestamp awsapi.Time        `json:"StreamCreationTimestamp"`
}

type listStreamsOutput struct {
	StreamNames     []string        `json:"StreamNames"`
	HasMoreStreams  bool            `json:"HasMoreStreams"`
	NextToken       string          `json:"NextToken,omitempty"`
	StreamSummaries []streamSummary `json:"StreamSummaries"`
}

func (s *Server) listStreams(_ context.Context, r *awsapi.Request, in *listStreamsInput) (*listStreamsOutput, error) {
	var v awsapi.Validation
	v.Range("limit", in.Limit, 1, maxPage)
	v.String("exclusiveStartStreamName", in.ExclusiveStartStreamName, nameRule)
	v.String("nextToken", in.NextToken, tokenRule)
	if err := v.Err(); err != nil {
		return nil, err
	}
	limit, after, now := 100, "", s.now()
	if in.Limit != nil {
		limit = *in.Limit
	}
	if in.ExclusiveStartStreamName != nil {
		after = *in.ExclusiveStartStreamName
	}
	if in.NextToken != nil {
		f, err := s.openPage(kindStreams, *in.NextToken, now)
		if err != nil {
			return nil, err
		}
		if after = f.string(); !f.done() {
			return nil, errNextToken()
		}
	}
	found := s.streamsAfter(r, after)
	out := &listStreamsOutput{StreamNames: []string{}, StreamSummaries: []streamSummary{}}
	for _, st := range found[:min(limit, len(found))] {
		out.StreamNames = append(out.StreamNames, st.key.name)
		out.StreamSummaries = append(out.StreamSummaries, st.summary(now))
	}
	if len(found) <= limit {
		return out, nil
	}
	out.HasMoreStreams = true
	var f fields
	f.putInt(now)
	f.putString(out.StreamNames[limit-1])
	var err error
	out.NextToken, err = s.sealer.seal(kindStreams, f.b)
	return out, err
}

// streamsAfter are a requester's streams by name, from behind a name on.
func (s *Server) streamsAfter(r *awsapi.Request, after string) []*stream {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var found []*stream
	for k, st := range s.streams {
		if k.account == r.AccountID && k.region == r.Region && k.name > after {
			found = append(found, st)
		}
	}
	slices.SortFunc(found, func(a, b *stream) int { return strings.Compare(a.key.name, b.key.name) })
	return found
}

func (st *stream) summary(now int64) streamSummary {
	st.mu.RLock()
	defer st.mu.RUnlock()
	return streamSummary{
		StreamName: st.key.name, StreamARN: st.key.arn(), StreamStatus: st.status(now),
		StreamModeDetails: st.mode(), StreamCreationTimestamp: wireTime(st.created),
	}
}

// mode is called with mu held.
func (st *stream) mode() *streamModeDetails {
	mode := modeProvisioned
	if st.onDemand {
		mode = modeOnDemand
	}
	return &streamModeDetails{StreamMode: &mode}
}

// openPage opens a paging token, whose content begins with its time.
func (s *Server) openPage(kind byte, token string, now int64) (*fields, error) {
	plain, ok := s.sealer.open(kind, token)
	if !ok {
		return nil, errNextToken()
	}
	f := &fields{b: plain}
	if made := f.int(); now-made > tokenLife.Milliseconds() {
		return nil, errNextTokenExpired()
	}
	return f, nil
}

func wireTime(ms int64) awsapi.Time { return awsapi.Time{Time: time.UnixMilli(ms).UTC()} }

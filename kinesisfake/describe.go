package kinesisfake

import (
	"context"

	"github.com/das-local/das-local/internal/awsapi"
)

// The types of encryption.
const (
	encryptionNone = "NONE"
	encryptionKMS  = "KMS"
)

// description has the members that both Describe operations answer with.
type description struct {
	StreamName              string             `json:"StreamName"`
	StreamARN               string             `json:"StreamARN"`
	StreamStatus            string             `json:"StreamStatus"`
	StreamModeDetails       *streamModeDetails `json:"StreamModeDetails"`
	RetentionPeriodHours    int                `json:"RetentionPeriodHours"`
	StreamCreationTimestamp awsapi.Time        `json:"StreamCreationTimestamp"`
	EnhancedMonitoring      []enhancedMetrics  `json:"EnhancedMonitoring"`
	EncryptionType          string             `json:"EncryptionType"`
	KeyID                   string             `json:"KeyId,omitempty"`
}

type enhancedMetrics struct {
	ShardLevelMetrics []string `json:"ShardLevelMetrics"`
}

// describe is called with mu held.
func (st *stream) describe(now int64) description {
	d := description{
		StreamName: st.key.name, StreamARN: st.key.arn(), StreamStatus: st.status(now),
		StreamModeDetails: st.mode(), RetentionPeriodHours: st.retentionHours,
		StreamCreationTimestamp: wireTime(st.created), EncryptionType: encryptionNone, KeyID: st.keyID,
		EnhancedMonitoring: []enhancedMetrics{{ShardLevelMetrics: st.levels()}},
	}
	if st.keyID != "" {
		d.EncryptionType = encryptionKMS
	}
	return d
}

type describeStreamInput struct {
	streamRef
	Limit                 *int    `json:"Limit"`
	ExclusiveStartShardID *string `json:"ExclusiveStartShardId"`
}

type streamDescription struct {
	description
	Shards        []shardOutput `json:"Shards"`
	HasMoreShards bool          `json:"HasMoreShards"`
}

type describeStreamOutput struct {
	StreamDescription streamDescription `json:"StreamDescription"`
}

func (s *Server) describeStream(_ context.Context, r *awsapi.Request, in *describeStreamInput) (*describeStreamOutput, error) {
	var v awsapi.Validation
	v.Range("limit", in.Limit, 1, maxPage)
	v.String("exclusiveStartShardId", in.ExclusiveStartShardID, nameRule)
	st, err := s.find(r, &in.streamRef, &v)
	if err != nil {
		return nil, err
	}
	limit, after := 100, -1
	if in.Limit != nil {
		limit = *in.Limit
	}
	if in.ExclusiveStartShardID != nil {
		var ok bool
		if after, ok = parseShardID(*in.ExclusiveStartShardID); !ok {
			return nil, errShardNotFound(st.key, *in.ExclusiveStartShardID)
		}
	}
	now := s.now()
	st.mu.RLock()
	defer st.mu.RUnlock()
	out := &describeStreamOutput{StreamDescription: streamDescription{description: st.describe(now), Shards: []shardOutput{}}}
	d := &out.StreamDescription
	if d.StreamStatus == statusCreating {
		return out, nil
	}
	for _, sh := range st.shards[min(max(after+1, 0), len(st.shards)):] {
		if !st.visible(sh, now) {
			continue
		}
		if len(d.Shards) == limit {
			d.HasMoreShards = true
			break
		}
		d.Shards = append(d.Shards, sh.output())
	}
	return out, nil
}

type describeStreamSummaryInput struct{ streamRef }

type streamDescriptionSummary struct {
	description
	OpenShardCount     int             `json:"OpenShardCount"`
	ConsumerCount      int             `json:"ConsumerCount"`
	WarmThroughput     *warmThroughput `json:"WarmThroughput,omitempty"`
	MaxRecordSizeInKiB int64           `json:"MaxRecordSizeInKiB"`
}

type describeStreamSummaryOutput struct {
	StreamDescriptionSummary streamDescriptionSummary `json:"StreamDescriptionSummary"`
}

func (s *Server) describeStreamSummary(_ context.Context, r *awsapi.Request, in *describeStreamSummaryInput) (*describeStreamSummaryOutput, error) {
	st, err := s.find(r, &in.streamRef, new(awsapi.Validation))
	if err != nil {
		return nil, err
	}
	now := s.now()
	st.mu.RLock()
	defer st.mu.RUnlock()
	out := &describeStreamSummaryOutput{streamDescriptionSummary{
		description: st.describe(now), MaxRecordSizeInKiB: st.maxRecordBytes >> 10,
		ConsumerCount: len(st.consumers), WarmThroughput: st.warm(),
	}}
	if st.status(now) != statusCreating {
		out.StreamDescriptionSummary.OpenShardCount = len(st.open)
	}
	return out, nil
}

// find resolves a reference to a stream that exists, after it has checked the
// input's other members.
func (s *Server) find(r *awsapi.Request, ref *streamRef, v *awsapi.Validation) (*stream, error) {
	k, err := ref.resolve(r, v)
	if err != nil {
		return nil, err
	}
	return s.stream(k)
}

type describeLimitsOutput struct {
	ShardLimit               int `json:"ShardLimit"`
	OpenShardCount           int `json:"OpenShardCount"`
	OnDemandStreamCount      int `json:"OnDemandStreamCount"`
	OnDemandStreamCountLimit int `json:"OnDemandStreamCountLimit"`
}

// onDemandLimit is AWS's default; it is told, not enforced.
const onDemandLimit = 50

func (s *Server) describeLimits(_ context.Context, r *awsapi.Request, _ *struct{}) (*describeLimitsOutput, error) {
	out := &describeLimitsOutput{ShardLimit: s.cfg.ShardLimit, OnDemandStreamCountLimit: onDemandLimit}
	for _, st := range s.streamsAfter(r, "") {
		st.mu.RLock()
		out.OpenShardCount += len(st.open)
		if st.onDemand {
			out.OnDemandStreamCount++
		}
		st.mu.RUnlock()
	}
	return out, nil
}

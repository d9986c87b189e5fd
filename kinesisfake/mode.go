package kinesisfake

import (
	"context"

	"github.com/das-local/das-local/internal/awsapi"
)

// maxWarmMiBps is AWS's default limit of warm throughput: 10 GiB/s.
const maxWarmMiBps = 10 << 10

type warmThroughput struct {
	TargetMiBps  int `json:"TargetMiBps"`
	CurrentMiBps int `json:"CurrentMiBps"`
}

// warm is called with mu held.
func (st *stream) warm() *warmThroughput {
	if !st.onDemand || st.warmMiBps == 0 {
		return nil
	}
	return &warmThroughput{st.warmMiBps, st.warmMiBps}
}

// mayWarm refuses warm throughput where AWS does not offer it. It changes nothing
// here but what is told: a stream takes what the machine can.
func (s *Server) mayWarm(k streamKey, onDemand bool, mibps int) error {
	return mayWarm(k, onDemand, s.committed(k), mibps)
}

func mayWarm(k streamKey, onDemand, committed bool, mibps int) error {
	switch {
	case !onDemand:
		return errValidation("Stream %s under account %s is in PROVISIONED mode, which has no warm throughput.", k.name, k.account)
	case !committed:
		return errValidation("Account %s has no minimum throughput billing commitment in %s, which warm throughput needs: see UpdateAccountSettings.", k.account, k.region)
	case mibps > maxWarmMiBps:
		return awsapi.Errorf(codeLimit, "Warm throughput of %d MiB/s exceeds the limit of %d MiB/s.", mibps, maxWarmMiBps)
	}
	return nil
}

type updateModeInput struct {
	StreamARN         *string            `json:"StreamARN"`
	StreamID          *string            `json:"StreamId"`
	StreamModeDetails *streamModeDetails `json:"StreamModeDetails"`
	WarmThroughput    *int               `json:"WarmThroughputMiBps"`
}

// updateStreamMode leaves the shards as they are, as AWS does at first.
func (s *Server) updateStreamMode(_ context.Context, r *awsapi.Request, in *updateModeInput) (*struct{}, error) {
	ref := streamRef{StreamARN: in.StreamARN, StreamID: in.StreamID}
	var v awsapi.Validation
	v.Required("streamARN", in.StreamARN != nil)
	v.Required("streamModeDetails", in.StreamModeDetails != nil)
	if in.StreamModeDetails != nil {
		in.StreamModeDetails.validate(&v)
	}
	v.Range("warmThroughputMiBps", in.WarmThroughput, 0, -1)
	k, err := ref.resolve(r, &v)
	if err != nil {
		return nil, err
	}
	onDemand := *in.StreamModeDetails.StreamMode == modeOnDemand
	if in.WarmThroughput != nil {
		if err := s.mayWarm(k, onDemand, *in.WarmThroughput); err != nil {
			return nil, err
		}
	}
	return nil, s.change(k, 0, func(st *stream, _ int64) error {
		st.onDemand, st.warmMiBps = onDemand, 0
		if in.WarmThroughput != nil {
			st.warmMiBps = *in.WarmThroughput
		}
		return nil
	})
}

type updateWarmInput struct {
	streamRef
	WarmThroughput *int `json:"WarmThroughputMiBps"`
}

type updateWarmOutput struct {
	StreamARN      string         `json:"StreamARN"`
	StreamName     string         `json:"StreamName"`
	WarmThroughput warmThroughput `json:"WarmThroughput"`
}

func (s *Server) updateWarmThroughput(_ context.Context, r *awsapi.Request, in *updateWarmInput) (*updateWarmOutput, error) {
	var v awsapi.Validation
	v.Required("warmThroughputMiBps", in.WarmThroughput != nil)
	v.Range("warmThroughputMiBps", in.WarmThroughput, 0, -1)
	k, err := in.resolve(r, &v)
	if err != nil {
		return nil, err
	}
	target := *in.WarmThroughput
	out := &updateWarmOutput{StreamARN: k.arn(), StreamName: k.name}
	committed := s.committed(k)
	err = s.change(k, 0, func(st *stream, _ int64) error {
		if err := mayWarm(k, st.onDemand, committed, target); err != nil {
			return err
		}
		out.WarmThroughput = warmThroughput{TargetMiBps: target, CurrentMiBps: st.warmMiBps}
		st.warmMiBps = target
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

type updateRecordSizeInput struct {
	StreamARN          *string `json:"StreamARN"`
	StreamID           *string `json:"StreamId"`
	MaxRecordSizeInKiB *int    `json:"MaxRecordSizeInKiB"`
}

func (s *Server) updateMaxRecordSize(_ context.Context, r *awsapi.Request, in *updateRecordSizeInput) (*struct{}, error) {
	ref := streamRef{StreamARN: in.StreamARN, StreamID: in.StreamID}
	var v awsapi.Validation
	v.Required("maxRecordSizeInKiB", in.MaxRecordSizeInKiB != nil)
	v.Range("maxRecordSizeInKiB", in.MaxRecordSizeInKiB, minRecordKiB, maxRecordKiB)
	k, err := ref.resolve(r, &v)
	if err != nil {
		return nil, err
	}
	return nil, s.change(k, 0, func(st *stream, _ int64) error {
		st.maxRecordBytes = int64(*in.MaxRecordSizeInKiB) << 10
		return nil
	})
}

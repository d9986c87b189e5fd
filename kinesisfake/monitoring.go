package kinesisfake

import (
	"context"
	"fmt"
	"slices"

	"github.com/das-local/das-local/internal/awsapi"
)

// metricNames are the shard-level metrics, and their sum. They are switched on and
// off here, but nobody measures them.
var metricNames = []string{"IncomingBytes", "IncomingRecords", "OutgoingBytes", "OutgoingRecords",
	"WriteProvisionedThroughputExceeded", "ReadProvisionedThroughputExceeded", "IteratorAgeMilliseconds", allMetrics}

const allMetrics = "ALL"

// levels are the metrics that are on. It is called with mu held.
func (st *stream) levels() []string { return append([]string{}, st.metrics...) }

type monitoringInput struct {
	streamRef
	ShardLevelMetrics []string `json:"ShardLevelMetrics"`
}

type monitoringOutput struct {
	StreamName               string   `json:"StreamName"`
	CurrentShardLevelMetrics []string `json:"CurrentShardLevelMetrics"`
	DesiredShardLevelMetrics []string `json:"DesiredShardLevelMetrics"`
	StreamARN                string   `json:"StreamARN"`
}

// setMetrics has next make the metrics that are on of those that were and those
// that are named; all that there are stand for ALL.
func (s *Server) setMetrics(r *awsapi.Request, in *monitoringInput, next func(on, named []string) []string) (*monitoringOutput, error) {
	var v awsapi.Validation
	v.Required("shardLevelMetrics", in.ShardLevelMetrics != nil)
	if in.ShardLevelMetrics != nil {
		v.Length("shardLevelMetrics", "[...]", len(in.ShardLevelMetrics), 1, len(metricNames)-1)
	}
	for i := range in.ShardLevelMetrics {
		v.String(fmt.Sprintf("shardLevelMetrics.%d.member", i+1), &in.ShardLevelMetrics[i], awsapi.Strings{Enum: metricNames})
	}
	k, err := in.resolve(r, &v)
	if err != nil {
		return nil, err
	}
	named := in.ShardLevelMetrics
	if slices.Contains(named, allMetrics) {
		named = metricNames[:len(metricNames)-1]
	}
	out := &monitoringOutput{StreamName: k.name, StreamARN: k.arn()}
	err = s.change(k, 0, func(st *stream, _ int64) error {
		out.CurrentShardLevelMetrics = st.levels()
		st.metrics = next(st.levels(), named)
		slices.Sort(st.metrics)
		st.metrics = slices.Compact(st.metrics)
		out.DesiredShardLevelMetrics = st.levels()
		return nil
	})
	return out, err
}

func (s *Server) enableMonitoring(_ context.Context, r *awsapi.Request, in *monitoringInput) (*monitoringOutput, error) {
	return s.setMetrics(r, in, func(on, named []string) []string { return append(on, named...) })
}

func (s *Server) disableMonitoring(_ context.Context, r *awsapi.Request, in *monitoringInput) (*monitoringOutput, error) {
	return s.setMetrics(r, in, func(on, named []string) []string {
		return slices.DeleteFunc(on, func(m string) bool { return slices.Contains(named, m) })
	})
}

package kinesisfake

import (
	"context"

	"github.com/das-local/das-local/internal/awsapi"
)

type listConsumersInput struct {
	StreamARN               *string      `json:"StreamARN"`
	NextToken               *string      `json:"NextToken"`
	MaxResults              *int         `json:"MaxResults"`
	StreamCreationTimestamp *awsapi.Time `json:"StreamCreationTimestamp"`
	StreamID                *string      `json:"StreamId"`
}

type listConsumersOutput struct {
	Consumers []consumerOutput `json:"Consumers"`
	NextToken string           `json:"NextToken,omitempty"`
}

// listConsumers lists by name. A token names the stream too: one of another stream
// is refused.
func (s *Server) listConsumers(_ context.Context, r *awsapi.Request, in *listConsumersInput) (*listConsumersOutput, error) {
	ref := streamRef{StreamARN: in.StreamARN, StreamID: in.StreamID}
	var v awsapi.Validation
	v.Required("streamARN", in.StreamARN != nil)
	v.String("nextToken", in.NextToken, tokenRule)
	v.Range("maxResults", in.MaxResults, 1, maxPage)
	st, err := s.find(r, &ref, &v)
	if err != nil {
		return nil, err
	}
	if in.NextToken != nil && in.StreamCreationTimestamp != nil {
		return nil, errInvalid("NextToken and StreamCreationTimestamp cannot be provided together.")
	}
	if t := in.StreamCreationTimestamp; t != nil && t.UnixMilli()/1000 != st.created/1000 {
		return nil, errStreamNotFound(st.key)
	}
	limit, after, now := 100, "", s.now()
	if in.MaxResults != nil {
		limit = *in.MaxResults
	}
	if in.NextToken != nil {
		if after, err = s.openConsumersPage(st, *in.NextToken, now); err != nil {
			return nil, err
		}
	}
	out := &listConsumersOutput{Consumers: []consumerOutput{}}
	st.mu.RLock()
	defer st.mu.RUnlock()
	for _, c := range st.consumersByName() {
		if c.name <= after {
			continue
		}
		if len(out.Consumers) == limit {
			var f fields
			f.putInt(now)
			f.putString(st.key.arn())
			f.putInt(st.created)
			f.putString(out.Consumers[limit-1].ConsumerName)
			out.NextToken, err = s.sealer.seal(kindConsumers, f.b)
			return out, err
		}
		out.Consumers = append(out.Consumers, c.output(st, now))
	}
	return out, nil
}

func (s *Server) openConsumersPage(st *stream, token string, now int64) (after string, err error) {
	f, err := s.openPage(kindConsumers, token, now)
	if err != nil {
		return "", err
	}
	arn, created := f.string(), f.int()
	if after = f.string(); !f.done() || arn != st.key.arn() || created != st.created {
		return "", errNextToken()
	}
	return after, nil
}

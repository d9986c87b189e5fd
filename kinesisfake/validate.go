package kinesisfake

import (
	"strings"

	"github.com/das-local/das-local/internal/awsapi"
)

// The constraints that the service model sets. They are read only.
var (
	nameRule     = awsapi.Strings{Pattern: awsapi.Pattern(`[a-zA-Z0-9_.-]+`), Min: 1, Max: 128}
	arnRule      = awsapi.Strings{Pattern: awsapi.Pattern(`arn:aws.*:kinesis:.*:\d{12}:stream/\S+`), Min: 1, Max: 2048}
	resourceRule = awsapi.Strings{Pattern: awsapi.Pattern(`arn:aws.*:kinesis:.*:\d{12}:.*stream/\S+`), Min: 1, Max: 2048}
	consumerRule = awsapi.Strings{Pattern: awsapi.Pattern(`^(arn):aws.*:kinesis:.*:\d{12}:.*stream\/[a-zA-Z0-9_.-]+\/consumer\/[a-zA-Z0-9_.-]+:[0-9]+`), Min: 1, Max: 2048}
	streamIDRule = awsapi.Strings{Pattern: awsapi.Pattern(`[a-z0-9]{20}-[a-z0-9]{3}`), Min: 1, Max: 24}
	hashKeyRule  = awsapi.Strings{Pattern: awsapi.Pattern(`0|([1-9]\d{0,38})`)}
	sequenceRule = awsapi.Strings{Pattern: awsapi.Pattern(`0|([1-9]\d{0,128})`)}
	tokenRule    = awsapi.Strings{Min: 1, Max: 1 << 20}
	keyRule      = awsapi.Strings{Min: 1, Max: 256} // a partition key
)

// streamRef is how every operation names its stream: by name, ARN or both.
type streamRef struct {
	StreamName *string `json:"StreamName"`
	StreamARN  *string `json:"StreamARN"`
	StreamID   *string `json:"StreamId"` // checked for its form only; no stream here has one
}

func (r *streamRef) validate(v *awsapi.Validation) {
	v.String("streamName", r.StreamName, nameRule)
	v.String("streamARN", r.StreamARN, arnRule)
	v.String("streamId", r.StreamID, streamIDRule)
}

// key resolves the reference; an ARN's own account and region count.
func (r *streamRef) key(req *awsapi.Request) (streamKey, error) {
	if r.StreamARN == nil {
		if r.StreamName == nil {
			return streamKey{}, errInvalid("Either StreamName or StreamARN must be given.")
		}
		return streamKey{req.AccountID, req.Region, *r.StreamName}, nil
	}
	arn, err := awsapi.ParseARN(*r.StreamARN)
	if err != nil {
		return streamKey{}, errInvalid("Invalid StreamARN %s.", *r.StreamARN)
	}
	name, _ := strings.CutPrefix(arn.Resource, "stream/")
	if r.StreamName != nil && *r.StreamName != name {
		return streamKey{}, errInvalid("StreamName %s and StreamARN %s do not name the same stream.", *r.StreamName, *r.StreamARN)
	}
	return streamKey{arn.AccountID, arn.Region, name}, nil
}

// resolve checks a reference alone. Operations with further members add theirs
// to the validation first.
func (r *streamRef) resolve(req *awsapi.Request, v *awsapi.Validation) (streamKey, error) {
	r.validate(v)
	if err := v.Err(); err != nil {
		return streamKey{}, err
	}
	return r.key(req)
}

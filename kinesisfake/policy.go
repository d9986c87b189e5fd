package kinesisfake

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/das-local/das-local/internal/awsapi"
)

// maxPolicy is how long a resource policy may be, in bytes.
const maxPolicy = 20 << 10

// withResource runs f with what an ARN names: a stream, or a consumer of it (else
// nil). The stream's mu is held for writing.
func (s *Server) withResource(r *awsapi.Request, arn string, f func(st *stream, c *consumer) error) error {
	if strings.Contains(arn, "/consumer/") {
		id, err := parseConsumerARN(arn)
		if err != nil {
			return err
		}
		return s.withConsumer(id, f)
	}
	k, err := (&streamRef{StreamARN: &arn}).key(r)
	if err != nil {
		return err
	}
	st, err := s.stream(k)
	if err != nil {
		return err
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.deleted {
		return errStreamNotFound(k)
	}
	return f(st, nil)
}

// resourceInput is how operations name a stream or a consumer by its ARN.
type resourceInput struct {
	ResourceARN *string `json:"ResourceARN"`
	StreamID    *string `json:"StreamId"`
}

func (in *resourceInput) validate(v *awsapi.Validation) {
	v.Required("resourceARN", in.ResourceARN != nil)
	v.String("resourceARN", in.ResourceARN, resourceRule)
	v.String("streamId", in.StreamID, streamIDRule)
}

func (in *resourceInput) check() error {
	var v awsapi.Validation
	in.validate(&v)
	return v.Err()
}

// policyOf is where the policy of a resource is kept.
func policyOf(st *stream, c *consumer) *string {
	if c != nil {
		return &c.policy
	}
	return &st.policy
}

type putPolicyInput struct {
	resourceInput
	Policy *string `json:"Policy"`
}

// putResourcePolicy stores a policy that is a JSON object with statements; what it
// says is not evaluated here.
func (s *Server) putResourcePolicy(_ context.Context, r *awsapi.Request, in *putPolicyInput) (*struct{}, error) {
	var v awsapi.Validation
	in.validate(&v)
	v.Required("policy", in.Policy != nil)
	if err := v.Err(); err != nil {
		return nil, err
	}
	var policy struct{ Statement json.RawMessage }
	if err := json.Unmarshal([]byte(*in.Policy), &policy); err != nil || policy.Statement == nil {
		return nil, errInvalid("The policy is no valid JSON policy document with a Statement.")
	}
	if len(*in.Policy) > maxPolicy {
		return nil, awsapi.Errorf(codeLimit, "The policy has %d bytes; it may have %d.", len(*in.Policy), maxPolicy)
	}
	return nil, s.withResource(r, *in.ResourceARN, func(st *stream, c *consumer) error {
		*policyOf(st, c) = *in.Policy
		return s.save(st)
	})
}

type getPolicyOutput struct {
	Policy string `json:"Policy"`
}

func (s *Server) getResourcePolicy(_ context.Context, r *awsapi.Request, in *resourceInput) (*getPolicyOutput, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	out := &getPolicyOutput{Policy: "{}"}
	err := s.withResource(r, *in.ResourceARN, func(st *stream, c *consumer) error {
		if policy := *policyOf(st, c); policy != "" {
			out.Policy = policy
		}
		return nil
	})
	return out, err
}

func (s *Server) deleteResourcePolicy(_ context.Context, r *awsapi.Request, in *resourceInput) (*struct{}, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	return nil, s.withResource(r, *in.ResourceARN, func(st *stream, c *consumer) error {
		policy := policyOf(st, c)
		if *policy == "" {
			return awsapi.Errorf(codeNotFound, "No resource policy found for resource ARN %s", *in.ResourceARN)
		}
		*policy = ""
		return s.save(st)
	})
}

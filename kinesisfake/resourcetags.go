package kinesisfake

import (
	"context"

	"github.com/das-local/das-local/internal/awsapi"
)

// The operations that name a stream by the ARN of a resource do what those that
// name a stream do.

// resourceRef makes a stream's reference of a resource's ARN.
func resourceRef(arn *string) (streamRef, error) {
	var v awsapi.Validation
	v.Required("resourceARN", arn != nil)
	v.String("resourceARN", arn, arnRule)
	return streamRef{StreamARN: arn}, v.Err()
}

type tagResourceInput struct {
	ResourceARN *string           `json:"ResourceARN"`
	Tags        map[string]string `json:"Tags"`
}

func (s *Server) tagResource(ctx context.Context, r *awsapi.Request, in *tagResourceInput) (*struct{}, error) {
	ref, err := resourceRef(in.ResourceARN)
	if err != nil {
		return nil, err
	}
	return s.addTags(ctx, r, &addTagsInput{streamRef: ref, Tags: in.Tags})
}

type untagResourceInput struct {
	ResourceARN *string  `json:"ResourceARN"`
	TagKeys     []string `json:"TagKeys"`
}

func (s *Server) untagResource(ctx context.Context, r *awsapi.Request, in *untagResourceInput) (*struct{}, error) {
	ref, err := resourceRef(in.ResourceARN)
	if err != nil {
		return nil, err
	}
	return s.removeTags(ctx, r, &removeTagsInput{streamRef: ref, TagKeys: in.TagKeys})
}

type listTagsForResourceInput struct {
	ResourceARN *string `json:"ResourceARN"`
}

type listTagsForResourceOutput struct {
	Tags []tag `json:"Tags"`
}

func (s *Server) listTagsForResource(ctx context.Context, r *awsapi.Request, in *listTagsForResourceInput) (*listTagsForResourceOutput, error) {
	ref, err := resourceRef(in.ResourceARN)
	if err != nil {
		return nil, err
	}
	out, err := s.listTags(ctx, r, &listTagsInput{streamRef: ref})
	if err != nil {
		return nil, err
	}
	return &listTagsForResourceOutput{Tags: out.Tags}, nil
}

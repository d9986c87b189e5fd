package kinesisfake

import (
	"context"
	"maps"

	"github.com/das-local/das-local/internal/awsapi"
)

// These operations tag streams and consumers by their ARNs.

func tagsOf(st *stream, c *consumer) *map[string]string {
	if c != nil {
		return &c.tags
	}
	return &st.tags
}

type tagResourceInput struct {
	resourceInput
	Tags map[string]string `json:"Tags"`
}

func (s *Server) tagResource(_ context.Context, r *awsapi.Request, in *tagResourceInput) (*struct{}, error) {
	var v awsapi.Validation
	validateNewTags(&v, in.Tags)
	in.validate(&v)
	if err := v.Err(); err != nil {
		return nil, err
	}
	return nil, s.withResource(r, *in.ResourceARN, func(st *stream, c *consumer) error {
		tags := tagsOf(st, c)
		next := maps.Clone(*tags)
		if next == nil {
			next = make(map[string]string)
		}
		maps.Copy(next, in.Tags)
		if len(next) > maxTags {
			return errTooManyTags(st.key)
		}
		*tags = next
		return s.save(st)
	})
}

type untagResourceInput struct {
	resourceInput
	TagKeys []string `json:"TagKeys"`
}

func (s *Server) untagResource(_ context.Context, r *awsapi.Request, in *untagResourceInput) (*struct{}, error) {
	var v awsapi.Validation
	validateTagKeys(&v, in.TagKeys)
	in.validate(&v)
	if err := v.Err(); err != nil {
		return nil, err
	}
	return nil, s.withResource(r, *in.ResourceARN, func(st *stream, c *consumer) error {
		for _, key := range in.TagKeys {
			delete(*tagsOf(st, c), key)
		}
		return s.save(st)
	})
}

type listTagsForResourceOutput struct {
	Tags []tag `json:"Tags"`
}

func (s *Server) listTagsForResource(_ context.Context, r *awsapi.Request, in *resourceInput) (*listTagsForResourceOutput, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	out := &listTagsForResourceOutput{}
	err := s.withResource(r, *in.ResourceARN, func(st *stream, c *consumer) error {
		out.Tags = sortedTags(*tagsOf(st, c))
		return nil
	})
	return out, err
}

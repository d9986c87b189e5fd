package kmsfake

import (
	"maps"
	"slices"
	"strings"

	"github.com/das-local/das-local/internal/awsapi"
)

type tag struct{ TagKey, TagValue string }

type tagInput struct{ TagKey, TagValue *string }

// maxTags is KMS's limit for one key.
const maxTags = 50

// tagMap checks the tags of a request.
func tagMap(tags []tagInput) (map[string]string, error) {
	m := make(map[string]string, min(len(tags), maxTags))
	for i, t := range tags {
		name := *t.TagKey
		if i == maxTags {
			return nil, awsapi.Errorf("TagException", "Too many tags")
		}
		if _, twice := m[name]; twice {
			return nil, duplicateTags()
		}
		if strings.HasPrefix(strings.ToLower(name), "aws:") {
			return nil, awsapi.Errorf("TagException", "Tags beginning with aws: are reserved")
		}
		m[name] = *t.TagValue
	}
	return m, nil
}

type tagsInput struct {
	KeyId *string
	Tags  []tagInput
}

type untagInput struct {
	KeyId   *string
	TagKeys []string
}

func (s *Server) tagResource(in *tagsInput) (*none, error) {
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	defer s.lock()()
	k, err := s.alive(*in.KeyId, "TagResource")
	if err != nil {
		return nil, err
	}
	all := maps.Clone(k.tags)
	maps.Copy(all, tags)
	if len(all) > maxTags {
		return nil, limitExceeded("A key can have %d tags at most.", maxTags)
	}
	k.tags = all
	return nil, nil
}

func (s *Server) untagResource(in *untagInput) (*none, error) {
	defer s.lock()()
	k, err := s.alive(*in.KeyId, "UntagResource")
	if err != nil {
		return nil, err
	}
	for _, name := range in.TagKeys {
		delete(k.tags, name)
	}
	return nil, nil
}

type listTagsInput struct {
	KeyId *string
	pageInput
}

type listTagsOutput struct {
	Tags []tag
	pageOutput
}

func (s *Server) listResourceTags(in *listTagsInput) (*listTagsOutput, error) {
	limit, after, err := in.byName(50, 50)
	if err != nil {
		return nil, err
	}
	defer s.lock()()
	k, err := s.resolveKey(*in.KeyId)
	if err != nil {
		return nil, err
	}
	list := slices.DeleteFunc(tagList(k.tags), func(t tag) bool { return t.TagKey <= after })
	out := &listTagsOutput{}
	out.Tags = first(limit, list, &out.pageOutput, func(t tag) string { return marker(t.TagKey) })
	return out, nil
}

// tagList has tags by key.
func tagList(tags map[string]string) []tag {
	list := []tag{}
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, tag{name, tags[name]})
	}
	return list
}

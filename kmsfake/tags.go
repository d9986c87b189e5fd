package kmsfake

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/das-local/das-local/internal/awsapi"
)

type tag struct{ TagKey, TagValue string }

// maxTags is KMS's limit for one key.
const maxTags = 50

// tagKeyRule and tagValueRule bound tags as the service model does.
var (
	tagKeyRule   = awsapi.Strings{Min: 1, Max: 128}
	tagValueRule = awsapi.Strings{Max: 256}
)

// tagMap checks the tags of a request.
func tagMap(tags []tag) (map[string]string, error) {
	var v awsapi.Validation
	for i, t := range tags {
		member := fmt.Sprintf("tags.%d.member.", i+1)
		v.String(member+"tagKey", &t.TagKey, tagKeyRule)
		v.String(member+"tagValue", &t.TagValue, tagValueRule)
	}
	if err := v.Err(); err != nil {
		return nil, err
	}
	m := make(map[string]string, min(len(tags), maxTags))
	for i, t := range tags {
		if i == maxTags {
			return nil, awsapi.Errorf("TagException", "Too many tags")
		}
		if _, twice := m[t.TagKey]; twice {
			return nil, duplicateTags()
		}
		switch {
		case strings.HasPrefix(strings.ToLower(t.TagKey), "aws:"):
			return nil, awsapi.Errorf("TagException", "Tags beginning with aws: are reserved")
		}
		m[t.TagKey] = t.TagValue
	}
	return m, nil
}

type tagsInput struct {
	KeyId   *string
	Tags    []tag
	TagKeys []string
}

func (in *tagsInput) check(member string, present bool) error {
	var v awsapi.Validation
	keyID(&v, "keyId", in.KeyId)
	v.Required(member, present)
	for i, name := range in.TagKeys {
		v.String(fmt.Sprintf("tagKeys.%d.member", i+1), &name, tagKeyRule)
	}
	return v.Err()
}

func (s *Server) tagResource(in *tagsInput) (*none, error) {
	if err := in.check("tags", in.Tags != nil); err != nil {
		return nil, err
	}
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
		return nil, awsapi.Errorf("LimitExceededException", "A key can have %d tags at most.", maxTags)
	}
	k.tags = all
	return nil, nil
}

func (s *Server) untagResource(in *tagsInput) (*none, error) {
	if err := in.check("tagKeys", in.TagKeys != nil); err != nil {
		return nil, err
	}
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
	if err := (&keyInput{in.KeyId}).check(); err != nil {
		return nil, err
	}
	limit, err := in.pageInput.check(1000, 50)
	if err != nil {
		return nil, err
	}
	after, err := in.after()
	if err != nil {
		return nil, err
	}
	defer s.lock()()
	k, err := s.resolveKey(*in.KeyId)
	if err != nil {
		return nil, err
	}
	out := &listTagsOutput{Tags: []tag{}}
	for _, name := range slices.Sorted(maps.Keys(k.tags)) {
		if name <= after && after != "" {
			continue
		}
		if len(out.Tags) == limit {
			out.more(marker(out.Tags[limit-1].TagKey))
			break
		}
		out.Tags = append(out.Tags, tag{name, k.tags[name]})
	}
	return out, nil
}

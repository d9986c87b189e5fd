package kinesisfake

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/das-local/das-local/internal/awsapi"
)

// maxTags is how many tags a stream may have.
const maxTags = 50

func errTooManyTags(k streamKey) error {
	return errInvalid("Failed to add tags to stream %s under account %s because a given stream cannot have more than %d tags associated with it.",
		k.name, k.account, maxTags)
}

func validateTags(v *awsapi.Validation, tags map[string]string) {
	if tags != nil {
		v.Length("tags", "{...}", len(tags), 1, 200)
	}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		value := tags[key]
		v.String("tags."+key+".key", &key, awsapi.Strings{Min: 1, Max: 128})
		v.String("tags."+key+".value", &value, awsapi.Strings{Max: 256})
	}
}

// validateNewTags wants some.
func validateNewTags(v *awsapi.Validation, tags map[string]string) {
	v.Required("tags", tags != nil)
	validateTags(v, tags)
}

func validateTagKeys(v *awsapi.Validation, keys []string) {
	v.Required("tagKeys", keys != nil)
	if keys != nil {
		v.Length("tagKeys", "[...]", len(keys), 1, maxTags)
	}
	for i, key := range keys {
		v.String(fmt.Sprintf("tagKeys.%d.member", i+1), &key, awsapi.Strings{Min: 1, Max: 128})
	}
}

func sortedTags(tags map[string]string) []tag {
	sorted := []tag{}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		sorted = append(sorted, tag{Key: key, Value: tags[key]})
	}
	return sorted
}

type addTagsInput struct {
	streamRef
	Tags map[string]string `json:"Tags"`
}

func (s *Server) addTags(_ context.Context, r *awsapi.Request, in *addTagsInput) (*struct{}, error) {
	var v awsapi.Validation
	validateNewTags(&v, in.Tags)
	st, err := s.find(r, &in.streamRef, &v)
	if err != nil {
		return nil, err
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	tags := maps.Clone(st.tags)
	if tags == nil {
		tags = make(map[string]string)
	}
	maps.Copy(tags, in.Tags)
	if len(tags) > maxTags {
		return nil, errTooManyTags(st.key)
	}
	st.tags = tags
	return nil, s.save(st)
}

type listTagsInput struct {
	streamRef
	ExclusiveStartTagKey *string `json:"ExclusiveStartTagKey"`
	Limit                *int    `json:"Limit"`
}

type tag struct {
	Key   string `json:"Key"`
	Value string `json:"Value"`
}

type listTagsOutput struct {
	Tags        []tag `json:"Tags"`
	HasMoreTags bool  `json:"HasMoreTags"`
}

func (s *Server) listTags(_ context.Context, r *awsapi.Request, in *listTagsInput) (*listTagsOutput, error) {
	var v awsapi.Validation
	v.Range("limit", in.Limit, 1, maxTags)
	v.String("exclusiveStartTagKey", in.ExclusiveStartTagKey, awsapi.Strings{Min: 1, Max: 128})
	st, err := s.find(r, &in.streamRef, &v)
	if err != nil {
		return nil, err
	}
	limit := maxTags
	if in.Limit != nil {
		limit = *in.Limit
	}
	st.mu.RLock()
	defer st.mu.RUnlock()
	out := &listTagsOutput{Tags: []tag{}}
	for _, one := range sortedTags(st.tags) {
		if in.ExclusiveStartTagKey != nil && one.Key <= *in.ExclusiveStartTagKey {
			continue
		}
		if len(out.Tags) == limit {
			out.HasMoreTags = true
			break
		}
		out.Tags = append(out.Tags, one)
	}
	return out, nil
}

type removeTagsInput struct {
	streamRef
	TagKeys []string `json:"TagKeys"`
}

func (s *Server) removeTags(_ context.Context, r *awsapi.Request, in *removeTagsInput) (*struct{}, error) {
	var v awsapi.Validation
	validateTagKeys(&v, in.TagKeys)
	st, err := s.find(r, &in.streamRef, &v)
	if err != nil {
		return nil, err
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, key := range in.TagKeys {
		delete(st.tags, key)
	}
	return nil, s.save(st)
}

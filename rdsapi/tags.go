package rdsapi

import (
	"context"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

type tag struct{ Key, Value string }

// TagOnStreamFailure is the tag of a DB cluster that says what becomes of its
// instances when the activity stream cannot make events durable. The guide leaves
// that to the user; RDS has no API for it.
const TagOnStreamFailure = "das-local:on-stream-failure"

// The values of TagOnStreamFailure.
const (
	Continue     = "continue"      // also without the tag: sessions go on, and RDS events tell
	StopInstance = "stop-instance" // all instances of the cluster are shut down
)

// maxTags is RDS's limit for one resource.
const maxTags = 50

// tagMap checks the tags of a request; the last of two with one key wins.
func tagMap(tags []tag) (map[string]string, error) {
	m := make(map[string]string)
	for _, t := range tags {
		switch {
		case t.Key == "" || utf8.RuneCountInString(t.Key) > 128 || utf8.RuneCountInString(t.Value) > 256:
			return nil, invalidValue("Tag keys have 1 to 128 characters, tag values up to 256.")
		case strings.HasPrefix(strings.ToLower(t.Key), "aws:"):
			return nil, invalidValue("Tag keys can't begin with aws: or rds:")
		case t.Key == TagOnStreamFailure && t.Value != Continue && t.Value != StopInstance:
			return nil, invalidValue("The value of the tag %s is %s or %s.", TagOnStreamFailure, Continue, StopInstance)
		}
		m[t.Key] = t.Value
	}
	if len(m) > maxTags {
		return nil, invalidValue("A resource can have %d tags at most.", maxTags)
	}
	return m, nil
}

func tagList(m map[string]string) []tag {
	list := make([]tag, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		list = append(list, tag{k, m[k]})
	}
	return list
}

type tagsInput struct {
	ResourceName string
	Tags         []tag `member:"Tag"`
	TagKeys      []string
	Filters      []filter `member:"Filter"`
}

type tagsOutput struct {
	TagList []tag `member:"Tag"`
}

// tagged finds the tags of whatever an ARN names.
// The lock is held.
func (s *Server) tagged(arn string) (*map[string]string, error) {
	if arn == "" {
		return nil, missing("ResourceName")
	}
	kind, id, ok := s.splitARN(arn)
	if !ok {
		return nil, invalidValue("Invalid ARN: %s", arn)
	}
	switch kind {
	case "cluster":
		if c := s.clusters[id]; c != nil {
			return &c.tags, nil
		}
		return nil, clusterNotFound(id)
	case "db":
		if i := s.instances[id]; i != nil {
			return &i.tags, nil
		}
		return nil, instanceNotFound(id)
	case "cluster-snapshot":
		if p := s.snapshots[id]; p != nil {
			return &p.tags, nil
		}
		return nil, snapshotNotFound(id)
	case clusterGroup.arnType, instanceGroup.arnType:
		k := map[bool]groupKind{true: clusterGroup, false: instanceGroup}[kind == clusterGroup.arnType]
		g, err := s.findGroup(k, id)
		if err != nil {
			return nil, err
		}
		return &g.Tags, nil
	case "subgrp":
		g, err := s.findSubnetGroup(id)
		if err != nil {
			return nil, err
		}
		return &g.Tags, nil
	case "es":
		for _, b := range s.subscriptions {
			if b.arn == arn {
				return &b.tags, nil
			}
		}
		return nil, notFound("SubscriptionNotFound", "Event subscription %s not found.", id)
	}
	return nil, invalidValue("The specified resource name does not match an RDS resource in this region.")
}

func (s *Server) listTagsForResource(_ context.Context, in *tagsInput) (*tagsOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	tags, err := s.tagged(in.ResourceName)
	if err != nil {
		return nil, err
	}
	if _, err := matchFilters([]tag{}, in.Filters, nil); err != nil { // there are none
		return nil, err
	}
	return &tagsOutput{tagList(*tags)}, nil
}

func (s *Server) addTagsToResource(_ context.Context, in *tagsInput) (*none, error) {
	if in.Tags == nil {
		return nil, missing("Tags")
	}
	added, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	tags, err := s.tagged(in.ResourceName)
	if err != nil {
		return nil, err
	}
	all := make(map[string]string)
	maps.Copy(all, *tags)
	maps.Copy(all, added)
	if len(all) > maxTags {
		return nil, invalidValue("A resource can have %d tags at most.", maxTags)
	}
	*tags = all
	return nil, nil
}

func (s *Server) removeTagsFromResource(_ context.Context, in *tagsInput) (*none, error) {
	if in.TagKeys == nil {
		return nil, missing("TagKeys")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	tags, err := s.tagged(in.ResourceName)
	if err != nil {
		return nil, err
	}
	for _, k := range in.TagKeys {
		delete(*tags, k)
	}
	return nil, nil
}

package rdsapi

import (
	"context"
	"maps"
	"slices"
)

// categories are those of each source type. Only clusters, their snapshots and
// instances have events here.
// See https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_Events.Messages.html
var categories = map[string][]string{
	sourceInstance: {"availability", "backup", "configuration change", "creation", "deletion", "failover", "failure", "low storage",
		"maintenance", "notification", "read replica", "recovery", "restoration", "security patching"},
	sourceCluster: {"configuration change", "creation", "deletion", "failover", "failure", "global failover", "maintenance", "migration",
		"notification", "serverless"},
	sourceSnapshot:          {"backup", "notification"},
	"db-snapshot":           {"creation", "deletion", "notification", "restoration"},
	"db-parameter-group":    {"configuration change"},
	"db-security-group":     {"configuration change", "failure"},
	"db-proxy":              {"configuration change", "creation", "deletion", "failure"},
	"custom-engine-version": {"creation", "failure"},
	"blue-green-deployment": {"creation", "deletion", "failure", "notification"},
	"db-shard-group":        {"configuration change", "creation", "deletion", "failure"},
	"zero-etl":              {"creation", "deletion", "failure", "notification"},
}

type eventCategoriesInput struct {
	SourceType *string
	Filters    []filter `member:"Filter"`
}

type categoriesMap struct {
	SourceType      string
	EventCategories []string `member:"EventCategory"`
}

type eventCategoriesOutput struct {
	EventCategoriesMapList []categoriesMap `member:"EventCategoriesMap"`
}

func (s *Server) describeEventCategories(_ context.Context, in *eventCategoriesInput) (*eventCategoriesOutput, error) {
	if err := wellFormed(in.Filters); err != nil {
		return nil, err
	}
	out := &eventCategoriesOutput{EventCategoriesMapList: []categoriesMap{}}
	if in.SourceType != nil && categories[*in.SourceType] == nil {
		return nil, invalidValue("Invalid source type: %s", *in.SourceType)
	}
	for _, t := range slices.Sorted(maps.Keys(categories)) {
		if in.SourceType == nil || *in.SourceType == t {
			out.EventCategoriesMapList = append(out.EventCategoriesMapList, categoriesMap{t, categories[t]})
		}
	}
	return out, nil
}

package access

import (
	"maps"
	"slices"

	"github.com/das-local/das-local/internal/awsapi"
	"github.com/das-local/das-local/internal/iam"
)

// needs are the permissions that a call takes; none for GetCallerIdentity, which
// nobody can be denied. A call whose input names nothing that exists, or is not
// valid, is decided as far as it goes: the operation itself answers the rest.
func (g *Guard) needs(r *awsapi.Request, decode func(any) error) ([]need, error) {
	switch r.Service {
	case "kinesis":
		return g.kinesisNeeds(r.Operation, decode)
	case "kms":
		return g.kmsNeeds(r.Operation, decode)
	case "rds":
		return g.rdsNeeds(r.Operation, decode)
	case "sts":
		return nil, nil
	}
	return []need{{action: r.Service + ":" + r.Operation, resource: "*"}}, nil
}

// arn makes an ARN of the emulator's own account and Region.
func (g *Guard) arn(service, resource string) string {
	return awsapi.ARN{Service: service, Region: g.cfg.Region, AccountID: g.cfg.AccountID, Resource: resource}.String()
}

// tagContext has the keys about tags: of the resource, and in the request.
func (g *Guard) tagContext(resource map[string]string, request map[string]string, keys []string) iam.Context {
	c := iam.Context{}
	c.Set("aws:ResourceAccount", g.cfg.AccountID)
	for k, v := range resource {
		c.Set("aws:ResourceTag/"+k, v)
	}
	for k, v := range request {
		c.Set("aws:RequestTag/"+k, v)
	}
	keys = append(slices.Clone(keys), slices.Sorted(maps.Keys(request))...)
	c.Set("aws:TagKeys", keys...)
	return c
}

// value is a string that may be absent.
func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

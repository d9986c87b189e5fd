package access

import (
	"strings"

	"github.com/das-local/das-local/internal/iam"
)

// rdsContext has the condition keys of a call about one resource.
func (g *Guard) rdsContext(in *rdsInput, kind, arn string) iam.Context {
	var tags map[string]string
	if !strings.HasSuffix(arn, "*") {
		tags = g.cfg.Databases.ResourceTags(arn)
	}
	given := make(map[string]string, len(in.Tags))
	for _, t := range in.Tags {
		given[t.Key] = t.Value
	}
	c := g.tagContext(tags, given, in.TagKeys)
	if kind == "*" { // an ARN: its own type
		if p := strings.Split(arn, ":"); len(p) > 6 {
			kind = p[5]
		}
	}
	for k, v := range tags {
		c.Set("rds:"+kind+"-tag/"+k, v)
	}
	for k, v := range given {
		c.Set("rds:req-tag/"+k, v)
	}
	for key, values := range map[string][]string{
		"rds:DatabaseEngine":           {in.Engine},
		"rds:DatabaseName":             {in.DatabaseName, in.DBName},
		"rds:DatabaseClass":            {in.DBInstanceClass, in.DBClusterInstanceClass},
		"rds:StorageEncrypted":         {in.StorageEncrypted},
		"rds:MultiAz":                  {in.MultiAZ},
		"rds:Piops":                    {in.Iops},
		"rds:StorageSize":              {in.AllocatedStorage},
		"rds:ManageMasterUserPassword": {in.ManageMasterUserPassword},
	} {
		for _, v := range values {
			if v != "" {
				c.Set(key, v)
			}
		}
	}
	return c
}

package awsapi

import (
	"fmt"
	"strings"
)

// ARN is an Amazon Resource Name.
type ARN struct {
	Partition string // "aws", "aws-cn", "aws-us-gov"; empty: the region's
	Service   string
	Region    string
	AccountID string
	Resource  string // "stream/my-stream"; may contain colons
}

// String joins the parts of a.
func (a ARN) String() string {
	partition := a.Partition
	if partition == "" {
		partition = partitionOf(a.Region)
	}
	return "arn:" + partition + ":" + a.Service + ":" + a.Region + ":" + a.AccountID + ":" + a.Resource
}

// ParseARN splits an ARN. Region and account may be empty, as they are in some.
func ParseARN(s string) (ARN, error) {
	p := strings.SplitN(s, ":", 6)
	if len(p) != 6 || p[0] != "arn" || p[1] == "" || p[2] == "" || p[5] == "" {
		return ARN{}, fmt.Errorf("parse ARN %q: not of the form arn:partition:service:region:account:resource", s)
	}
	return ARN{Partition: p[1], Service: p[2], Region: p[3], AccountID: p[4], Resource: p[5]}, nil
}

// partitionOf is the partition that a region is in.
func partitionOf(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}

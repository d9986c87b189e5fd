package main

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
)

const statusHelp = `das-local status shows the clusters, their activity streams and their instances.

    $ das-local status
    $ das-local status --format json | jq -r .stream
`

// clusterStatus is one cluster, as "status --format json" prints it.
type clusterStatus struct {
	Cluster      string           `json:"cluster"`
	ARN          string           `json:"arn"`
	ResourceID   string           `json:"resourceId"`
	Status       string           `json:"status"`
	StreamStatus string           `json:"streamStatus"`
	Pending      bool             `json:"pendingReboot,omitempty"` // a change, of the stream for one, waits for it
	Mode         string           `json:"mode,omitempty"`
	Stream       string           `json:"stream,omitempty"`
	KMSKey       string           `json:"kmsKey,omitempty"`
	Instances    []instanceStatus `json:"instances"`
}

type instanceStatus struct {
	Instance string `json:"instance"`
	Status   string `json:"status"`
	Address  string `json:"address"`
	Port     int32  `json:"port"`
	Writer   bool   `json:"writer"`
}

// status prints what DescribeDBClusters and DescribeDBInstances say.
func status(ctx context.Context, args []string, std streams) error {
	fs := newFlags("status", statusHelp, std.out)
	var where awsFlags
	where.define(fs)
	format := formatFlag(fs, formatTable)
	if err := parse(fs, args, false); err != nil {
		return err
	}
	cfg, err := where.load(ctx)
	if err != nil {
		return err
	}
	all, err := clusterStatuses(ctx, rds.NewFromConfig(cfg))
	if err != nil {
		return explainReach(err, where.endpoint)
	}
	return printAll(clusterShape, format, std.out, all...)
}

var clusterShape = shape[clusterStatus]{
	text: func(paint painter, c clusterStatus) string {
		text := fmt.Sprintf("cluster %s is %s, its activity stream %s", c.Cluster, c.Status, paint(statusColours[c.StreamStatus], c.stream()))
		if c.Stream != "" {
			text += fmt.Sprintf(" (%s, %s)", c.Mode, c.Stream)
		}
		for _, i := range c.Instances {
			text += fmt.Sprintf("\n    %s %s is %s at %s", i.role(), i.Instance, i.Status, i.where())
		}
		return text
	},
	columns: columns("CLUSTER", "STATUS", "STREAM", "MODE", "INSTANCE", "ROLE", "STATUS", "ADDRESS"),
	rows: func(c clusterStatus, add func(...cell)) {
		head := append(cells(c.Cluster, c.Status), cell{c.stream(), statusColours[c.StreamStatus]}, cell{text: orDash(c.Mode)})
		if len(c.Instances) == 0 {
			add(append(head, cells("-", "-", "-", "-")...)...)
		}
		for _, i := range c.Instances {
			add(append(head, cells(i.Instance, i.role(), i.Status, i.where())...)...)
			head = cells("", "", "", "")
		}
	},
}

// statusColours are those of a stream's states on a terminal.
var statusColours = map[string]string{"started": green, "stopped": grey, "starting": yellow, "stopping": yellow}

// stream says how the stream is, and that this is to change.
func (c clusterStatus) stream() string {
	if c.Pending {
		return c.StreamStatus + ", " + pendingReboot
	}
	return c.StreamStatus
}

// pendingReboot is what RDS says of the members of a cluster for which a change waits.
const pendingReboot = "pending-reboot"

func (i instanceStatus) role() string {
	if i.Writer {
		return "writer"
	}
	return "reader"
}

// where is the address of an instance, which has none while it is made.
func (i instanceStatus) where() string {
	if i.Address == "" {
		return "-"
	}
	return fmt.Sprintf("%s:%d", i.Address, i.Port)
}

func clusterStatuses(ctx context.Context, client *rds.Client) ([]clusterStatus, error) {
	all := []clusterStatus{}
	for pages := rds.NewDescribeDBClustersPaginator(client, &rds.DescribeDBClustersInput{}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("describe the clusters: %w", err)
		}
		for _, c := range page.DBClusters {
			s := clusterStatus{Cluster: aws.ToString(c.DBClusterIdentifier), ARN: aws.ToString(c.DBClusterArn), ResourceID: aws.ToString(c.DbClusterResourceId),
				Status: aws.ToString(c.Status), StreamStatus: string(c.ActivityStreamStatus), Mode: string(c.ActivityStreamMode),
				Stream: aws.ToString(c.ActivityStreamKinesisStreamName), KMSKey: aws.ToString(c.ActivityStreamKmsKeyId), Instances: []instanceStatus{}}
			for _, m := range c.DBClusterMembers {
				s.Pending = s.Pending || aws.ToString(m.DBClusterParameterGroupStatus) == pendingReboot
				i, err := oneInstance(ctx, client, m)
				if err != nil {
					return nil, err
				}
				s.Instances = append(s.Instances, i)
			}
			all = append(all, s)
		}
	}
	return all, nil
}

func oneInstance(ctx context.Context, client *rds.Client, m types.DBClusterMember) (instanceStatus, error) {
	out, err := client.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: m.DBInstanceIdentifier})
	if err != nil {
		return instanceStatus{}, fmt.Errorf("describe instance %s: %w", aws.ToString(m.DBInstanceIdentifier), err)
	}
	i := instanceStatus{Instance: aws.ToString(m.DBInstanceIdentifier), Writer: aws.ToBool(m.IsClusterWriter)}
	if len(out.DBInstances) > 0 {
		i.Status = aws.ToString(out.DBInstances[0].DBInstanceStatus)
		if e := out.DBInstances[0].Endpoint; e != nil {
			i.Address, i.Port = aws.ToString(e.Address), aws.ToInt32(e.Port)
		}
	}
	return i, nil
}

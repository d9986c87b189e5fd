package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
)

const statusHelp = `das-local status shows the clusters, their activity streams and their instances.

    $ das-local status
    $ das-local status --format json | jq -r '.[].stream'
`

// clusterStatus is one cluster as "status --format json" prints it.
type clusterStatus struct {
	Cluster      string           `json:"cluster"`
	ARN          string           `json:"arn"`
	ResourceID   string           `json:"resourceId"`
	Status       string           `json:"status"`
	StreamStatus string           `json:"streamStatus"`
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
	format := formatFlag(fs, "table", "json")
	if err := parse(fs, args, false); err != nil {
		return err
	}
	if err := format.check(); err != nil {
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
	if format.value == "json" {
		return printIndented(std.out, all)
	}
	w := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CLUSTER\tSTATUS\tSTREAM\tMODE\tINSTANCE\tSTATUS\tADDRESS")
	for _, c := range all {
		head := fmt.Sprintf("%s\t%s\t%s\t%s", c.Cluster, c.Status, c.StreamStatus, orDash(c.Mode))
		if len(c.Instances) == 0 {
			fmt.Fprintf(w, "%s\t-\t-\t-\n", head)
		}
		for _, i := range c.Instances {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s:%d\n", head, i.Instance, i.Status, orDash(i.Address), i.Port)
			head = "\t\t\t"
		}
	}
	return w.Flush()
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

const eventsHelp = `das-local events prints the RDS events of the last days, oldest first: starts and
stops of streams, restarts, and every window in which activity events might be lost.

    $ das-local events
    $ das-local events --since 10m --format json
`

// rdsEvents prints what DescribeEvents says.
func rdsEvents(ctx context.Context, args []string, std streams) error {
	fs := newFlags("events", eventsHelp, std.out)
	var where awsFlags
	where.define(fs)
	since := fs.Duration("since", 14*24*time.Hour, "`INTERVAL` to look back; RDS keeps 14 days")
	format := formatFlag(fs, "text", "json")
	if err := parse(fs, args, false); err != nil {
		return err
	}
	if err := format.check(); err != nil {
		return err
	}
	if *since < time.Minute || *since > 14*24*time.Hour {
		return fmt.Errorf("--since is %v; RDS answers for one minute to 14 days (336h): %w", *since, errUsage)
	}
	cfg, err := where.load(ctx)
	if err != nil {
		return err
	}
	minutes := int32(since.Minutes())
	for pages := rds.NewDescribeEventsPaginator(rds.NewFromConfig(cfg), &rds.DescribeEventsInput{Duration: &minutes}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return explainReach(fmt.Errorf("describe the events: %w", err), where.endpoint)
		}
		for _, e := range page.Events {
			if err := printRDSEvent(std.out, e, format.value); err != nil {
				return err
			}
		}
	}
	return nil
}

func printRDSEvent(w io.Writer, e types.Event, format string) error {
	if format == "json" {
		return json.NewEncoder(w).Encode(map[string]any{"date": e.Date, "sourceType": e.SourceType,
			"source": e.SourceIdentifier, "categories": e.EventCategories, "message": e.Message})
	}
	_, err := fmt.Fprintf(w, "%s %s %s: %s\n", e.Date.UTC().Format(time.RFC3339), e.SourceType, aws.ToString(e.SourceIdentifier), str(e.Message))
	return err
}

func printIndented(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

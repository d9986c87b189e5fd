package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/das-local/das-local/internal/progress"
)

const startHelp = `das-local start-activity-stream starts the activity stream of a cluster by the RDS
API and waits until it is started, as "aws rds start-activity-stream" does without the
waiting. It works against AWS too. Open sessions end with 57P01 as the instances
restart; with --schedule the change waits for a reboot or the maintenance window.

    $ das-local start-activity-stream
    $ das-local start-activity-stream --mode sync --kms-key-id alias/my-key --cluster my-cluster
    $ das-local start-activity-stream --format json | jq -r .kmsKey
    $ das-local start-activity-stream --endpoint aws --region eu-west-1 --cluster prod --kms-key-id …
`

// streamChange is what a start or a stop has led to.
type streamChange struct {
	Cluster string `json:"cluster"`
	Status  string `json:"status"` // of the stream: the new one, or with --no-wait and --schedule the one on the way
	Mode    string `json:"mode,omitempty"`
	Stream  string `json:"stream"`
	KMSKey  string `json:"kmsKey"`

	started bool   // it was a start
	until   string // the maintenance window that it waits for, unless a reboot comes first
}

var streamChangeShape = shape[streamChange]{
	text: func(_ painter, c streamChange) string {
		if c.started {
			return c.Stream
		}
		text := fmt.Sprintf("the activity stream of %s is %s", c.Cluster, c.Status)
		if c.until != "" {
			text += " until a reboot or the maintenance window " + c.until
		}
		return text
	},
	columns: columns("CLUSTER", "STATUS", "MODE", "STREAM", "KMS KEY"),
	rows: func(c streamChange, add func(...cell)) {
		add(cells(c.Cluster, c.Status, orDash(c.Mode), c.Stream, c.KMSKey)...)
	},
}

// startActivityStream starts a cluster's stream.
func startActivityStream(ctx context.Context, args []string, std streams) error {
	fs := newFlags("start-activity-stream", startHelp, std.out)
	var where streamFlags
	where.define(fs)
	mode := fs.String("mode", "async", "`MODE`: sync (sessions wait for their events to be durable) or async")
	key := fs.String("kms-key-id", "", "`KEY`: id, ARN or alias; empty takes das-local's own, or makes one")
	format := formatFlag(fs, formatText)
	if err := parse(fs, args, false); err != nil {
		return err
	}
	if *mode != string(types.ActivityStreamModeSync) && *mode != string(types.ActivityStreamModeAsync) {
		return fmt.Errorf("--mode is %q; it must be sync or async: %w", *mode, errUsage)
	}
	cfg, err := where.load(ctx)
	if err != nil {
		return err
	}
	client := rds.NewFromConfig(cfg)
	cluster, err := where.find(ctx, client)
	if err != nil {
		return explainReach(err, where.endpoint)
	}
	if *key == "" {
		if *key, err = where.someKey(ctx, cfg); err != nil {
			return err
		}
	}
	out, err := client.StartActivityStream(ctx, &rds.StartActivityStreamInput{
		ResourceArn: cluster.DBClusterArn, Mode: types.ActivityStreamMode(*mode), KmsKeyId: key, ApplyImmediately: aws.Bool(!where.schedule)})
	if err != nil {
		return explainReach(fmt.Errorf("start the activity stream of %s: %w", *cluster.DBClusterIdentifier, err), where.endpoint)
	}
	change := streamChange{Cluster: aws.ToString(cluster.DBClusterIdentifier), Status: string(out.Status), Mode: string(out.Mode),
		Stream: aws.ToString(out.KinesisStreamName), KMSKey: aws.ToString(out.KmsKeyId), started: true}
	if err := where.await(ctx, std, client, cluster, types.ActivityStreamStatusStarted, &change); err != nil {
		return err
	}
	return printAll(streamChangeShape, format, std.out, change)
}

const stopHelp = `das-local stop-activity-stream stops the activity stream of a cluster by the RDS API
and waits until it is stopped. The Kinesis stream is deleted with it.

    $ das-local stop-activity-stream
    $ das-local stop-activity-stream --cluster my-cluster --schedule
`

// stopActivityStream stops a cluster's stream.
func stopActivityStream(ctx context.Context, args []string, std streams) error {
	fs := newFlags("stop-activity-stream", stopHelp, std.out)
	var where streamFlags
	where.define(fs)
	format := formatFlag(fs, formatText)
	if err := parse(fs, args, false); err != nil {
		return err
	}
	cfg, err := where.load(ctx)
	if err != nil {
		return err
	}
	client := rds.NewFromConfig(cfg)
	cluster, err := where.find(ctx, client)
	if err != nil {
		return explainReach(err, where.endpoint)
	}
	out, err := client.StopActivityStream(ctx, &rds.StopActivityStreamInput{ResourceArn: cluster.DBClusterArn, ApplyImmediately: aws.Bool(!where.schedule)})
	if err != nil {
		return explainReach(fmt.Errorf("stop the activity stream of %s: %w", *cluster.DBClusterIdentifier, err), where.endpoint)
	}
	change := streamChange{Cluster: aws.ToString(cluster.DBClusterIdentifier), Status: string(out.Status),
		Stream: aws.ToString(out.KinesisStreamName), KMSKey: aws.ToString(out.KmsKeyId)}
	if err := where.await(ctx, std, client, cluster, types.ActivityStreamStatusStopped, &change); err != nil {
		return err
	}
	return printAll(streamChangeShape, format, std.out, change)
}

// streamFlags say which cluster is meant, and when.
type streamFlags struct {
	awsFlags
	cluster  string
	schedule bool
	noWait   bool
}

func (f *streamFlags) define(fs flagSet) {
	f.awsFlags.define(fs)
	fs.StringVar(&f.cluster, "cluster", "", "`ID` or ARN of the cluster; empty takes the only one there is")
	fs.BoolVar(&f.schedule, "schedule", false, "wait for a reboot or the maintenance window instead of restarting the instances")
	fs.BoolVar(&f.noWait, "no-wait", false, "return as soon as the change has begun")
}

// find is the cluster that is meant.
func (f *streamFlags) find(ctx context.Context, client *rds.Client) (types.DBCluster, error) {
	in := &rds.DescribeDBClustersInput{}
	if f.cluster != "" {
		in.DBClusterIdentifier = &f.cluster
	}
	var all []types.DBCluster
	for pages := rds.NewDescribeDBClustersPaginator(client, in); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return types.DBCluster{}, fmt.Errorf("find the cluster: %w", err)
		}
		all = append(all, page.DBClusters...)
	}
	switch len(all) {
	case 0:
		return types.DBCluster{}, errors.New("there is no cluster; \"das-local up\" makes one, \"aws rds create-db-cluster\" others")
	case 1:
		return all[0], nil
	}
	var ids []string
	for _, c := range all {
		ids = append(ids, aws.ToString(c.DBClusterIdentifier))
	}
	return types.DBCluster{}, fmt.Errorf("there are %d clusters; choose one with --cluster: %s: %w", len(all), strings.Join(ids, ", "), errUsage)
}

// someKey is das-local's own key, or a new one if it is gone. AWS needs a key to be
// named: it costs money there.
func (f *streamFlags) someKey(ctx context.Context, cfg aws.Config) (string, error) {
	if f.endpoint == realAWS {
		return "", fmt.Errorf("AWS needs a key of yours; give it with --kms-key-id: %w", errUsage)
	}
	client := kms.NewFromConfig(cfg)
	own := "alias/das-local"
	out, err := client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &own})
	if err == nil && out.KeyMetadata.Enabled {
		return aws.ToString(out.KeyMetadata.Arn), nil
	}
	made, err := client.CreateKey(ctx, &kms.CreateKeyInput{Description: aws.String("activity streams")})
	if err != nil {
		return "", fmt.Errorf("make a key: %w", err)
	}
	return aws.ToString(made.KeyMetadata.Arn), nil
}

// await waits until the stream has the status, and notes it.
func (f *streamFlags) await(ctx context.Context, std streams, client *rds.Client, cluster types.DBCluster, want types.ActivityStreamStatus, change *streamChange) error {
	id := aws.ToString(cluster.DBClusterIdentifier)
	if f.schedule {
		change.until = aws.ToString(cluster.PreferredMaintenanceWindow)
		fmt.Fprintf(std.err, "the stream of %s will be %s after a reboot or in the maintenance window %s\n", id, want, change.until)
		return nil
	}
	if f.noWait {
		return nil
	}
	step := progress.Begin(withProgress(ctx, std), nil, fmt.Sprintf("the stream of %s is %s", id, change.Status))
	err := awaitStatus(ctx, client, id, want)
	step.End(err)
	if err == nil {
		change.Status = string(want)
	}
	return explainReach(err, f.endpoint)
}

// awaitStatus waits until the stream of a cluster has a status.
func awaitStatus(ctx context.Context, client *rds.Client, id string, want types.ActivityStreamStatus) error {
	pause := 50 * time.Millisecond
	for {
		out, err := client.DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{DBClusterIdentifier: &id})
		if err != nil {
			return fmt.Errorf("ask for the status of %s: %w", id, err)
		}
		switch got := out.DBClusters[0].ActivityStreamStatus; got {
		case want:
			return nil
		case types.ActivityStreamStatusStarting, types.ActivityStreamStatusStopping:
		default:
			return fmt.Errorf("the stream of %s is %s; \"das-local events\" says why", id, got)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the stream of %s: %w", id, ctx.Err())
		case <-time.After(pause):
		}
		pause = min(2*pause, 5*time.Second)
	}
}

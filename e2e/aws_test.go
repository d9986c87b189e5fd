package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	kinesistypes "github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	rdstypes "github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/das-local/das-local/e2e/testbed"
	"github.com/das-local/das-local/internal/awsclient"
)

// cloud is das-local as AWS's Go SDK sees it.
type cloud struct {
	rds     *rds.Client
	kms     *kms.Client
	kinesis *kinesis.Client
}

func newCloud(p *testbed.Process) cloud {
	c := aws.Config{
		Region:       "us-east-1",
		BaseEndpoint: aws.String(p.Endpoint),
		Credentials:  credentials.NewStaticCredentialsProvider("test", "test", ""),
		HTTPClient:   awsclient.Whole(awshttp.NewBuildableClient()),
	}
	return cloud{rds.NewFromConfig(c), kms.NewFromConfig(c), kinesis.NewFromConfig(c)}
}

// cluster describes the cluster with that id or ARN.
func (c cloud) cluster(ctx context.Context, t *testing.T, id string) rdstypes.DBCluster {
	t.Helper()
	out, err := c.rds.DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{DBClusterIdentifier: &id})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.DBClusters) != 1 {
		t.Fatalf("DescribeDBClusters %s: %d clusters", id, len(out.DBClusters))
	}
	return out.DBClusters[0]
}

// newKey makes a customer managed key and returns its id and ARN.
func (c cloud) newKey(ctx context.Context, t *testing.T) (id, arn string) {
	t.Helper()
	out, err := c.kms.CreateKey(ctx, &kms.CreateKeyInput{})
	if err != nil {
		t.Fatal(err)
	}
	return *out.KeyMetadata.KeyId, *out.KeyMetadata.Arn
}

// awaitStatus polls, as users do, until the stream has that status.
func (c cloud) awaitStatus(ctx context.Context, t *testing.T, id string, want rdstypes.ActivityStreamStatus) rdstypes.DBCluster {
	t.Helper()
	for {
		cluster := c.cluster(ctx, t, id)
		if cluster.ActivityStreamStatus == want {
			return cluster
		}
		select {
		case <-ctx.Done():
			t.Fatalf("the stream of %s is %q and not %q: %v", id, cluster.ActivityStreamStatus, want, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// startStream starts the activity stream of the first cluster under a new key.
func (c cloud) startStream(ctx context.Context, t *testing.T, mode rdstypes.ActivityStreamMode) rdstypes.DBCluster {
	t.Helper()
	_, key := c.newKey(ctx, t)
	arn := c.cluster(ctx, t, "my-cluster").DBClusterArn
	_, err := c.rds.StartActivityStream(ctx, &rds.StartActivityStreamInput{
		ResourceArn: arn, Mode: mode, KmsKeyId: &key, ApplyImmediately: aws.Bool(true),
	})
	if err != nil {
		t.Fatal(err)
	}
	return c.awaitStatus(ctx, t, "my-cluster", rdstypes.ActivityStreamStatusStarted)
}

// outer is the JSON of one stream record.
type outer struct {
	Type    string `json:"type"`
	Version string `json:"version"`
	Events  []byte `json:"databaseActivityEvents"`
	Key     []byte `json:"key"`
}

// record is one stream record, with the data key that KMS gave for it.
type record struct {
	kinesistypes.Record
	outer
	plainKey []byte
}

// openKey has KMS decrypt the record's data key.
func (c cloud) openKey(ctx context.Context, resourceID string, r *record) error {
	out, err := c.kms.Decrypt(ctx, &kms.DecryptInput{
		CiphertextBlob: r.outer.Key, EncryptionContext: map[string]string{"aws:rds:dbc-id": resourceID},
	})
	if err != nil {
		return fmt.Errorf("decrypt the data key: %w", err)
	}
	r.plainKey = out.Plaintext
	return nil
}

// iterators opens every shard of the stream.
func (c cloud) iterators(ctx context.Context, t *testing.T, stream string) []string {
	t.Helper()
	shards, err := c.kinesis.ListShards(ctx, &kinesis.ListShardsInput{StreamName: &stream})
	if err != nil {
		t.Fatal(err)
	}
	var its []string
	for _, s := range shards.Shards {
		out, err := c.kinesis.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{
			StreamName: &stream, ShardId: s.ShardId, ShardIteratorType: kinesistypes.ShardIteratorTypeTrimHorizon,
		})
		if err != nil {
			t.Fatal(err)
		}
		its = append(its, *out.ShardIterator)
	}
	return its
}

// read yields the stream's records from the beginning, until more says no or
// the context ends, which fails the test.
func (c cloud) read(ctx context.Context, t *testing.T, stream, resourceID string, more func(record) bool) {
	t.Helper()
	its := c.iterators(ctx, t, stream)
	for {
		for i, it := range its {
			if it == "" {
				continue
			}
			out, err := c.kinesis.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: &it})
			if err != nil {
				t.Fatal(err)
			}
			its[i] = aws.ToString(out.NextShardIterator)
			for _, kr := range out.Records {
				r := record{Record: kr}
				if err := json.Unmarshal(kr.Data, &r.outer); err != nil {
					t.Fatalf("stream record %.300q: %v", kr.Data, err)
				}
				if err := c.openKey(ctx, resourceID, &r); err != nil {
					t.Fatal(err)
				}
				if !more(r) {
					return
				}
			}
		}
		time.Sleep(20 * time.Millisecond) // Kinesis has no way to wait but to poll
	}
}

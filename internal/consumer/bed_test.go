package consumer_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/await"
	"github.com/das-local/das-local/internal/awsapi"
	"github.com/das-local/das-local/internal/awsclient"
	"github.com/das-local/das-local/internal/consumer"
	"github.com/das-local/das-local/internal/leakcheck"
	"github.com/das-local/das-local/internal/stream"
	"github.com/das-local/das-local/kinesisfake"
	"github.com/das-local/das-local/kmsfake"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

const (
	clusterID  = "cluster-4HNY5V4RRNPKKYB7ICFKE5JBQQ"
	instanceID = "db-FZJTMYKCXQBUUZ6VLU7NW3ITCM"
	streamName = "aws-rds-das-" + clusterID
)

// bed is an activity stream, with the services behind it, reached by AWS's SDK.
type bed struct {
	t       *testing.T
	kinesis *kinesis.Client
	kms     *kms.Client
	fake    *kinesisfake.Server
	stream  *stream.Stream
	source  *stream.Source
	sent    int64
}

// publisher turns the stream's records into the service's.
type publisher struct{ *kinesisfake.Server }

func (p publisher) PutRecords(ctx context.Context, name string, records []stream.Record) error {
	out := make([]kinesisfake.Record, len(records))
	for i, r := range records {
		out[i] = kinesisfake.Record{PartitionKey: r.PartitionKey, Data: r.Data}
	}
	return p.Server.PutRecords(ctx, name, out)
}

func newBed(t *testing.T, shards int32) *bed {
	t.Helper()
	fake, err := kinesisfake.New(kinesisfake.Config{})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := kmsfake.New(kmsfake.Config{})
	if err != nil {
		t.Fatal(err)
	}
	key, err := keys.CreateKey(t.Context(), kmsfake.KeyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(awsapi.NewHandler(awsapi.Config{Services: []awsapi.Service{fake, keys}}))
	transport := &http.Transport{}
	t.Cleanup(func() { transport.CloseIdleConnections(); server.Close() })
	config := aws.Config{
		Region: "us-east-1", BaseEndpoint: &server.URL, HTTPClient: awsclient.Whole(&http.Client{Transport: transport}),
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	}
	b := &bed{t: t, kinesis: kinesis.NewFromConfig(config), kms: kms.NewFromConfig(config), fake: fake}
	b.createStream(shards)
	b.stream, err = stream.New(stream.Config{
		ClusterID: clusterID, StreamName: streamName, KeyID: key.ID, Mode: stream.Sync,
		Publisher: publisher{fake}, KeyService: keys, BatchBytes: 1, // a record per event
	})
	if err != nil {
		t.Fatal(err)
	}
	b.source = stream.NewSource(instanceID)
	b.source.Attach(b.stream)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.stream.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return b
}

func (b *bed) createStream(shards int32) {
	b.t.Helper()
	_, err := b.kinesis.CreateStream(b.t.Context(), &kinesis.CreateStreamInput{
		StreamName: aws.String(streamName), ShardCount: &shards,
	})
	if err != nil {
		b.t.Fatal(err)
	}
	b.awaitActive()
}

func (b *bed) awaitActive() {
	b.t.Helper()
	waiter := kinesis.NewStreamExistsWaiter(b.kinesis, func(o *kinesis.StreamExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = 5*time.Millisecond, 20*time.Millisecond
	})
	if err := waiter.Wait(b.t.Context(), &kinesis.DescribeStreamInput{StreamName: aws.String(streamName)}, await.Patience); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bed) deleteStream() {
	b.t.Helper()
	if _, err := b.kinesis.DeleteStream(b.t.Context(), &kinesis.DeleteStreamInput{StreamName: aws.String(streamName)}); err != nil {
		b.t.Fatal(err)
	}
}

// send records n events, numbered on.
func (b *bed) send(n int) {
	b.t.Helper()
	session := &activity.Session{DatabaseName: "postgres", UserName: "postgres", PID: 7}
	for range n {
		b.sent++
		now := time.Now()
		<-b.source.Record([]activity.Event{{
			Session: session, LogTime: now, StartTime: now, StatementID: b.sent, SubstatementID: 1,
			Command: "SELECT", CommandText: "select 1", HasCommandText: true, Class: activity.ClassMisc,
		}})
	}
}

func (b *bed) config() consumer.Config {
	return consumer.Config{
		Kinesis: b.kinesis, KMS: b.kms, StreamName: streamName,
		PollInterval: 5 * time.Millisecond, Backoff: time.Millisecond,
	}
}

// read reads to the end and returns the statement ids in the order read.
func (b *bed) read(c consumer.Config) []int64 {
	b.t.Helper()
	reader, err := consumer.New(c)
	if err != nil {
		b.t.Fatal(err)
	}
	var ids []int64
	err = each(b.t.Context(), reader, func(e consumer.Event) error {
		d, err := e.Decode()
		if err == nil {
			ids = append(ids, *d.StatementID)
		}
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return ids
}

// each calls f for each event until the first error, of the stream or of f.
func each(ctx context.Context, c *consumer.Consumer, f func(consumer.Event) error) error {
	for event, err := range c.Events(ctx) {
		if err != nil {
			return err
		}
		if err := f(event); err != nil {
			return err
		}
	}
	return nil
}

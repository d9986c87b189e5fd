package access_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/smithy-go"
	"github.com/das-local/das-local/internal/leakcheck"

	"github.com/das-local/das-local/internal/access"
	"github.com/das-local/das-local/internal/awsapi"
	"github.com/das-local/das-local/internal/awsclient"
	"github.com/das-local/das-local/internal/iam"
	"github.com/das-local/das-local/kinesisfake"
	"github.com/das-local/das-local/kmsfake"
	"github.com/das-local/das-local/rdsapi"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// bed is the services behind a guard that knows the example's account.
type bed struct {
	t       *testing.T
	url     string
	kms     *kmsfake.Server
	kinesis *kinesisfake.Server
	rds     *rdsapi.Server
	policy  map[string]string // of streams, by ARN
}

// Key implements access.Keys.
func (b *bed) Key(id string) (access.Key, bool) {
	a, ok := b.kms.Access(id)
	return access.Key(a), ok
}

// KeyOfBlob implements access.Keys.
func (b *bed) KeyOfBlob(blob []byte) (access.Key, bool) {
	a, ok := b.kms.AccessOfBlob(blob)
	return access.Key(a), ok
}

// Granted implements access.Keys.
func (b *bed) Granted(ctx context.Context, arn, principal, operation string, c map[string]string) bool {
	return b.kms.GrantAllows(ctx, arn, principal, operation, c)
}

// MayRetire implements access.Keys.
func (b *bed) MayRetire(principal, token, keyID, grantID string) bool {
	return b.kms.MayRetire(principal, token, keyID, grantID)
}

func (b *bed) StreamOf(token string) (string, bool)    { return b.kinesis.StreamOf(token) }
func (b *bed) StreamTags(arn string) map[string]string { return b.kinesis.TagsOf(arn) }
func (b *bed) StreamPolicy(arn string) string          { return b.policy[arn] }
func (b *bed) ConsumerARN(string, string) string       { return "" }

func (b *bed) ResolveKey(ctx context.Context, id string) (rdsapi.KMSKey, error) {
	k, err := b.kms.LookupKey(ctx, id)
	return rdsapi.KMSKey(k), err
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func newBed(t *testing.T) *bed {
	t.Helper()
	b := &bed{t: t, policy: map[string]string{}}
	b.kms = must(kmsfake.New(kmsfake.Config{}))
	b.kinesis = must(kinesisfake.New(kinesisfake.Config{}))
	quiet := slog.New(slog.DiscardHandler)
	b.rds = must(rdsapi.New(rdsapi.Config{Keys: b, Logger: quiet}))
	must(b.rds.CreateCluster(t.Context(), rdsapi.ClusterOptions{ID: "prod", Instances: []string{"prod-1"}, Tags: map[string]string{"env": "prod"}}))
	must(b.rds.CreateCluster(t.Context(), rdsapi.ClusterOptions{ID: "dev", Instances: []string{"dev-1"}, Tags: map[string]string{"env": "dev"}}))
	for _, name := range []string{"aws-rds-das-cluster-X", "other"} {
		if err := b.kinesis.CreateStream(t.Context(), name, 1); err != nil {
			t.Fatal(err)
		}
	}
	account := must(iam.Load("testdata/account.json", "000000000000"))
	guard := access.New(access.Config{Account: account, Region: "us-east-1", AccountID: "000000000000",
		Keys: b, Streams: b, Databases: b.rds, Logger: quiet})
	ln := must(net.Listen("tcp", "127.0.0.1:0"))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- awsapi.Serve(ctx, ln, awsapi.NewHandler(awsapi.Config{
			Services: []awsapi.Service{b.kinesis, b.kms, b.rds, access.STS{}}, Guard: guard, OneRegion: true, Logger: quiet}))
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	b.url = "http://" + ln.Addr().String()
	return b
}

// as is the configuration of a client with an access key.
func (b *bed) as(key, secret, token string) aws.Config {
	transport := &http.Transport{}
	b.t.Cleanup(transport.CloseIdleConnections)
	return aws.Config{Region: "us-east-1", BaseEndpoint: &b.url, HTTPClient: awsclient.Whole(&http.Client{Transport: transport}),
		Credentials: credentials.NewStaticCredentialsProvider(key, secret, token)}
}

func (b *bed) user(name string) aws.Config { return b.as("AKIA"+name, name+"-secret", "") }

// calls are ways to call, by name.
func calls(cfg aws.Config) map[string]func(context.Context) error {
	k, m, r := kinesis.NewFromConfig(cfg), kms.NewFromConfig(cfg), rds.NewFromConfig(cfg)
	return map[string]func(context.Context) error{
		"kinesis": func(ctx context.Context) error { _, err := k.ListStreams(ctx, nil); return err },
		"kms":     func(ctx context.Context) error { _, err := m.ListKeys(ctx, nil); return err },
		"rds":     func(ctx context.Context) error { _, err := r.DescribeDBClusters(ctx, nil); return err },
	}
}

// wantError checks code, HTTP status and message of an API error.
func wantError(t *testing.T, err error, status int, code, message string) {
	t.Helper()
	var api smithy.APIError
	var answer interface{ HTTPStatusCode() int }
	switch {
	case !errors.As(err, &api) || !errors.As(err, &answer):
		t.Errorf("got %v, want %s", err, code)
	case api.ErrorCode() != code || message != "*" && api.ErrorMessage() != message || answer.HTTPStatusCode() != status:
		t.Errorf("got  %d %s: %q\nwant %d %s: %q", answer.HTTPStatusCode(), api.ErrorCode(), api.ErrorMessage(), status, code, message)
	}
}

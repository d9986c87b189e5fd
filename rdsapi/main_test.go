package rdsapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/smithy-go"

	"github.com/das-local/das-local/internal/await"
	"github.com/das-local/das-local/internal/awsapi"
	"github.com/das-local/das-local/internal/awsclient"
	"github.com/das-local/das-local/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

const (
	keyARN     = "arn:aws:kms:us-east-1:000000000000:key/12345678-abcd-4f00-8000-bd041f170262"
	keyID      = "12345678-abcd-4f00-8000-bd041f170262"
	clusterARN = "arn:aws:rds:us-east-1:000000000000:cluster:my-cluster"
)

// controllers are the emulator's part: they note the calls and do as told.
type controllers struct {
	mu       sync.Mutex
	calls    []string
	startErr error
	stopErr  error
	hold     chan struct{} // if not nil, streams start and stop when it is closed
	leave    chan struct{} // if not nil, sessions are gone when it is closed
}

func (c *controllers) note(format string, args ...any) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls = append(c.calls, fmt.Sprintf(format, args...))
	if strings.HasPrefix(format, "start stream") {
		return c.startErr
	}
	return c.stopErr
}

func (c *controllers) noted() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Join(c.calls, "; ")
}

func (c *controllers) StartStream(ctx context.Context, s ActivityStream) error {
	if c.hold != nil {
		select {
		case <-c.hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return c.note("start stream %s %s %s", s.StreamName, s.Mode, s.KMSKeyARN)
}

func (c *controllers) StopStream(ctx context.Context, s ActivityStream) error {
	if c.hold != nil {
		select {
		case <-c.hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return c.note("stop stream %s", s.StreamName)
}

func (c *controllers) DeleteStream(_ context.Context, s ActivityStream) error {
	return c.note("delete stream %s", s.StreamName)
}

func (c *controllers) StartInstance(_ context.Context, i Instance) (string, int, error) {
	if i.Shut {
		return "127.0.0.1", 15432, c.note("start instance %s, shut", i.ID)
	}
	return "127.0.0.1", 15432, c.note("start instance %s", i.ID)
}

func (c *controllers) StopInstance(_ context.Context, i Instance) error {
	return c.note("stop instance %s", i.ID)
}

func (c *controllers) RefuseSessions(i Instance, why Refusal) {
	c.note("refuse %s: %s", i.ID, why)
}

func (c *controllers) AwaitSessions(ctx context.Context, i Instance) {
	c.note("await %s", i.ID)
	if c.leave != nil {
		select {
		case <-c.leave:
		case <-ctx.Done():
		}
	}
}

func (c *controllers) AdmitSessions(i Instance) { c.note("admit %s", i.ID) }

// keys has one key of each kind, by their id forms.
type keys struct{}

func (keys) ResolveKey(_ context.Context, id string) (KMSKey, error) {
	good := KMSKey{ID: keyID, ARN: keyARN, Enabled: true, Symmetric: true}
	switch id {
	case keyID, keyARN, "alias/das", "arn:aws:kms:us-east-1:000000000000:alias/das":
		return good, nil
	case "alias/aws/rds":
		good.AWSManaged = true
		return good, nil
	case "alias/disabled":
		good.Enabled = false
		return good, nil
	case "alias/rsa":
		good.Symmetric = false
		return good, nil
	}
	return KMSKey{}, errors.New("no such key")
}

// bench is a server at work: with Run, behind a real listener.
type bench struct {
	*Server
	controllers *controllers
	url         string
	rds         *rds.Client
}

func start(t *testing.T, cfg Config) *bench {
	t.Helper()
	b := &bench{controllers: &controllers{}}
	if c, ok := cfg.Streams.(*controllers); ok {
		b.controllers = c
	}
	cfg.Streams, cfg.Instances, cfg.Sessions = b.controllers, b.controllers, b.controllers
	if cfg.Keys == nil {
		cfg.Keys = keys{}
	}
	cfg.deliveryTimeout = cmp.Or(cfg.deliveryTimeout, await.Patience) // what is posted twice is in nobody's order
	cfg.Logger = slog.New(slog.DiscardHandler)
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	b.Server = s
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b.url = "http://" + ln.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := s.Run(ctx); err != nil {
			t.Errorf("run: %v", err)
		}
	})
	wg.Go(func() {
		h := awsapi.NewHandler(awsapi.Config{Services: []awsapi.Service{s}, Logger: cfg.Logger})
		if err := awsapi.Serve(ctx, ln, h); err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	transport := &http.Transport{}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		cancel()
		wg.Wait()
	})
	// Without retries: an action that was carried out and is sent again fails.
	b.rds = rds.New(rds.Options{Region: "us-east-1", BaseEndpoint: &b.url, HTTPClient: awsclient.Whole(&http.Client{Transport: transport}), RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		})})
	return b
}

// withCluster is start with my-cluster and its instance.
func withCluster(t *testing.T, cfg Config) *bench {
	t.Helper()
	b := start(t, cfg)
	if _, err := b.CreateCluster(t.Context(), ClusterOptions{ID: "my-cluster", Instances: []string{"my-cluster-instance-1"}}); err != nil {
		t.Fatal(err)
	}
	return b
}

// awaitStream waits until the stream of my-cluster has the status.
func (b *bench) awaitStream(t *testing.T, status string) (c Cluster) {
	t.Helper()
	await.Equal(t, "the stream's status "+status, status, func() string {
		c, _ = b.Cluster("my-cluster")
		return c.StreamStatus
	})
	return c
}

// wantError checks code, status and, unless it is "*", the message of an API error.
func wantError(t *testing.T, err error, code string, status int, message string) {
	t.Helper()
	var api smithy.APIError
	var response interface{ HTTPStatusCode() int }
	switch {
	case !errors.As(err, &api) || !errors.As(err, &response):
		t.Errorf("got %v, want %s", err, code)
	case api.ErrorCode() != code || message != "*" && api.ErrorMessage() != message || response.HTTPStatusCode() != status:
		t.Errorf("got  %d %s: %q\nwant %d %s: %q", response.HTTPStatusCode(), api.ErrorCode(), api.ErrorMessage(), status, code, message)
	}
}

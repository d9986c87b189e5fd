package kmsfake

import (
	"context"
	"errors"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/smithy-go"

	"github.com/das-local/das-local/internal/awsapi"
	"github.com/das-local/das-local/internal/awsclient"
	"github.com/das-local/das-local/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// clock is a clock that tests move.
type clock struct{ now time.Time }

func newClock() *clock { return &clock{time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)} }

func (c *clock) advance(d time.Duration) { c.now = c.now.Add(d) }

func newServer(t *testing.T, cfg Config) *Server {
	t.Helper()
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// serve runs s behind a real listener and returns its URL.
func serve(t *testing.T, s *Server) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- awsapi.Serve(ctx, ln, awsapi.NewHandler(awsapi.Config{Services: []awsapi.Service{s}}))
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return "http://" + ln.Addr().String()
}

// client is the AWS SDK's. It retries at once: LimitExceededException counts as
// throttling there.
func client(t *testing.T, s *Server) *kms.Client {
	t.Helper()
	url := serve(t, s)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	// With the SDK\'s own retries: under the race detector it now and then closes its
	// connection while it reads an answer (https://github.com/aws/aws-sdk-go-v2/issues/2737).
	atOnce := retry.NewStandard(func(o *retry.StandardOptions) {
		o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
	})
	return kms.New(kms.Options{Region: "us-east-1", Retryer: atOnce, BaseEndpoint: &url, HTTPClient: awsclient.Whole(&http.Client{Transport: transport}),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		})})
}

// wantError checks the code and, unless it is "*", the message of an API error.
func wantError(t *testing.T, err error, code, message string) {
	t.Helper()
	var api smithy.APIError
	switch {
	case !errors.As(err, &api):
		t.Errorf("got %v, want %s", err, code)
	case api.ErrorCode() != code || message != "*" && api.ErrorMessage() != message:
		t.Errorf("got  %s: %q\nwant %s: %q", api.ErrorCode(), api.ErrorMessage(), code, message)
	}
}

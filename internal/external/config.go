package external

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/das-local/das-local/internal/awsclient"
)

// AWS is the endpoint that means the service itself, in the Region.
const AWS = "aws"

// callTimeout bounds one call with the SDK's own tries. A put that is given up may be
// stored all the same, so this is long.
const callTimeout = 15 * time.Second

// CheckEndpoint says what is wrong with an endpoint; "" and AWS are right.
func CheckEndpoint(endpoint string) error {
	if endpoint == "" || endpoint == AWS {
		return nil
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil {
		return errors.New("it must be http://HOST:PORT, https://HOST:PORT or aws")
	}
	return nil
}

// Load makes the configuration for clients of an endpoint: the SDK's own, from the
// environment and its files. Whoever is not AWS gets made-up credentials if there are
// none.
func Load(ctx context.Context, endpoint, region string) (aws.Config, error) {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(region), config.WithRetryer(newRetryer))
	if err != nil {
		return cfg, fmt.Errorf("load the AWS configuration: %w", err)
	}
	// A client of our own, with the certificates that the configuration names: its
	// connections can be ended.
	transport := &http.Transport{}
	if c, ok := cfg.HTTPClient.(*awshttp.BuildableClient); ok {
		transport = c.GetTransport()
	}
	cfg.HTTPClient = awsclient.Whole(&http.Client{Transport: transport}) // what is called twice is stored twice
	if endpoint != AWS {
		cfg.BaseEndpoint = aws.String(endpoint)
		if !fromEnvironment(ctx) {
			cfg.Credentials = credentials.NewStaticCredentialsProvider("test", "test", "")
		}
	}
	return cfg, nil
}

// newRetryer makes the SDK try a few times in short order: the stream goes on trying at
// a slower pace, and knows for how long it has failed.
func newRetryer() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts, o.MaxBackoff, o.RateLimiter = 3, 200*time.Millisecond, ratelimit.None
	})
}

// fromEnvironment says whether the environment or the shared files have credentials.
// The machine's role is not asked for: that takes seconds where there is none.
func fromEnvironment(ctx context.Context) bool {
	env, err := config.NewEnvConfig()
	if err != nil || env.Credentials.HasKeys() || env.WebIdentityTokenFilePath != "" || env.ContainerCredentialsRelativePath != "" || env.ContainerCredentialsEndpoint != "" {
		return true
	}
	profile := env.SharedConfigProfile
	if profile != "" {
		return true
	}
	shared, err := config.LoadSharedConfigProfile(ctx, config.DefaultSharedConfigProfile)
	return err == nil && (shared.Credentials.HasKeys() || shared.SSOSessionName != "" || shared.SSOAccountID != "" || shared.RoleARN != "" || shared.CredentialProcess != "")
}

// endpointOf makes a client meet the endpoint that it was given, whatever
// AWS_ENDPOINT_URL says: it may name das-local itself.
func endpointOf(cfg aws.Config) *string { return cfg.BaseEndpoint }

// closeIdle ends the connections of a configuration that nobody uses.
func closeIdle(cfg aws.Config) {
	if c, ok := cfg.HTTPClient.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

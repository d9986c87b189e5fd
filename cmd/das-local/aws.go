package main

import (
	"cmp"
	"context"
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/das-local/das-local/internal/awsclient"
)

// defaultEndpoint is where "das-local up" serves by default.
const defaultEndpoint = "http://127.0.0.1:4566"

// realAWS is the --endpoint that means the service itself.
const realAWS = "aws"

// awsFlags say where the AWS services are.
type awsFlags struct {
	endpoint, region, ca string

	flag string // that gave the endpoint; empty: --endpoint
}

func (a *awsFlags) define(fs flagSet) {
	fs.StringVar(&a.endpoint, "endpoint", cmp.Or(os.Getenv("AWS_ENDPOINT_URL"), defaultEndpoint),
		"`URL` of das-local, or \"aws\" for AWS itself")
	fs.StringVar(&a.ca, "ca", "", "`FILE` of certificates (PEM) to trust, such as das-local's own under --aws-tls; empty takes AWS_CA_BUNDLE's")
	fs.StringVar(&a.region, "region", "", "AWS `REGION`; empty takes the environment's, then us-east-1")
}

// load makes the configuration of AWS clients. das-local takes any
// credentials, so there it makes some up if the environment has none.
func (a *awsFlags) load(ctx context.Context) (aws.Config, error) {
	var opts []func(*config.LoadOptions) error
	region := cmp.Or(a.region, os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION"))
	if a.endpoint != realAWS {
		if err := checkEndpoint(cmp.Or(a.flag, "endpoint"), a.endpoint); err != nil {
			return aws.Config{}, err
		}
		opts = append(opts, config.WithBaseEndpoint(a.endpoint))
		region = cmp.Or(region, "us-east-1")
		if os.Getenv("AWS_ACCESS_KEY_ID") == "" && os.Getenv("AWS_PROFILE") == "" {
			opts = append(opts, config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider("test", "test", "")))
		}
	}
	if a.ca != "" {
		bundle, err := trust(a.ca)
		if err != nil {
			return aws.Config{}, err
		}
		opts = append(opts, bundle)
	}
	if region != "" {
		opts = append(opts, config.WithRegion(region))
	}
	cfg, err := config.LoadDefaultConfig(ctx, opts...)
	if err != nil {
		return cfg, fmt.Errorf("load the AWS configuration: %w", err)
	}
	// What is called twice is refused: a stream is started and stopped once.
	cfg.HTTPClient = awsclient.Whole(cmp.Or[aws.HTTPClient](cfg.HTTPClient, awshttp.NewBuildableClient()))
	if cfg.Region == "" {
		return cfg, fmt.Errorf("no AWS region; give one with --region: %w", errUsage)
	}
	return cfg, nil
}

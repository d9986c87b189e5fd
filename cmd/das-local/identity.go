package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/das-local/das-local/emulator"
)

// identityFlags defines the flags about who may call, and about the AWS address.
func identityFlags(fs flagSet, o *emulator.Options) {
	fs.StringVar(&o.IAM, "iam", "", "`FILE` with users, access keys and policies (JSON): calls must be signed by these keys, and allowed; empty takes any credentials")
	fs.StringVar(&o.ConsoleToken, "console-token", "", "`TOKEN` that the console and /_das/ ask for; empty asks for none, or with --iam for a random one, which the start-up lines have")
	fs.StringVar(&o.Passthrough, "passthrough", "", "`URL` of an endpoint (LocalStack, DynamoDB Local, …) that gets the calls of services that are not served here")
	fs.BoolVar(&o.AWSTLS, "aws-tls", false, "TLS on the AWS address, with a certificate made at start; the start-up lines name its file")
	fs.StringVar(&o.AWSCert, "aws-cert", "", "`FILE` with a TLS certificate for the AWS address; implies --aws-tls")
	fs.StringVar(&o.AWSKey, "aws-key", "", "`FILE` with the key of --aws-cert")
}

// trusted is the certificates of a PEM file, nil for none.
func trusted(file string) (*tls.Config, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the certificates to trust: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s has no certificate in PEM form", file)
	}
	return &tls.Config{RootCAs: pool}, nil
}

// trust is the option that has AWS clients trust the certificates of a PEM file.
func trust(file string) (func(*config.LoadOptions) error, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the certificates to trust: %w", err)
	}
	return config.WithCustomCABundle(bytes.NewReader(pem)), nil
}

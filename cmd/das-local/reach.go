package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"syscall"

	"github.com/aws/smithy-go"
)

// checkEndpoint refuses an --endpoint that is no URL. name is the flag's.
func checkEndpoint(name, endpoint string) error {
	if u, err := url.Parse(endpoint); err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" {
		return nil
	}
	return fmt.Errorf("--%s is %q; it must be das-local's address, such as %s: %w", name, endpoint, defaultEndpoint, errUsage)
}

// explainReach says what to do when nobody answers at an endpoint, or somebody else
// does, and what an AWS service's error means here. Other errors stay as they are, and so
// do those of AWS itself.
func explainReach(err error, endpoint string) error {
	return explainReachBy("--endpoint", err, endpoint)
}

// explainReachBy is explainReach for the flag that gave the endpoint.
func explainReachBy(flag string, err error, endpoint string) error {
	var untrusted *tls.CertificateVerificationError
	var network net.Error // url.Error is one
	var api smithy.APIError
	switch {
	case endpoint == realAWS, err == nil, errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("nothing answers at %s; run \"das-local up\" or give its address with %s", endpoint, flag)
	case errors.As(err, &untrusted):
		return fmt.Errorf("the certificate of %s is not trusted (%w); give its file, which the start-up lines of das-local name, with --ca", endpoint, untrusted.Err)
	case strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return fmt.Errorf("%s does not speak TLS; begin %s with http://", endpoint, flag)
	case strings.Contains(err.Error(), "HTTP request to an HTTPS server"):
		return fmt.Errorf("%s speaks TLS; begin %s with https://", endpoint, flag)
	case strings.Contains(err.Error(), "malformed HTTP"):
		return fmt.Errorf("what answers at %s does not speak HTTP; give das-local's AWS address, not that of PostgreSQL, with %s", endpoint, flag)
	case errors.As(err, &api):
		return explainAPI(err, api)
	case errors.As(err, &network):
		return fmt.Errorf("%s cannot be reached: %w; give das-local's address with %s", endpoint, innermost(err), flag)
	}
	return err
}

// apiHints say what to do about errors of the services, by their codes.
var apiHints = map[string]string{
	"DBClusterNotFoundFault":      `"das-local status" lists the clusters`,
	"KMSKeyNotAccessibleFault":    `"aws kms list-keys" lists the keys; without --kms-key-id das-local's own is taken`,
	"InvalidParameterCombination": `"das-local status" shows the stream`,
	"ResourceNotFoundException":   `"das-local status" shows the streams`,
	"AccessDeniedException":       "the policies in the file of --iam do not allow it to this access key",
	"AccessDenied":                "the policies in the file of --iam do not allow it to this access key",
	"UnrecognizedClientException": "the file of --iam has no such access key: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
	"InvalidClientTokenId":        "the file of --iam has no such access key: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
}

// explainAPI leaves what SDKs say of a call out of a service's error, and says what to do.
func explainAPI(err error, api smithy.APIError) error {
	doing, _, _ := strings.Cut(err.Error(), "operation error ")
	text := doing + api.ErrorCode() + ": " + strings.TrimRight(api.ErrorMessage(), " .")
	if hint := apiHints[api.ErrorCode()]; hint != "" {
		text += "; " + hint
	}
	return errors.New(text)
}

// innermost is the network's own word in an error.
func innermost(err error) error {
	for {
		switch inner := errors.Unwrap(err); {
		case inner == nil:
			return err
		default:
			if op, ok := inner.(*net.OpError); ok {
				return op.Err
			}
			err = inner
		}
	}
}

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
)

// checkEndpoint refuses an --endpoint that is no URL. name is the flag's.
func checkEndpoint(name, endpoint string) error {
	if u, err := url.Parse(endpoint); err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" {
		return nil
	}
	return fmt.Errorf("--%s is %q; it must be das-local's address, such as %s: %w", name, endpoint, defaultEndpoint, errUsage)
}

// explainReach says what to do when nobody answers at an endpoint, or somebody else
// does. Other errors stay as they are.
func explainReach(err error, endpoint string) error {
	return explainReachBy("--endpoint", err, endpoint)
}

// explainReachBy is explainReach for the flag that gave the endpoint.
func explainReachBy(flag string, err error, endpoint string) error {
	var untrusted *tls.CertificateVerificationError
	var network net.Error // url.Error is one
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
	case errors.As(err, &network):
		return fmt.Errorf("%s cannot be reached: %w; give das-local's address with %s", endpoint, innermost(err), flag)
	}
	return err
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

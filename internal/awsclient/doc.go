// Package awsclient is an HTTP client for the AWS SDK that calls an endpoint on the same
// machine once, however quick its answers are.
package awsclient

package kinesisfake

import (
	"fmt"
	"strings"
	"time"

	"github.com/das-local/das-local/internal/awsapi"
)

// Each error of the service has one constructor; the texts are AWS's where they
// are known.

const (
	codeNotFound = "ResourceNotFoundException"
	codeInUse    = "ResourceInUseException"
	codeArgument = "InvalidArgumentException"
	codeLimit    = "LimitExceededException"
	codeInternal = "InternalFailure"
)

func errInvalid(format string, args ...any) error {
	return awsapi.Errorf(codeArgument, format, args...)
}

func errValidation(format string, args ...any) error {
	return awsapi.Errorf("ValidationException", format, args...)
}

func errStreamNotFound(k streamKey) error {
	return awsapi.Errorf(codeNotFound, "Stream %s under account %s not found.", k.name, k.account)
}

func errStreamExists(k streamKey) error {
	return awsapi.Errorf(codeInUse, "Stream %s under account %s already exists.", k.name, k.account)
}

func errStreamNotActive(k streamKey, status string) error {
	return awsapi.Errorf(codeInUse, "Stream %s under account %s not ACTIVE, instead in state %s", k.name, k.account, status)
}

func errShardNotFound(k streamKey, id string) error {
	return awsapi.Errorf(codeNotFound, "Could not find shard %s in stream %s under account %s.", id, k.name, k.account)
}

func errNoSuchShard(k streamKey, id string) error {
	return awsapi.Errorf(codeNotFound, "Shard %s in stream %s under account %s does not exist", id, k.name, k.account)
}

func errShardClosed(k streamKey, id string) error {
	return awsapi.Errorf(codeArgument, "Shard %s in stream %s under account %s has already been merged or split, and thus is not eligible for merging or splitting.", id, k.name, k.account)
}

func errShardLimit(k streamKey, open, limit, more int) error {
	return awsapi.Errorf(codeLimit, "This request would exceed the shard limit for the account %s in %s. "+
		"Current shard count for the account: %d. Limit: %d. Number of additional shards that would have resulted from this request: %d. "+
		"Refer to the AWS Service Limits page (https://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) "+
		"for current limits and how to request higher limits.", k.account, k.region, open, limit, more)
}

func errOnDemand(k streamKey) error {
	return errValidation("Request is invalid. Stream %s under account %s is in On-Demand mode.", k.name, k.account)
}

// failed is what a client is told of an error of the disk; the log has the rest.
func (s *Server) failed(verb string, k streamKey, cause error) error {
	s.cfg.Logger.Error("cannot "+verb, "stream", k.name, "error", cause)
	return errInternal()
}

func errInternal() error {
	return &awsapi.Error{Code: "InternalFailureException", Message: "Internal service failure.", Status: 500}
}

func errIterator() error { return errInvalid("Invalid ShardIterator.") }

func errIteratorExpired(made, now time.Time) error {
	return awsapi.Errorf("ExpiredIteratorException", "Iterator expired. The iterator was created at time %s while right now it is %s "+
		"which is further in the future than the tolerated delay of %d milliseconds.",
		amazonDate(made), amazonDate(now), tokenLife.Milliseconds())
}

func errNextToken() error { return errInvalid("Invalid NextToken.") }

func errNextTokenExpired() error {
	return awsapi.Errorf("ExpiredNextTokenException", "The NextToken has expired. Tokens are valid for %d seconds.", int(tokenLife.Seconds()))
}

// amazonDate is the form "Thu Jan 22 01:22:02 UTC 2015".
func amazonDate(t time.Time) string { return t.UTC().Format("Mon Jan 02 15:04:05 UTC 2006") }

// joinErrors words the failures of single records as one Go error.
func joinErrors(results []putResult) error {
	var failed int
	var texts []string
	for _, r := range results {
		if r.ErrorCode != "" {
			if failed++; failed <= 3 {
				texts = append(texts, r.ErrorCode+": "+r.ErrorMessage)
			}
		}
	}
	if failed == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d records were not stored: %s", failed, len(results), strings.Join(texts, "; "))
}

package access

import (
	"context"

	"github.com/das-local/das-local/internal/awsapi"
	"github.com/das-local/das-local/internal/iam"
)

// STS answers GetCallerIdentity. It implements awsapi.Service.
type STS struct{}

// Name is the service's signing name.
func (STS) Name() string { return "sts" }

// Operation finds an operation; all but one are not served.
func (STS) Operation(name string) awsapi.Operation {
	if name == "GetCallerIdentity" {
		return awsapi.Op(callerIdentity)
	}
	return nil
}

// CallerIdentity is the answer of GetCallerIdentity.
type CallerIdentity struct{ Arn, UserId, Account string }

// callerIdentity names who the Guard has found, else the account's root.
func callerIdentity(_ context.Context, r *awsapi.Request, _ *struct{}) (*CallerIdentity, error) {
	if r.Caller.ARN != "" {
		return &CallerIdentity{r.Caller.ARN, r.Caller.UserID, r.Caller.Account}, nil
	}
	root := iam.RootOf(r.AccountID)
	return &CallerIdentity{root.Principal.ARN, root.UserID, r.AccountID}, nil
}

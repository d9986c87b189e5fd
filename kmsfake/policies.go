package kmsfake

import (
	"fmt"

	"github.com/das-local/das-local/internal/awsapi"
)

// Key policies are checked, stored and shown here; who may do what is for others to say.

type policyInput struct {
	KeyId      *string
	PolicyName *string
	Policy     *string

	BypassPolicyLockoutSafetyCheck bool
}

type getPolicyInput struct{ KeyId, PolicyName *string }

type policyOutput struct{ Policy, PolicyName string }

func (s *Server) defaultPolicy() string {
	return fmt.Sprintf(`{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {
      "AWS" : "arn:aws:iam::%s:root"
    },
    "Action" : "kms:*",
    "Resource" : "*"
  } ]
}`, s.account)
}

// checkPolicyName refuses other policies than the one that every key has.
func checkPolicyName(name *string) error {
	if name != nil && *name != "default" {
		return awsapi.Errorf("NotFoundException", "No such policy exists")
	}
	return nil
}

func (s *Server) getKeyPolicy(in *getPolicyInput) (*policyOutput, error) {
	if err := checkPolicyName(in.PolicyName); err != nil {
		return nil, err
	}
	defer s.lock()()
	k, err := s.resolveKey(*in.KeyId)
	if err != nil {
		return nil, err
	}
	return &policyOutput{k.policy, "default"}, nil
}

func (s *Server) putKeyPolicy(in *policyInput) (*none, error) {
	if err := checkPolicyName(in.PolicyName); err != nil {
		return nil, err
	}
	if err := s.checkPolicy(*in.Policy, in.BypassPolicyLockoutSafetyCheck); err != nil {
		return nil, err
	}
	defer s.lock()()
	k, err := s.managed(*in.KeyId, "PutKeyPolicy")
	if err != nil {
		return nil, err
	}
	k.policy = *in.Policy
	return nil, nil
}

type listPoliciesInput struct {
	KeyId *string
	pageInput
}

type listPoliciesOutput struct {
	PolicyNames []string
	pageOutput
}

func (s *Server) listKeyPolicies(in *listPoliciesInput) (*listPoliciesOutput, error) {
	defer s.lock()()
	if _, err := s.resolveKey(*in.KeyId); err != nil {
		return nil, err
	}
	return &listPoliciesOutput{PolicyNames: []string{"default"}}, nil
}

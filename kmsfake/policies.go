package kmsfake

import (
	"encoding/json"
	"fmt"

	"github.com/das-local/das-local/internal/awsapi"
)

// Key policies are stored and shown; nothing evaluates them.

type policyInput struct {
	KeyId      *string
	PolicyName *string
	Policy     *string
}

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

func checkPolicy(policy string) error {
	var document map[string]any
	if err := json.Unmarshal([]byte(policy), &document); err != nil || document["Statement"] == nil {
		return &awsapi.Error{Code: "MalformedPolicyDocumentException"}
	}
	return nil
}

var policyNameRule = awsapi.Strings{Pattern: awsapi.Pattern(`[\w]+`), Min: 1, Max: 128}

func (in *policyInput) check() error {
	var v awsapi.Validation
	keyID(&v, "keyId", in.KeyId)
	v.String("policyName", in.PolicyName, policyNameRule)
	if err := v.Err(); err != nil {
		return err
	}
	if in.PolicyName != nil && *in.PolicyName != "default" {
		return awsapi.Errorf("NotFoundException", "No such policy exists")
	}
	return nil
}

func (s *Server) getKeyPolicy(in *policyInput) (*policyOutput, error) {
	if err := in.check(); err != nil {
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
	if err := in.check(); err != nil {
		return nil, err
	}
	var v awsapi.Validation
	v.Required("policy", in.Policy != nil)
	v.String("policy", in.Policy, awsapi.Strings{Min: 1, Max: 131072})
	if err := v.Err(); err != nil {
		return nil, err
	}
	if err := checkPolicy(*in.Policy); err != nil {
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
	if err := (&keyInput{in.KeyId}).check(); err != nil {
		return nil, err
	}
	if _, err := in.pageInput.check(1000, 100); err != nil {
		return nil, err
	}
	defer s.lock()()
	if _, err := s.resolveKey(*in.KeyId); err != nil {
		return nil, err
	}
	return &listPoliciesOutput{PolicyNames: []string{"default"}}, nil
}

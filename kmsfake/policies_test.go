package kmsfake

import (
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

func TestKeyPolicies(t *testing.T) {
	s := newServer(t, Config{})
	c, ctx := client(t, s), t.Context()
	k, err := s.CreateKey(ctx, KeyOptions{Alias: "alias/policed"})
	if err != nil {
		t.Fatal(err)
	}
	const root = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:root"},"Action":"kms:*","Resource":"*"}`
	document := func(statements ...string) string {
		return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
	}
	const locked = "The new key policy will not allow you to update the key policy in the future."
	const syntax = "Syntax errors in policy."
	for _, tt := range []struct{ name, policy, code, message string }{
		{"root", document(root), "", ""},
		{"one statement", `{"Statement":` + root + `}`, "", ""},
		{"everybody", document(`{"Effect":"Allow","Principal":"*","Action":["kms:Put*"],"Resource":"*"}`), "", ""},
		{"a user", document(`{"Effect":"Allow","Principal":{"AWS":["000000000000"]},"Action":"kms:putkeypolicy","Resource":"*"}`), "", ""},
		{"all but", document(`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:user/x"},"NotAction":"kms:Decrypt","Resource":"*"}`), "", ""},
		{"with a service", document(root, `{"Effect":"Allow","Principal":{"Service":"rds.amazonaws.com"},"Action":["kms:Decrypt"],"Resource":"*","Condition":{"StringEquals":{"aws:SourceAccount":"1"}}}`), "", ""},
		{"not JSON", "{", "MalformedPolicyDocumentException", syntax},
		{"no statement", document(), "MalformedPolicyDocumentException", syntax},
		{"version", `{"Version":"2020-01-01","Statement":` + root + `}`, "MalformedPolicyDocumentException", syntax},
		{"effect", document(root, strings.Replace(root, "Allow", "allow", 1)), "MalformedPolicyDocumentException", syntax},
		{"action", document(root, strings.Replace(root, `"Action":"kms:*",`, "", 1)), "MalformedPolicyDocumentException", syntax},
		{"no principal", document(root, `{"Effect":"Allow","Action":"kms:*","Resource":"*"}`), "MalformedPolicyDocumentException", "Policy contains a statement with no principal."},
		{"principal", document(root, `{"Effect":"Allow","Principal":{"AWS":"bob"},"Action":"kms:*","Resource":"*"}`), "MalformedPolicyDocumentException", "Policy contains a statement with one or more invalid principals."},
		{"other account", document(strings.ReplaceAll(root, "000000000000", "111111111111")), "MalformedPolicyDocumentException", locked},
		{"other action", document(strings.Replace(root, "kms:*", "kms:Get*", 1)), "MalformedPolicyDocumentException", locked},
		{"deny", document(strings.Replace(root, "Allow", "Deny", 1)), "MalformedPolicyDocumentException", locked},
		{"too long", document(root) + strings.Repeat(" ", maxPolicy), "LimitExceededException", "*"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := c.PutKeyPolicy(ctx, &kms.PutKeyPolicyInput{KeyId: &k.ID, Policy: &tt.policy})
			_, made := c.CreateKey(ctx, &kms.CreateKeyInput{Policy: &tt.policy})
			if tt.code != "" {
				wantError(t, err, tt.code, tt.message)
				wantError(t, made, tt.code, tt.message)
				return
			}
			if err != nil || made != nil {
				t.Fatal(err, made)
			}
			if p, err := c.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: &k.ID}); err != nil || *p.Policy != tt.policy || *p.PolicyName != "default" {
				t.Errorf("policy %+v, %v", p, err)
			}
			if a, ok := s.Access("alias/policed"); !ok || a.Policy != tt.policy {
				t.Errorf("in process: %+v", a)
			}
		})
	}
	deny := document(strings.Replace(root, "Allow", "Deny", 1))
	if _, err := c.PutKeyPolicy(ctx, &kms.PutKeyPolicyInput{KeyId: &k.ID, Policy: &deny, BypassPolicyLockoutSafetyCheck: true}); err != nil {
		t.Errorf("without the check: %v", err)
	}
	_, err = c.PutKeyPolicy(ctx, &kms.PutKeyPolicyInput{KeyId: &k.ID, Policy: &deny, PolicyName: aws.String("other")})
	wantError(t, err, "NotFoundException", "No such policy exists")
}

func TestCustomKeyStores(t *testing.T) {
	c, ctx := client(t, newServer(t, Config{})), t.Context()
	if l, err := c.DescribeCustomKeyStores(ctx, &kms.DescribeCustomKeyStoresInput{}); err != nil || len(l.CustomKeyStores) != 0 {
		t.Errorf("%+v, %v", l, err)
	}
	_, err := c.CreateKey(ctx, &kms.CreateKeyInput{CustomKeyStoreId: aws.String("cks-1")})
	wantError(t, err, "CustomKeyStoreNotFoundException", "*")
	_, err = c.CreateKey(ctx, &kms.CreateKeyInput{Origin: "AWS_CLOUDHSM"})
	wantError(t, err, "ValidationException", "*")
	_, err = c.ConnectCustomKeyStore(ctx, &kms.ConnectCustomKeyStoreInput{CustomKeyStoreId: aws.String("cks-1")})
	wantError(t, err, "CustomKeyStoreNotFoundException", "*")
	_, err = c.CreateCustomKeyStore(ctx, &kms.CreateCustomKeyStoreInput{CustomKeyStoreName: aws.String("mine"), CustomKeyStoreType: "EXTERNAL_KEY_STORE"})
	wantError(t, err, "XksProxyUriUnreachableException", "*")
	_, err = c.CreateCustomKeyStore(ctx, &kms.CreateCustomKeyStoreInput{CustomKeyStoreName: aws.String("mine")})
	wantError(t, err, "CloudHsmClusterNotFoundException", "*")
	_, err = c.GenerateRandom(ctx, &kms.GenerateRandomInput{NumberOfBytes: aws.Int32(1), CustomKeyStoreId: aws.String("cks-1")})
	wantError(t, err, "CustomKeyStoreNotFoundException", "*")
}

func TestAccess(t *testing.T) {
	s := newServer(t, Config{})
	k, err := s.CreateKey(t.Context(), KeyOptions{Alias: "alias/b"})
	if err != nil {
		t.Fatal(err)
	}
	c := client(t, s)
	if _, err := c.CreateAlias(t.Context(), &kms.CreateAliasInput{AliasName: aws.String("alias/a"), TargetKeyId: &k.ID}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.TagResource(t.Context(), &kms.TagResourceInput{KeyId: &k.ID, Tags: []types.Tag{{TagKey: aws.String("team"), TagValue: aws.String("audit")}}}); err != nil {
		t.Fatal(err)
	}
	_, blob, err := s.GenerateDataKey(t.Context(), k.ID, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := Access{ARN: k.ARN, Policy: s.defaultPolicy(), Aliases: []string{"alias/a", "alias/b"}, Tags: map[string]string{"team": "audit"}, Spec: specSymmetric, Usage: usageEncrypt}
	byName, ok := s.Access("alias/a")
	byBlob, of := s.AccessOfBlob(blob)
	if !ok || !of || !reflect.DeepEqual(byName, want) || !reflect.DeepEqual(byBlob, want) {
		t.Errorf("by name %+v, by blob %+v", byName, byBlob)
	}
	if _, ok := s.Access("nope"); ok {
		t.Error("access to no key")
	}
	if _, ok := s.AccessOfBlob([]byte("garbage")); ok {
		t.Error("access to the key of garbage")
	}
}

package kmsfake

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

// TestModelLimits sends what the service model forbids and the SDK lets through.
func TestModelLimits(t *testing.T) {
	s := newServer(t, Config{})
	c := client(t, s)
	ctx := t.Context()
	k, err := s.CreateKey(ctx, KeyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	tagged := func(key, value string) error {
		_, err := c.TagResource(ctx, &kms.TagResourceInput{KeyId: &k.ID,
			Tags: []types.Tag{{TagKey: aws.String("ok"), TagValue: aws.String("")}, {TagKey: &key, TagValue: &value}}})
		return err
	}
	if err := tagged(strings.Repeat("ä", 128), strings.Repeat("ö", 256)); err != nil {
		t.Errorf("the longest tag: %v", err)
	}
	untagged := func(key string) error {
		_, err := c.UntagResource(ctx, &kms.UntagResourceInput{KeyId: &k.ID, TagKeys: []string{key}})
		return err
	}
	policy := func(name string) error {
		_, err := c.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: &k.ID, PolicyName: &name})
		return err
	}
	aliases := func(key string) error {
		_, err := c.ListAliases(ctx, &kms.ListAliasesInput{KeyId: &key})
		return err
	}
	for _, tt := range []struct {
		name string
		err  error
	}{
		{"tag key", tagged(strings.Repeat("x", 129), "")},
		{"no tag key", tagged("", "")},
		{"tag value", tagged("x", strings.Repeat("x", 257))},
		{"tag to remove", untagged(strings.Repeat("x", 129))},
		{"no tag to remove", untagged("")},
		{"policy name", policy(strings.Repeat("x", 129))},
		{"no policy name", policy("")},
		{"policy name of other characters", policy("a b")},
		{"key of aliases", aliases(strings.Repeat("x", 2049))},
		{"no key of aliases", aliases("")},
	} {
		t.Run(tt.name, func(t *testing.T) { wantError(t, tt.err, "ValidationException", "*") })
	}
	wantError(t, policy("other"), "NotFoundException", "No such policy exists")
}

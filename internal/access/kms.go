package access

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/das-local/das-local/internal/iam"
)

// kmsInput has the members that decide about access.
type kmsInput struct {
	KeyId, TargetKeyId             *string
	SourceKeyId, DestinationKeyId  *string
	AliasName                      *string
	GrantToken, GrantId            *string
	CiphertextBlob                 []byte
	EncryptionContext              map[string]string
	SourceEncryptionContext        map[string]string
	DestinationEncryptionContext   map[string]string
	EncryptionAlgorithm            *string
	SigningAlgorithm               *string
	MacAlgorithm                   *string
	MessageType                    *string
	KeyPairSpec                    *string
	KeySpec                        *string
	CustomerMasterKeySpec          *string
	KeyUsage                       *string
	Origin                         *string
	MultiRegion                    *bool
	PendingWindowInDays            *int
	RotationPeriodInDays           *int
	BypassPolicyLockoutSafetyCheck *bool
	GranteePrincipal               *string
	RetiringPrincipal              *string
	Operations                     []string
	Constraints                    *struct {
		EncryptionContextEquals, EncryptionContextSubset map[string]string
	}
	Tags    []struct{ TagKey, TagValue string }
	TagKeys []string
}

// kmsAccountWide are the actions that are about no key.
var kmsAccountWide = map[string]bool{
	"CreateKey": true, "GenerateRandom": true, "ListAliases": true, "ListKeys": true, "ListRetirableGrants": true,
	"CreateCustomKeyStore": true, "DescribeCustomKeyStores": true, "UpdateCustomKeyStore": true, "DeleteCustomKeyStore": true,
	"ConnectCustomKeyStore": true, "DisconnectCustomKeyStore": true,
}

func (g *Guard) kmsNeeds(operation string, decode func(any) error) ([]need, error) {
	var in kmsInput
	if err := decode(&in); err != nil {
		return nil, err
	}
	switch {
	case operation == "CreateKey":
		return g.createKeyNeeds(&in), nil
	case kmsAccountWide[operation]:
		return []need{{action: "kms:" + operation, resource: "*", context: g.kmsContext(&in)}}, nil
	case operation == "ReEncrypt":
		from := g.keyNeed("ReEncryptFrom", &in, value(in.SourceKeyId), in.CiphertextBlob, in.SourceEncryptionContext)
		to := g.keyNeed("ReEncryptTo", &in, value(in.DestinationKeyId), nil, in.DestinationEncryptionContext)
		same := strconv.FormatBool(from.resource == to.resource)
		from.context.Set("kms:ReEncryptOnSameKey", same)
		to.context.Set("kms:ReEncryptOnSameKey", same)
		return []need{from, to}, nil
	case operation == "Decrypt":
		return []need{g.keyNeed(operation, &in, value(in.KeyId), in.CiphertextBlob, in.EncryptionContext)}, nil
	case operation == "RetireGrant":
		n := g.keyNeed(operation, &in, value(in.KeyId), nil, nil)
		n.granted = func(principal string) bool {
			return g.cfg.Keys.MayRetire(principal, value(in.GrantToken), value(in.KeyId), value(in.GrantId))
		}
		return []need{n}, nil
	case strings.HasSuffix(operation, "Alias"):
		return g.aliasNeeds(operation, &in), nil
	}
	return []need{g.keyNeed(operation, &in, value(in.KeyId), nil, in.EncryptionContext)}, nil
}

// createKeyNeeds: also what is left out has a value that conditions see.
func (g *Guard) createKeyNeeds(in *kmsInput) []need {
	c := g.kmsContext(in)
	for key, usual := range map[string]string{"kms:KeySpec": "SYMMETRIC_DEFAULT", "kms:CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
		"kms:KeyUsage": "ENCRYPT_DECRYPT", "kms:KeyOrigin": "AWS_KMS", "kms:MultiRegion": "false"} {
		if c.Get(key) == nil {
			c.Set(key, usual)
		}
	}
	list := []need{{action: "kms:CreateKey", resource: "*", context: c}}
	if len(in.Tags) > 0 {
		list = append(list, need{action: "kms:TagResource", resource: g.arn("kms", "key/*"), context: g.kmsContext(in)})
	}
	return list
}

// aliasNeeds: the alias, by IAM's policies alone, and every key that it is or will
// be a name of.
func (g *Guard) aliasNeeds(operation string, in *kmsInput) []need {
	name := value(in.AliasName)
	list := []need{{action: "kms:" + operation, resource: g.arn("kms", name), context: g.kmsContext(in)}}
	if name == "" {
		list[0].resource = "*"
	}
	if _, exists := g.cfg.Keys.Key(name); exists && operation != "CreateAlias" {
		list = append(list, g.keyNeed(operation, in, name, nil, nil))
	}
	if target := value(in.TargetKeyId); target != "" {
		list = append(list, g.keyNeed(operation, in, target, nil, nil))
	}
	return list
}

// keyNeed is a permission on a key, which is the one named, or the one that made a
// ciphertext. A key that does not exist has no policy: IAM's policies alone decide
// whether the caller may know.
func (g *Guard) keyNeed(operation string, in *kmsInput, id string, blob []byte, encryption map[string]string) need {
	n := need{action: "kms:" + operation, resource: "*", context: g.kmsContext(in), blob: encryption}
	addEncryption(n.context, encryption)
	if in.EncryptionAlgorithm == nil && (strings.Contains(operation, "crypt") || strings.HasPrefix(operation, "GenerateDataKey")) {
		n.context.Set("kms:EncryptionAlgorithm", "SYMMETRIC_DEFAULT")
	}
	var key Key
	var ok bool
	switch {
	case id != "":
		key, ok = g.cfg.Keys.Key(id)
		if n.resource = id; !strings.HasPrefix(id, "arn:") {
			n.resource = g.arn("kms", "key/"+strings.TrimPrefix(id, "key/"))
		}
		if _, alias, isAlias := strings.Cut(id, "alias/"); isAlias {
			n.resource = g.arn("kms", "alias/"+alias)
			n.context.Set("kms:RequestAlias", "alias/"+alias)
		}
	case blob != nil:
		n.shown = "the resource associated with this ciphertext"
		key, ok = g.cfg.Keys.KeyOfBlob(blob)
	}
	if !ok {
		return n
	}
	n.key, n.resource = &key, key.ARN
	for k, v := range key.Tags {
		n.context.Set("aws:ResourceTag/"+k, v)
	}
	n.context.Set("kms:ResourceAliases", key.Aliases...)
	n.context.Set("kms:KeySpec", key.Spec)
	n.context.Set("kms:CustomerMasterKeySpec", key.Spec)
	n.context.Set("kms:KeyUsage", key.Usage)
	n.context.Set("kms:CustomerMasterKeyUsage", key.Usage)
	return n
}

// addEncryption has the keys about a call's encryption context.
func addEncryption(c iam.Context, encryption map[string]string) {
	for k, v := range encryption {
		c.Set("kms:EncryptionContext:"+k, v)
	}
	c.Set("kms:EncryptionContextKeys", slices.Sorted(maps.Keys(encryption))...)
}

// kmsContext has the condition keys of a call's members.
func (g *Guard) kmsContext(in *kmsInput) iam.Context {
	tags := make(map[string]string, len(in.Tags))
	for _, t := range in.Tags {
		tags[t.TagKey] = t.TagValue
	}
	c := g.tagContext(nil, tags, in.TagKeys)
	c.Set("kms:CallerAccount", g.cfg.AccountID)
	for key, v := range map[string]*string{
		"kms:EncryptionAlgorithm": in.EncryptionAlgorithm, "kms:SigningAlgorithm": in.SigningAlgorithm, "kms:MacAlgorithm": in.MacAlgorithm,
		"kms:MessageType": in.MessageType, "kms:DataKeyPairSpec": in.KeyPairSpec, "kms:KeySpec": in.KeySpec,
		"kms:CustomerMasterKeySpec": in.CustomerMasterKeySpec, "kms:KeyUsage": in.KeyUsage, "kms:KeyOrigin": in.Origin,
		"kms:GranteePrincipal": in.GranteePrincipal, "kms:RetiringPrincipal": in.RetiringPrincipal,
	} {
		if v != nil {
			c.Set(key, *v)
		}
	}
	for key, n := range map[string]*int{"kms:ScheduleKeyDeletionPendingWindowInDays": in.PendingWindowInDays, "kms:RotationPeriodInDays": in.RotationPeriodInDays} {
		if n != nil {
			c.Set(key, strconv.Itoa(*n))
		}
	}
	for key, b := range map[string]*bool{"kms:MultiRegion": in.MultiRegion, "kms:BypassPolicyLockoutSafetyCheck": in.BypassPolicyLockoutSafetyCheck} {
		if b != nil {
			c.Set(key, strconv.FormatBool(*b))
		}
	}
	g.addGrant(c, in)
	return c
}

// addGrant has the keys of CreateGrant. A call that a client makes is never one that
// an AWS service makes for itself.
func (g *Guard) addGrant(c iam.Context, in *kmsInput) {
	if in.GranteePrincipal == nil {
		return
	}
	c.Set("kms:GrantIsForAWSResource", "false")
	c.Set("kms:GrantOperations", in.Operations...)
	if in.Constraints != nil {
		if in.Constraints.EncryptionContextEquals != nil {
			c.Set("kms:GrantConstraintType", "EncryptionContextEquals")
		} else if in.Constraints.EncryptionContextSubset != nil {
			c.Set("kms:GrantConstraintType", "EncryptionContextSubset")
		}
	}
}

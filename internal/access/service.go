package access

import (
	"context"
	"strconv"
	"time"

	"github.com/das-local/das-local/internal/awsapi"
	"github.com/das-local/das-local/internal/iam"
)

// Service is RDS as it uses a key for an activity stream: it needs no policy of its
// own, but the key policy must let it, or the account, or a grant must.
type Service struct {
	Keys              Keys
	Region, AccountID string
	Now               func() time.Time // nil: time.Now
	policies          policyCache
}

// The principal that RDS is.
const rdsService = "rds.amazonaws.com"

// MayUse reports, as KMS's AccessDeniedException, that RDS may not do an operation
// ("GenerateDataKey") with a key, given by its ARN. A key that does not exist is
// left to KMS to tell.
func (s *Service) MayUse(ctx context.Context, keyARN, operation string, encryptionContext map[string]string) error {
	key, ok := s.Keys.Key(keyARN)
	if !ok {
		return nil
	}
	p := iam.Principal{
		ARN:     "arn:aws:sts::" + s.AccountID + ":assumed-role/AWSServiceRoleForRDS/" + "RDS",
		RoleARN: "arn:aws:iam::" + s.AccountID + ":role/aws-service-role/" + rdsService + "/AWSServiceRoleForRDS",
		Account: s.AccountID,
		Service: []string{rdsService},
	}
	document, err := s.policies.parse(key.Policy)
	if err != nil {
		return awsapi.Errorf("AccessDeniedException", "The key policy of %s cannot be read: %v", key.ARN, err)
	}
	res := iam.Resource{Policy: document, Decides: true}
	for _, name := range []string{rdsService, p.RoleARN, p.ARN} {
		res.Granted = res.Granted || s.Keys.Granted(ctx, key.ARN, name, operation, encryptionContext)
	}
	r := iam.Request{Principal: p, Action: "kms:" + operation, Resource: key.ARN, Context: s.context(key, encryptionContext)}
	d := iam.Decide(r, iam.Subject{Policies: []iam.Policy{ownPolicy}}, res)
	if d.Allowed {
		return nil
	}
	return awsapi.Errorf("AccessDeniedException", "%s", d.Message(r, "resource: "+key.ARN))
}

// ownPolicy stands for what a service may do by itself.
var ownPolicy = func() iam.Policy {
	d, err := iam.Parse(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"kms:*","Resource":"*"}}`)
	if err != nil {
		panic(err) // a constant
	}
	return iam.Policy{Name: "rds", Document: d}
}()

func (s *Service) context(key Key, encryptionContext map[string]string) iam.Context {
	now := time.Now
	if s.Now != nil {
		now = s.Now
	}
	at := now().UTC()
	c := iam.Context{}
	c.Set("aws:PrincipalIsAWSService", "true")
	c.Set("aws:PrincipalServiceName", rdsService)
	c.Set("aws:SourceAccount", s.AccountID)
	c.Set("aws:PrincipalAccount", s.AccountID)
	c.Set("aws:ResourceAccount", s.AccountID)
	c.Set("aws:CurrentTime", at.Format(time.RFC3339))
	c.Set("aws:EpochTime", strconv.FormatInt(at.Unix(), 10))
	c.Set("aws:SecureTransport", "true")
	c.Set("aws:RequestedRegion", s.Region)
	c.Set("aws:ViaAWSService", "true")
	c.Set("aws:CalledVia", rdsService)
	c.Set("kms:ViaService", "rds."+s.Region+".amazonaws.com")
	c.Set("kms:CallerAccount", s.AccountID)
	c.Set("kms:GrantIsForAWSResource", "true")
	c.Set("kms:EncryptionAlgorithm", key.Spec)
	c.Set("kms:KeySpec", key.Spec)
	c.Set("kms:KeyUsage", key.Usage)
	c.Set("kms:ResourceAliases", key.Aliases...)
	for k, v := range key.Tags {
		c.Set("aws:ResourceTag/"+k, v)
	}
	addEncryption(c, encryptionContext)
	return c
}

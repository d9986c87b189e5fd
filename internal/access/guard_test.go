package access_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	kinesistypes "github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	rdstypes "github.com/aws/aws-sdk-go-v2/service/rds/types"
)

func TestAuthentication(t *testing.T) {
	b := newBed(t)
	for name, call := range calls(b.user("admin")) {
		if err := call(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	const invalid, mismatch = "The security token included in the request is invalid.",
		"The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
	const elsewhere = "Credential should be scoped to a valid region, not 'eu-west-1'. This das-local is in us-east-1: set the client's Region to it, or start das-local with --region eu-west-1."
	other := b.user("admin")
	other.Region = "eu-west-1"
	anonymous := b.user("admin")
	anonymous.Credentials = aws.AnonymousCredentials{}
	for _, test := range []struct {
		name          string
		cfg           aws.Config
		json, query   string
		jsonM, queryM string
	}{
		{"unknown key", b.as("AKIAnone", "x", ""), "UnrecognizedClientException", "InvalidClientTokenId", invalid, invalid},
		{"inactive key", b.as("AKIAold", "old-secret", ""), "UnrecognizedClientException", "InvalidClientTokenId", invalid, invalid},
		{"a token that is not the key's", b.as("AKIAadmin", "admin-secret", "t"), "UnrecognizedClientException", "InvalidClientTokenId", invalid, invalid},
		{"no token", b.as("ASIAconsumer", "consumer-secret", ""), "UnrecognizedClientException", "InvalidClientTokenId", invalid, invalid},
		{"an expired token", b.as("ASIAformer", "former-secret", "former-token"), "ExpiredTokenException", "ExpiredToken",
			"The security token included in the request is expired", "The security token included in the request is expired"},
		{"wrong secret", b.as("AKIAadmin", "x", ""), "InvalidSignatureException", "SignatureDoesNotMatch", mismatch, mismatch},
		{"wrong region", other, "InvalidSignatureException", "SignatureDoesNotMatch",
			elsewhere, elsewhere},
		{"not signed", anonymous, "MissingAuthenticationTokenException", "MissingAuthenticationToken", "Missing Authentication Token", "Request is missing Authentication Token"},
	} {
		for name, call := range calls(test.cfg) {
			t.Run(test.name+" "+name, func(t *testing.T) {
				if name == "rds" {
					wantError(t, call(t.Context()), 403, test.query, test.queryM)
				} else {
					wantError(t, call(t.Context()), 400, test.json, test.jsonM)
				}
			})
		}
	}
}

// TestUnknownKeyHasNoLargeBody: the answer comes before the rest of the body.
func TestUnknownKeyHasNoLargeBody(t *testing.T) {
	b := newBed(t)
	rest, sender := io.Pipe()
	defer sender.Close()
	r := must(http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+"/", io.MultiReader(strings.NewReader(strings.Repeat(" ", 70_000)), rest)))
	r.ContentLength = 10 << 20
	r.Header.Set("X-Amz-Target", "Kinesis_20131202.PutRecords")
	if err := v4.NewSigner().SignHTTP(t.Context(), must(b.as("AKIAnone", "x", "").Credentials.Retrieve(t.Context())), r, sha(nil), "kinesis", "us-east-1", time.Now()); err != nil {
		t.Fatal(err)
	}
	res := must(http.DefaultClient.Do(r))
	defer http.DefaultClient.CloseIdleConnections()
	defer res.Body.Close()
	if body := must(io.ReadAll(res.Body)); res.StatusCode != 400 || !strings.Contains(string(body), `"__type":"UnrecognizedClientException"`) {
		t.Errorf("%d %s", res.StatusCode, body)
	}
}

// TestOldRequest sends what was signed 20 minutes ago, and a CBOR call.
func TestOldRequest(t *testing.T) {
	b := newBed(t)
	send := func(media string, body []byte, at time.Time) (int, string) {
		r := must(http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+"/", bytes.NewReader(body)))
		r.Header.Set("X-Amz-Target", "Kinesis_20131202.ListStreams")
		r.Header.Set("Content-Type", media)
		if err := v4.NewSigner().SignHTTP(t.Context(), must(b.user("admin").Credentials.Retrieve(t.Context())), r, sha(body), "kinesis", "us-east-1", at); err != nil {
			t.Fatal(err)
		}
		res := must(http.DefaultClient.Do(r))
		defer http.DefaultClient.CloseIdleConnections()
		defer res.Body.Close()
		return res.StatusCode, string(must(io.ReadAll(res.Body)))
	}
	if status, body := send("application/x-amz-cbor-1.1", []byte{0xa0}, time.Now()); status != 200 {
		t.Errorf("CBOR: %d %q", status, body)
	}
	status, body := send("application/x-amz-json-1.1", []byte("{}"), time.Now().Add(-20*time.Minute))
	if status != 400 || !strings.Contains(body, `"__type":"InvalidSignatureException"`) || !strings.Contains(body, "Signature expired: ") || !strings.Contains(body, "- 15 min.)") {
		t.Errorf("%d %s", status, body)
	}
	status, body = send("application/x-amz-cbor-1.1", []byte{0xa0}, time.Now().Add(-20*time.Minute))
	if status != 400 || !strings.Contains(body, "InvalidSignatureException") || strings.HasPrefix(body, "{") {
		t.Errorf("%d %q", status, body)
	}
}

func TestPresigned(t *testing.T) {
	b := newBed(t)
	r := must(http.NewRequest(http.MethodGet, b.url+"/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Expires=60", nil))
	c := must(b.as("ASIAconsumer", "consumer-secret", "consumer-token").Credentials.Retrieve(t.Context()))
	uri, _, err := v4.NewSigner().PresignHTTP(t.Context(), c, r, sha(nil), "sts", "us-east-1", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	res := must(http.Get(uri))
	defer http.DefaultClient.CloseIdleConnections()
	defer res.Body.Close()
	var answer struct {
		Result struct{ Arn, UserId, Account string } `xml:"GetCallerIdentityResult"`
	}
	body := must(io.ReadAll(res.Body))
	if err := xml.Unmarshal(body, &answer); err != nil {
		t.Fatal(err)
	}
	if got := answer.Result; got.Arn != "arn:aws:sts::000000000000:assumed-role/consumer/s1" || got.Account != "000000000000" || !strings.HasSuffix(got.UserId, ":s1") {
		t.Errorf("%s", body)
	}
}

func TestRDSAccess(t *testing.T) {
	b := newBed(t)
	ctx := t.Context()
	const arn = "arn:aws:rds:us-east-1:000000000000:cluster:"
	start := func(user, cluster string) error {
		_, err := rds.NewFromConfig(b.user(user)).StartActivityStream(ctx, &rds.StartActivityStreamInput{ResourceArn: aws.String(cluster), Mode: "sync", KmsKeyId: aws.String("none")})
		return err
	}
	wantError(t, start("nobody", arn+"prod"), 403, "AccessDenied",
		"User: arn:aws:iam::000000000000:user/nobody is not authorized to perform: rds:StartActivityStream on resource: "+arn+"prod because no identity-based policy allows the rds:StartActivityStream action")
	const denied = "User: arn:aws:iam::000000000000:user/stopper is not authorized to perform: rds:StartActivityStream on resource: " + arn +
		"prod with an explicit deny in an identity-based policy: arn:aws:iam::000000000000:policy/DenyProd"
	wantError(t, start("stopper", arn+"prod"), 403, "AccessDenied", denied)
	wantError(t, start("stopper", arn+"PROD"), 403, "AccessDenied", denied) // identifiers have no case
	wantError(t, start("stopper", arn+"dev"), 400, "KMSKeyNotAccessibleFault", "*")
	wantError(t, start("dev", arn+"dev"), 400, "KMSKeyNotAccessibleFault", "*")
	wantError(t, start("dev", arn+"prod"), 403, "AccessDenied", "*")

	dev := rds.NewFromConfig(b.user("dev"))
	describe := func(id *string) error {
		_, err := dev.DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{DBClusterIdentifier: id})
		return err
	}
	if err := describe(aws.String("DEV")); err != nil {
		t.Error(err)
	}
	wantError(t, describe(aws.String(arn+"prod")), 403, "AccessDenied", "*")
	wantError(t, describe(nil), 403, "AccessDenied",
		"User: arn:aws:iam::000000000000:user/dev is not authorized to perform: rds:DescribeDBClusters on resource: "+arn+"* because no identity-based policy allows the rds:DescribeDBClusters action")
	_, err := dev.ListTagsForResource(ctx, &rds.ListTagsForResourceInput{ResourceName: aws.String(arn + "prod")})
	wantError(t, err, 403, "AccessDenied", "*")

	create := func(tags ...rdstypes.Tag) error {
		_, err := dev.CreateDBCluster(ctx, &rds.CreateDBClusterInput{DBClusterIdentifier: aws.String("dev2"), Engine: aws.String("aurora-postgresql"),
			MasterUsername: aws.String("u"), MasterUserPassword: aws.String("password1"), Tags: tags})
		return err
	}
	tag := func(k, v string) rdstypes.Tag { return rdstypes.Tag{Key: &k, Value: &v} }
	wantError(t, create(), 403, "AccessDenied", "*")
	wantError(t, create(tag("env", "prod")), 403, "AccessDenied", "*")
	wantError(t, create(tag("env", "dev"), tag("x", "y")), 403, "AccessDenied", "*")
	if err := create(tag("env", "dev")); err != nil {
		t.Error(err)
	}
	instance := func(id, cluster, class string) error {
		_, err := dev.CreateDBInstance(ctx, &rds.CreateDBInstanceInput{DBInstanceIdentifier: &id, DBClusterIdentifier: &cluster, DBInstanceClass: &class, Engine: aws.String("aurora-postgresql")})
		return err
	}
	wantError(t, instance("dev-9", "prod", "db.r5.large"), 403, "AccessDenied", "*") // the instance is allowed, its cluster is not
	wantError(t, instance("prod-9", "dev", "db.r5.large"), 403, "AccessDenied", "*")
	wantError(t, instance("dev-9", "dev", "db.r5.xlarge"), 403, "AccessDenied", "*")
}

// TestStrayMembers: members that an operation does not read do not decide.
func TestStrayMembers(t *testing.T) {
	b := newBed(t)
	post := func(user, form string) string {
		r := must(http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+"/", strings.NewReader(form)))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if err := v4.NewSigner().SignHTTP(t.Context(), must(b.user(user).Credentials.Retrieve(t.Context())), r, sha([]byte(form)), "rds", "us-east-1", time.Now()); err != nil {
			t.Fatal(err)
		}
		res := must(http.DefaultClient.Do(r))
		defer http.DefaultClient.CloseIdleConnections()
		defer res.Body.Close()
		return string(must(io.ReadAll(res.Body)))
	}
	const arn = "arn%3Aaws%3Ards%3Aus-east-1%3A000000000000%3Acluster%3A"
	for _, extra := range []string{"ResourceName=" + arn + "dev", "ResourceIdentifier=x", "DBClusterIdentifier=dev"} {
		body := post("stopper", "Action=StartActivityStream&Mode=sync&KmsKeyId=x&ResourceArn="+arn+"prod&"+extra)
		if !strings.Contains(body, "<Code>AccessDenied</Code>") {
			t.Errorf("with %s: %s", extra, body)
		}
	}
}

func TestKinesisAccess(t *testing.T) {
	b := newBed(t)
	ctx := t.Context()
	consumer := kinesis.NewFromConfig(b.as("ASIAconsumer", "consumer-secret", "consumer-token"))
	admin := kinesis.NewFromConfig(b.user("admin"))
	iterator := func(c *kinesis.Client, stream string) (*string, error) {
		out, err := c.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{StreamName: &stream, ShardId: aws.String("shardId-000000000000"), ShardIteratorType: kinesistypes.ShardIteratorTypeTrimHorizon})
		if err != nil {
			return nil, err
		}
		return out.ShardIterator, nil
	}
	own, err := iterator(consumer, "aws-rds-das-cluster-X")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := consumer.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: own}); err != nil {
		t.Error(err)
	}
	const who, other = "User: arn:aws:sts::000000000000:assumed-role/consumer/s1 is not authorized to perform: ", "arn:aws:kinesis:us-east-1:000000000000:stream/other"
	_, err = iterator(consumer, "other")
	wantError(t, err, 400, "AccessDeniedException", who+"kinesis:GetShardIterator on resource: "+other+" because no identity-based policy allows the kinesis:GetShardIterator action")
	// Somebody else's iterator is no way in, whatever stream the call names.
	foreign, err := iterator(admin, "other")
	if err != nil {
		t.Fatal(err)
	}
	_, err = consumer.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: foreign, StreamARN: aws.String(strings.Replace(other, "other", "aws-rds-das-cluster-X", 1))})
	wantError(t, err, 400, "AccessDeniedException", who+"kinesis:GetRecords on resource: "+other+" because no identity-based policy allows the kinesis:GetRecords action")
	_, err = consumer.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: aws.String("x")})
	wantError(t, err, 400, "AccessDeniedException", "*")
	_, err = admin.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: aws.String("x")})
	wantError(t, err, 400, "InvalidArgumentException", "*")

	b.policy[other] = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:role/consumer"},"Action":"kinesis:GetRecords","Resource":"*"}}`
	if _, err := consumer.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: foreign}); err != nil {
		t.Errorf("with a stream policy: %v", err)
	}
}

func TestKMSAccess(t *testing.T) {
	b := newBed(t)
	ctx := t.Context()
	admin, nobody := kms.NewFromConfig(b.user("admin")), kms.NewFromConfig(b.user("nobody"))
	dev := kms.NewFromConfig(b.user("dev"))
	consumer := kms.NewFromConfig(b.as("ASIAconsumer", "consumer-secret", "consumer-token"))
	key := must(admin.CreateKey(ctx, nil)).KeyMetadata
	context := map[string]string{"aws:rds:dbc-id": "cluster-X"}
	sealed := must(admin.Encrypt(ctx, &kms.EncryptInput{KeyId: key.KeyId, Plaintext: []byte("x"), EncryptionContext: context})).CiphertextBlob

	decrypt := func(c *kms.Client, context map[string]string) error {
		_, err := c.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: sealed, EncryptionContext: context})
		return err
	}
	if err := decrypt(consumer, context); err != nil {
		t.Error(err)
	}
	wantError(t, decrypt(consumer, map[string]string{"aws:rds:dbc-id": "cluster-Y"}), 400, "AccessDeniedException",
		"User: arn:aws:sts::000000000000:assumed-role/consumer/s1 is not authorized to perform: kms:Decrypt on the resource associated with this ciphertext because no identity-based policy allows the kms:Decrypt action")
	wantError(t, decrypt(admin, nil), 400, "InvalidCiphertextException", "*")
	wantError(t, decrypt(nobody, context), 400, "AccessDeniedException", "*")
	_, err := nobody.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: key.KeyId})
	wantError(t, err, 400, "AccessDeniedException", "*")

	// A grant, then a policy that names the user, then one that forgets the account.
	grant := must(admin.CreateGrant(ctx, &kms.CreateGrantInput{KeyId: key.KeyId, GranteePrincipal: aws.String("arn:aws:iam::000000000000:user/nobody"),
		Operations:  []kmstypes.GrantOperation{kmstypes.GrantOperationDecrypt, kmstypes.GrantOperationRetireGrant},
		Constraints: &kmstypes.GrantConstraints{EncryptionContextSubset: context}}))
	if err := decrypt(nobody, context); err != nil {
		t.Errorf("with a grant: %v", err)
	}
	wantError(t, decrypt(nobody, nil), 400, "AccessDeniedException", "*")
	if _, err := consumer.RetireGrant(ctx, &kms.RetireGrantInput{GrantToken: grant.GrantToken}); err == nil {
		t.Error("another retires the grant")
	}
	if _, err := nobody.RetireGrant(ctx, &kms.RetireGrantInput{GrantToken: grant.GrantToken}); err != nil {
		t.Error(err)
	}
	wantError(t, decrypt(nobody, context), 400, "AccessDeniedException", "*")
	put := func(c *kms.Client, policy string) error {
		_, err := c.PutKeyPolicy(ctx, &kms.PutKeyPolicyInput{KeyId: key.KeyId, Policy: &policy})
		return err
	}
	const named = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:user/nobody"},"Action":["kms:Decrypt","kms:PutKeyPolicy"],"Resource":"*"}]}`
	wantError(t, put(nobody, named), 400, "AccessDeniedException", "*")
	if err := put(admin, named); err != nil {
		t.Fatal(err)
	}
	if err := decrypt(nobody, context); err != nil {
		t.Errorf("named by the key policy: %v", err)
	}
	wantError(t, decrypt(admin, context), 400, "AccessDeniedException",
		"User: arn:aws:iam::000000000000:user/admin is not authorized to perform: kms:Decrypt on the resource associated with this ciphertext because no resource-based policy allows the kms:Decrypt action")
	if err := put(nobody, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"000000000000"},"Action":"kms:*","Resource":"*"},{"Effect":"Deny","Principal":"*","Action":"kms:Decrypt","Resource":"*"}]}`); err != nil {
		t.Fatal(err)
	}
	_, err = admin.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: sealed, EncryptionContext: context, KeyId: key.Arn})
	wantError(t, err, 400, "AccessDeniedException",
		"User: arn:aws:iam::000000000000:user/admin is not authorized to perform: kms:Decrypt on resource: "+*key.Arn+" with an explicit deny in a resource-based policy")
	wantError(t, put(admin, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*",}]}`), 400, "MalformedPolicyDocumentException", "*")

	// Aliases: the alias and the key.
	if _, err := dev.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/a"), TargetKeyId: key.KeyId}); err != nil {
		t.Error(err)
	}
	_, err = nobody.DeleteAlias(ctx, &kms.DeleteAliasInput{AliasName: aws.String("alias/a")})
	wantError(t, err, 400, "AccessDeniedException",
		"User: arn:aws:iam::000000000000:user/nobody is not authorized to perform: kms:DeleteAlias on resource: arn:aws:kms:us-east-1:000000000000:alias/a because no identity-based policy allows the kms:DeleteAlias action")
	_, err = dev.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: key.KeyId, PendingWindowInDays: aws.Int32(7)})
	wantError(t, err, 400, "AccessDeniedException", "*")
	if _, err := dev.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: key.KeyId, PendingWindowInDays: aws.Int32(30)}); err != nil {
		t.Error(err)
	}
	_, err = dev.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String("alias/none")})
	wantError(t, err, 400, "NotFoundException", "*")
}

func TestReEncryptTakesBothKeys(t *testing.T) {
	b := newBed(t)
	ctx := t.Context()
	admin := kms.NewFromConfig(b.user("admin"))
	from, to := must(admin.CreateKey(ctx, nil)).KeyMetadata, must(admin.CreateKey(ctx, nil)).KeyMetadata
	sealed := must(admin.Encrypt(ctx, &kms.EncryptInput{KeyId: from.KeyId, Plaintext: []byte("x")})).CiphertextBlob
	in := &kms.ReEncryptInput{CiphertextBlob: sealed, DestinationKeyId: to.KeyId}
	must(admin.ReEncrypt(ctx, in))
	for arn, action := range map[string]string{*from.Arn: "kms:ReEncryptFrom", *to.Arn: "kms:ReEncryptTo"} {
		policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"000000000000"},"Action":"kms:*","Resource":"*"},{"Effect":"Deny","Principal":"*","Action":"` + action + `","Resource":"*"}]}`
		must(admin.PutKeyPolicy(ctx, &kms.PutKeyPolicyInput{KeyId: &arn, Policy: &policy}))
		_, err := admin.ReEncrypt(ctx, in)
		wantError(t, err, 400, "AccessDeniedException", "*")
		must(admin.PutKeyPolicy(ctx, &kms.PutKeyPolicyInput{KeyId: &arn, Policy: aws.String(strings.Replace(policy, action, "kms:Sign", 1))}))
	}
	must(admin.ReEncrypt(ctx, in))
}

// sha is a body's hash as it is signed.
func sha(body []byte) string {
	hash := sha256.Sum256(body)
	return hex.EncodeToString(hash[:])
}

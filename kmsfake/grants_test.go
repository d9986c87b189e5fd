package kmsfake

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

const (
	alice = "arn:aws:iam::000000000000:user/alice"
	role  = "arn:aws:iam::000000000000:role/teams/reader"
)

func TestGrantsOverTheirLife(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	disk := openStore(t, dir, nil)
	s := newServer(t, Config{Store: disk})
	c := client(t, s)
	k, err := s.CreateKey(ctx, KeyOptions{Alias: "alias/granted"})
	if err != nil {
		t.Fatal(err)
	}
	in := kms.CreateGrantInput{KeyId: &k.ID, GranteePrincipal: aws.String(alice), RetiringPrincipal: aws.String(role), Name: aws.String("one"),
		Operations:  []types.GrantOperation{types.GrantOperationDecrypt, types.GrantOperationRetireGrant},
		Constraints: &types.GrantConstraints{EncryptionContextSubset: encryptionContext}}
	first, err := c.CreateGrant(ctx, &in)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(*first.GrantToken, "AQpA") || len(*first.GrantId) != 64 {
		t.Errorf("grant %s, token %s", *first.GrantId, *first.GrantToken)
	}
	again, err := c.CreateGrant(ctx, &in)
	if err != nil || *again.GrantId != *first.GrantId || *again.GrantToken == *first.GrantToken {
		t.Errorf("the same grant again: %+v, %v", again, err)
	}
	in.Operations = in.Operations[:1]
	other, err := c.CreateGrant(ctx, &in)
	if err != nil || *other.GrantId == *first.GrantId {
		t.Errorf("another grant of the same name: %+v, %v", other, err)
	}
	in.DryRun = aws.Bool(true)
	_, err = c.CreateGrant(ctx, &in)
	wantError(t, err, "DryRunOperationException", "*")
	disk.Close()

	s = newServer(t, Config{Store: openStore(t, dir, nil)})
	c = client(t, s)
	list, err := c.ListGrants(ctx, &kms.ListGrantsInput{KeyId: &k.ID})
	if err != nil || len(list.Grants) != 2 {
		t.Fatalf("after a restart: %+v, %v", list, err)
	}
	g := list.Grants[0]
	if *g.GrantId != *first.GrantId || *g.KeyId != k.ARN || *g.Name != "one" || *g.GranteePrincipal != alice || *g.RetiringPrincipal != role ||
		*g.IssuingAccount != "arn:aws:iam::000000000000:root" || len(g.Operations) != 2 || g.Constraints.EncryptionContextSubset["aws:rds:dbc-id"] == "" || g.CreationDate.IsZero() {
		t.Errorf("grant %+v", g)
	}
	// A token stays good after the restart, for calls and for retiring.
	_, err = c.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &k.ID, GrantTokens: []string{*first.GrantToken, *again.GrantToken}})
	if err != nil {
		t.Error(err)
	}
	forged := *first.GrantToken
	forged = forged[:len(forged)-1] + map[bool]string{true: "B", false: "A"}[strings.HasSuffix(forged, "A")]
	for _, token := range []string{"x", forged} {
		_, err = c.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &k.ID, GrantTokens: []string{token}})
		wantError(t, err, "InvalidGrantTokenException", "*")
	}
	if _, err := c.RetireGrant(ctx, &kms.RetireGrantInput{GrantToken: again.GrantToken}); err != nil {
		t.Error(err)
	}
	_, err = c.RetireGrant(ctx, &kms.RetireGrantInput{GrantToken: first.GrantToken})
	wantError(t, err, "InvalidGrantTokenException", "*")
	_, err = c.RetireGrant(ctx, &kms.RetireGrantInput{KeyId: &k.ARN})
	wantError(t, err, "ValidationException", "*")
	_, err = c.RevokeGrant(ctx, &kms.RevokeGrantInput{KeyId: &k.ID, GrantId: first.GrantId})
	wantError(t, err, "NotFoundException", "Grant ID "+*first.GrantId+" not found")
	_, err = c.RevokeGrant(ctx, &kms.RevokeGrantInput{KeyId: &k.ID, GrantId: aws.String("x")})
	wantError(t, err, "InvalidGrantIdException", "*")
	if _, err := c.RevokeGrant(ctx, &kms.RevokeGrantInput{KeyId: &k.ID, GrantId: other.GrantId}); err != nil {
		t.Error(err)
	}
	if list, err := c.ListGrants(ctx, &kms.ListGrantsInput{KeyId: &k.ID}); err != nil || len(list.Grants) != 0 {
		t.Errorf("at the end: %+v, %v", list, err)
	}
}

func TestGrantLists(t *testing.T) {
	clock := newClock()
	s := newServer(t, Config{Now: func() time.Time { return clock.now }})
	c, ctx := client(t, s), t.Context()
	k, err := s.CreateKey(ctx, KeyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 7 {
		if _, err := c.CreateGrant(ctx, &kms.CreateGrantInput{KeyId: &k.ID, GranteePrincipal: aws.String(fmt.Sprintf("%s%d", alice, n%2)),
			RetiringPrincipal: aws.String(role), Operations: []types.GrantOperation{types.GrantOperationEncrypt}}); err != nil {
			t.Fatal(err)
		}
	}
	count := func(in *kms.ListGrantsInput) (n int) {
		t.Helper()
		for p := kms.NewListGrantsPaginator(c, in); p.HasMorePages(); {
			page, err := p.NextPage(ctx)
			if err != nil {
				t.Fatal(err)
			}
			n += len(page.Grants)
		}
		return n
	}
	if n := count(&kms.ListGrantsInput{KeyId: &k.ARN, Limit: aws.Int32(2)}); n != 7 {
		t.Errorf("%d grants", n)
	}
	if n := count(&kms.ListGrantsInput{KeyId: &k.ID, GranteePrincipal: aws.String(alice + "1"), Limit: aws.Int32(2)}); n != 3 {
		t.Errorf("%d grants of one principal", n)
	}
	n := 0
	for p := kms.NewListRetirableGrantsPaginator(c, &kms.ListRetirableGrantsInput{RetiringPrincipal: aws.String(role), Limit: aws.Int32(3)}); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		n += len(page.Grants)
	}
	if n != 7 {
		t.Errorf("%d retirable grants", n)
	}
	// They go with their key.
	if _, err := c.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: &k.ID, PendingWindowInDays: aws.Int32(7)}); err != nil {
		t.Fatal(err)
	}
	_, err = c.CreateGrant(ctx, &kms.CreateGrantInput{KeyId: &k.ID, GranteePrincipal: aws.String(alice), Operations: []types.GrantOperation{types.GrantOperationEncrypt}})
	wantError(t, err, "KMSInvalidStateException", k.ARN+" is pending deletion.")
	clock.advance(7 * 24 * time.Hour)
	if list, err := c.ListRetirableGrants(ctx, &kms.ListRetirableGrantsInput{RetiringPrincipal: aws.String(role)}); err != nil || len(list.Grants) != 0 {
		t.Errorf("after the key: %+v, %v", list, err)
	}
}

func TestGrantsThatCannotBe(t *testing.T) {
	s := newServer(t, Config{})
	c, ctx := client(t, s), t.Context()
	k, err := s.CreateKey(ctx, KeyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	hmac, err := c.CreateKey(ctx, &kms.CreateKeyInput{KeySpec: types.KeySpecHmac256, KeyUsage: types.KeyUsageTypeGenerateVerifyMac})
	if err != nil {
		t.Fatal(err)
	}
	decrypt := []types.GrantOperation{types.GrantOperationDecrypt}
	long := strings.Repeat("v", 385)
	for _, tt := range []struct {
		name, code string
		in         kms.CreateGrantInput
	}{
		{"principal", "InvalidArnException", kms.CreateGrantInput{KeyId: &k.ID, GranteePrincipal: aws.String("alice"), Operations: decrypt}},
		{"retiring", "InvalidArnException", kms.CreateGrantInput{KeyId: &k.ID, GranteePrincipal: aws.String(alice), RetiringPrincipal: aws.String("arn:aws:s3:::x"), Operations: decrypt}},
		{"no operation", "ValidationException", kms.CreateGrantInput{KeyId: &k.ID, GranteePrincipal: aws.String(alice), Operations: []types.GrantOperation{}}},
		{"sign", "ValidationException", kms.CreateGrantInput{KeyId: &k.ID, GranteePrincipal: aws.String(alice), Operations: []types.GrantOperation{types.GrantOperationSign}}},
		{"public key", "ValidationException", kms.CreateGrantInput{KeyId: &k.ID, GranteePrincipal: aws.String(alice), Operations: []types.GrantOperation{types.GrantOperationGetPublicKey}}},
		{"MAC key", "ValidationException", kms.CreateGrantInput{KeyId: hmac.KeyMetadata.KeyId, GranteePrincipal: aws.String(alice), Operations: decrypt}},
		{"context of a MAC key", "ValidationException", kms.CreateGrantInput{KeyId: hmac.KeyMetadata.KeyId, GranteePrincipal: aws.String(alice), Operations: []types.GrantOperation{types.GrantOperationVerifyMac},
			Constraints: &types.GrantConstraints{EncryptionContextEquals: encryptionContext}}},
		{"long context", "ValidationException", kms.CreateGrantInput{KeyId: &k.ID, GranteePrincipal: aws.String(alice), Operations: decrypt,
			Constraints: &types.GrantConstraints{EncryptionContextEquals: map[string]string{"k": long}}}},
		{"alias", "NotFoundException", kms.CreateGrantInput{KeyId: aws.String("alias/aws/rds"), GranteePrincipal: aws.String(alice), Operations: decrypt}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := c.CreateGrant(ctx, &tt.in)
			wantError(t, err, tt.code, "*")
		})
	}
}

func TestGrantAllows(t *testing.T) {
	s := newServer(t, Config{})
	c, ctx := client(t, s), t.Context()
	k, err := s.CreateKey(ctx, KeyOptions{Alias: "alias/g"})
	if err != nil {
		t.Fatal(err)
	}
	retiring := aws.String(role)
	grant := func(to string, constraints *types.GrantConstraints, operations ...types.GrantOperation) {
		t.Helper()
		if _, err := c.CreateGrant(ctx, &kms.CreateGrantInput{KeyId: &k.ID, GranteePrincipal: &to, RetiringPrincipal: retiring, Constraints: constraints, Operations: operations}); err != nil {
			t.Fatal(err)
		}
	}
	grant(alice, &types.GrantConstraints{EncryptionContextSubset: map[string]string{"Cluster": "X"}}, types.GrantOperationDecrypt, types.GrantOperationDescribeKey)
	grant(role, &types.GrantConstraints{EncryptionContextEquals: map[string]string{"cluster": "X"}}, types.GrantOperationDecrypt)
	grant("rds.amazonaws.com", nil, types.GrantOperationGenerateDataKey)
	x := map[string]string{"cluster": "X"}
	const session = "arn:aws:sts::000000000000:assumed-role/reader/me"
	for _, tt := range []struct {
		key, principal, operation string
		context                   map[string]string
		want                      bool
	}{
		{k.ID, alice, "Decrypt", x, true},
		{"alias/g", alice, "Decrypt", map[string]string{"CLUSTER": "X", "more": "y"}, true}, // keys of constraints have no case
		{k.ARN, alice, "Decrypt", map[string]string{"cluster": "x"}, false},
		{k.ID, alice, "Decrypt", nil, false},
		{k.ID, alice, "DescribeKey", nil, true}, // constraints do not bind it
		{k.ID, alice, "Encrypt", x, false},
		{k.ID, alice + "2", "Decrypt", x, false},
		{k.ID, role, "Decrypt", x, true},
		{k.ID, session, "Decrypt", x, true},
		{k.ID, session, "Decrypt", map[string]string{"cluster": "X", "more": "y"}, false},
		{k.ID, "arn:aws:sts::111111111111:assumed-role/reader/me", "Decrypt", x, false},
		{k.ID, "arn:aws:sts::000000000000:assumed-role/other/me", "Decrypt", x, false},
		{k.ID, "rds.amazonaws.com", "GenerateDataKey", map[string]string{"any": "thing"}, true},
		{k.ID, role, "RetireGrant", nil, true},
		{k.ID, session, "RetireGrant", nil, true},
		{k.ID, alice, "RetireGrant", nil, false},
		{"alias/aws/rds", alice, "DescribeKey", nil, false},
		{"nope", alice, "DescribeKey", nil, false},
	} {
		if got := s.GrantAllows(ctx, tt.key, tt.principal, tt.operation, tt.context); got != tt.want {
			t.Errorf("%s %s on %s under %v: %v", tt.principal, tt.operation, tt.key, tt.context, got)
		}
	}
}

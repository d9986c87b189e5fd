package iam

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestExampleAccount(t *testing.T) {
	a, err := Load("../../testdata/iam/account.json", "000000000000")
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Warnings) != 1 || !strings.Contains(a.Warnings[0], "configure.json:11: a stray comma") {
		t.Errorf("warnings %q", a.Warnings)
	}
	allowed := func(key, action, resource string, c Context) bool {
		t.Helper()
		k := a.Key(key)
		if k == nil {
			t.Fatalf("no key %s", key)
		}
		all := k.Identity.Context()
		for name, v := range c {
			all.Set(name, v...)
		}
		return Decide(Request{Principal: k.Identity.Principal, Action: action, Resource: resource, Context: all}, k.Identity.Subject, Resource{}).Allowed
	}
	const cluster, stream = "arn:aws:rds:us-east-1:000000000000:cluster:a", "arn:aws:kinesis:us-east-1:000000000000:stream/"
	for _, test := range []struct {
		key, action, resource string
		want                  bool
	}{
		{"AKIAADMIN", "rds:DeleteDBCluster", cluster, true},
		{"AKIASECURITY", "rds:StartActivityStream", cluster, true},
		{"AKIASECURITY", "rds:DeleteDBCluster", cluster, false},
		{"AKIASECURITY", "kinesis:GetRecords", stream + "aws-rds-das-cluster-X", true},
		{"AKIADBA", "rds:DeleteDBCluster", cluster, true},
		{"AKIADBA", "rds:StopActivityStream", cluster, false},
		{"ASIACONSUMER", "kinesis:GetRecords", stream + "aws-rds-das-cluster-X", true},
		{"ASIACONSUMER", "kinesis:GetRecords", stream + "other", false},
		{"ASIACONSUMER", "kms:Decrypt", "arn:aws:kms:us-east-1:000000000000:key/1", false},
	} {
		if got := allowed(test.key, test.action, test.resource, nil); got != test.want {
			t.Errorf("%s %s on %s: %v", test.key, test.action, test.resource, got)
		}
	}
	if !allowed("ASIACONSUMER", "kms:Decrypt", "arn:aws:kms:us-east-1:000000000000:key/1", Context{"kms:EncryptionContext:aws:rds:dbc-id": {"cluster-X"}}) {
		t.Error("the consumer may not decrypt")
	}
	k := a.Key("ASIACONSUMER")
	if k.Token != "consumer-token" || k.Identity.Principal.ARN != "arn:aws:sts::000000000000:assumed-role/consumer/local" ||
		!strings.HasPrefix(k.Identity.UserID, "AROA") || !strings.HasSuffix(k.Identity.UserID, ":local") {
		t.Errorf("%+v %+v", k, k.Identity)
	}
	if u := a.Key("AKIADBA").Identity; u.Principal.ARN != "arn:aws:iam::000000000000:user/dba" || len(u.UserID) != 21 || u.Tags["team"] != "data" {
		t.Errorf("%+v", u)
	}
}

// TestAuthorizationDetails reads what "aws iam get-account-authorization-details"
// prints, with an access key added.
func TestAuthorizationDetails(t *testing.T) {
	a, err := parseAccount(`{
  "UserDetailList": [{
    "Path": "/ops/", "UserName": "eve", "UserId": "AIDACKCEVSQ6C2EXAMPLE", "Arn": "arn:aws:iam::123456789012:user/ops/eve",
    "CreateDate": "2026-01-01T00:00:00+00:00", "GroupList": [], "AttachedManagedPolicies": [{"PolicyName": "P", "PolicyArn": "arn:aws:iam::123456789012:policy/P"}],
    "PermissionsBoundary": {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": "arn:aws:iam::123456789012:policy/B"}, "Tags": [],
    "UserPolicyList": [{"PolicyName": "i", "PolicyDocument": "%7B%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22kms%3A%2A%22%2C%22Resource%22%3A%22%2A%22%7D%5D%7D"}],
    "AccessKeys": [{"UserName": "eve", "AccessKeyId": "AKIAEVE", "Status": "Inactive", "SecretAccessKey": "s", "CreateDate": "2026-01-01T00:00:00+00:00"}]
  }],
  "GroupDetailList": [], "RoleDetailList": [],
  "Policies": [
    {"PolicyName": "P", "PolicyId": "ANPA", "Arn": "arn:aws:iam::123456789012:policy/P", "Path": "/", "DefaultVersionId": "v2", "AttachmentCount": 1, "PermissionsBoundaryUsageCount": 0,
     "IsAttachable": true, "CreateDate": "x", "UpdateDate": "x", "PolicyVersionList": [
       {"Document": {"Statement": []}, "VersionId": "v1", "IsDefaultVersion": false, "CreateDate": "x"},
       {"Document": {"Statement": {"Effect": "Allow", "Action": "rds:*", "Resource": "*"}}, "VersionId": "v2", "IsDefaultVersion": true, "CreateDate": "x"}]},
    {"PolicyName": "B", "PolicyDocument": {"Statement": {"Effect": "Allow", "Action": "rds:Describe*", "Resource": "*"}}}],
  "RootAccessKeys": [{"AccessKeyId": "ROOT", "SecretAccessKey": "r"}],
  "IsTruncated": false
}`, "iam.json", "123456789012")
	if err != nil {
		t.Fatal(err)
	}
	k := a.Key("AKIAEVE")
	if !k.Inactive || k.Identity.UserID != "AIDACKCEVSQ6C2EXAMPLE" || k.Identity.Principal.ARN != "arn:aws:iam::123456789012:user/ops/eve" {
		t.Errorf("%+v", k)
	}
	decide := func(action string) Decision {
		return Decide(Request{Principal: k.Identity.Principal, Action: action, Resource: "*", Context: k.Identity.Context()}, k.Identity.Subject, Resource{})
	}
	if !decide("rds:DescribeDBClusters").Allowed || decide("rds:DeleteDBCluster") != (Decision{By: Boundary}) || decide("kms:Decrypt").By != Boundary {
		t.Error("the default version or the boundary does not count")
	}
	if root := a.Key("ROOT"); !root.Identity.Principal.Root {
		t.Errorf("%+v", root)
	}
}

func TestAccountErrors(t *testing.T) {
	const key = `"AccessKeys": [{"AccessKeyId": "A", "SecretAccessKey": "s"}]`
	for _, test := range []struct{ text, want string }{
		{"{", "f.json:1: a member's name in quotes was expected, not the text ends here"},
		{"[]", "f.json:1: the IAM file must be a JSON object"},
		{"{}", "nobody has an access key, so nobody could call; give a user AccessKeys"},
		{"{\n\"Users\": []}", "f.json:2: the IAM file has no member \"Users\"; it has UserDetailList"},
		{"{\"UserDetailList\": [\n3]}", "f.json:2: UserDetailList must be a list of objects"},
		{"{\"UserDetailList\": [\n{}]}", "f.json:2: UserName is missing"},
		{"{\"UserDetailList\": [\n{\"UserName\": \"\"}]}", "f.json:2: UserName is empty"},
		{"{\"UserDetailList\": [{\"UserName\": \"a\", \"Path\": \"x\"}]}", "a Path begins and ends with a slash"},
		{"{\"UserDetailList\": [{\"UserName\": \"a\", \"Arn\": \"arn:aws:iam::999999999999:user/a\"}]}", "start it with --account 999999999999"},
		{"{\"UserDetailList\": [{\"UserName\": \"a\", \"Arn\": \"a\"}]}", "\"a\" is not the ARN of a user"},
		{"{\"UserDetailList\": [{\"UserName\": \"a\", \"GroupList\": [\n\"g\"]}]}", "f.json:2: there is no group \"g\" in this file; add it to GroupDetailList"},
		{"{\"UserDetailList\": [{\"UserName\": \"a\", \"AttachedManagedPolicies\": [\n{\"PolicyArn\": \"arn:x\"}]}]}", "f.json:2: there is no managed policy arn:x in this file; add it to Policies"},
		{"{\"UserDetailList\": [{\"UserName\": \"a\", \"UserPolicyList\": [\n{\"PolicyName\": \"p\"}]}]}", "f.json:2: the policy has no document"},
		{"{\"UserDetailList\": [{\"UserName\": \"a\", \"UserPolicyList\": [\n{\"PolicyName\": \"p\", \"PolicyDocument\":\n{\"Statement\": {}}}]}]}", "f.json:3: the statement has no Effect"},
		{"{\"UserDetailList\": [{\"UserName\": \"a\", \"UserPolicyList\": [\n{\"PolicyName\": \"p\", \"PolicyDocument\": \"{\\n}\"}]}]}", "f.json:2: in the policy document, line 1: the policy document has no Statement"},
		{"{\"UserDetailList\": [{\"UserName\": \"a\", \"UserPolicyList\": [{\"PolicyName\": \"p\", \"PolicyDocument\": \"file://none.json\"}]}]}", "f.json:1: read the policy document: open none.json"},
		{"{\"UserDetailList\": [{\"UserName\": \"a\", " + key + "},\n{\"UserName\": \"b\", " + key + "}]}", "f.json:2: the access key A is given twice"},
		{"{\"UserDetailList\": [{\"UserName\": \"a\", \"AccessKeys\": [{\"AccessKeyId\": \"A/B\", \"SecretAccessKey\": \"s\"}]}]}", "an AccessKeyId has up to 128 letters"},
		{"{\"UserDetailList\": [{\"UserName\": \"a\", \"AccessKeys\": [{\"AccessKeyId\": \"A\"}]}]}", "SecretAccessKey is missing"},
		{"{\"UserDetailList\": [{\"UserName\": \"a\", \"AccessKeys\": [{\"AccessKeyId\": \"A\", \"SecretAccessKey\": \"s\", \"Status\": \"Off\"}]}]}", "the Status of an access key is Active or Inactive"},
		{"{\"UserDetailList\": [{\"UserName\": \"a\", \"AccessKeys\": [{\"AccessKeyId\": \"A\", \"SecretAccessKey\": \"s\", \"Expiration\": \"soon\"}]}]}", "the Expiration \"soon\" is not a date"},
		{"{\"GroupDetailList\": [{\"GroupName\": \"g\"},\n{\"GroupName\": \"g\"}]}", "f.json:2: the group g is given twice"},
		{"{\"RoleDetailList\": [{\"RoleName\": \"r\", \"Sessions\": [{\"RoleSessionName\": \"s\"}]}]}", "SessionToken is missing"},
		{"{\"Policies\": [{\"PolicyName\": \"p\"}]}", "the policy has no document"},
	} {
		if _, err := parseAccount(test.text, "f.json", "123456789012"); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s\ngot  %v\nwant %s", test.text, err, test.want)
		}
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "p.json"), []byte("{\"Statement\":\n[3]}"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := parseAccount(`{"UserDetailList": [{"UserName": "a", "UserPolicyList": [{"PolicyName": "p", "PolicyDocument": "file://p.json"}]}]}`, filepath.Join(dir, "f.json"), "123456789012")
	if err == nil || !strings.Contains(err.Error(), "p.json:2: a statement is a JSON object") {
		t.Error(err)
	}
	if _, err := Load(filepath.Join(dir, "none.json"), "123456789012"); err == nil || !strings.Contains(err.Error(), "none.json") {
		t.Error(err)
	}
}

func FuzzAccount(f *testing.F) {
	b, err := os.ReadFile("../../testdata/iam/account.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(strings.ReplaceAll(string(b), "file://", ""))
	f.Add(`{"RoleDetailList":[{"RoleName":"r","Sessions":[{"RoleSessionName":"s","AccessKeyId":"A","SecretAccessKey":"s","SessionToken":"t"}]}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "file:") {
			t.Skip("it reads files")
		}
		a, err := parseAccount(text, "f.json", "123456789012")
		if (a == nil) == (err == nil) {
			t.Fatalf("%v %v", a, err)
		}
	})
}

func TestMessage(t *testing.T) {
	r := Request{Principal: Principal{ARN: "arn:aws:iam::1:user/bob"}, Action: "rds:StartActivityStream"}
	const head = "User: arn:aws:iam::1:user/bob is not authorized to perform: rds:StartActivityStream on resource: x"
	for want, d := range map[string]Decision{
		" because no identity-based policy allows the rds:StartActivityStream action": {By: IdentityPolicy},
		" because no permissions boundary allows the rds:StartActivityStream action":  {By: Boundary},
		" with an explicit deny in an identity-based policy":                          {By: IdentityPolicy, Explicit: true},
		" with an explicit deny in an identity-based policy: arn:aws:iam::1:policy/P": {By: IdentityPolicy, Explicit: true, ARN: "arn:aws:iam::1:policy/P"},
		" with an explicit deny in a resource-based policy":                           {By: ResourcePolicy, Explicit: true},
	} {
		if got := d.Message(r, "resource: x"); got != head+want {
			t.Errorf("got  %s\nwant %s", got, head+want)
		}
	}
}

package iam

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestGuide: the policies of the Aurora user guide (2019) are taken as they stand, one
// with a stray comma that the warning locates.
func TestGuide(t *testing.T) {
	files, err := filepath.Glob("testdata/guide/*.json")
	if err != nil || len(files) != 5 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		d, err := Parse(string(b))
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		want := 0
		if filepath.Base(file) == "configure.json" {
			want = 1
		}
		if len(d.Warnings) != want || want == 1 && (d.Warnings[0].Line != 11 || !strings.Contains(d.Warnings[0].Text, "stray comma")) {
			t.Errorf("%s: warnings %q", file, d.Warnings)
		}
	}
}

func TestPolicyErrors(t *testing.T) {
	statement := func(s string) string { return "{\"Version\": \"2012-10-17\",\n\"Statement\": [\n" + s + "\n]}" }
	for _, test := range []struct{ text, want string }{
		{"", "line 1: a value is missing: the text ends here"},
		{"[]", "line 1: a policy document is a JSON object"},
		{"{}", "line 1: the policy document has no Statement"},
		{"{\n\"Statement\": [],\n}x", "line 3: there is more after the end"},
		{"{\"Statement\" []}", "line 1: a colon was expected after \"Statement\""},
		{"{\"Statement\": [}", "line 1: a JSON value was expected, not \"}\""},
		{"{\"Statement\": [,]}", "line 1: a JSON value was expected, not \",]}\""},
		{"{\"Statement\": [],,}", "line 1: a member's name in quotes was expected"},
		{"{\"Statement\": [] \"Id\": \"x\"}", "line 1: a comma or '}' was expected"},
		{"{\"Id\": \"a\nb\"}", "line 1: a string is not closed"},
		{"{\"Id\": tru}", "line 1: a JSON value was expected"},
		{"{\"Id\": \"\\x\"}", "line 1: a string is not valid JSON"},
		{"{\"Id\": 1,\n\"Id\": 2}", "line 2: \"Id\" is given twice"},
		{"{\"Version\": \"2012-10-17\",\n\"statement\": []}", "line 2: a policy document has no member \"statement\""},
		{"{\"Version\": \"2012\",\n\"Statement\": []}", "line 1: Version must be \"2012-10-17\""},
		{statement("3"), "line 3: a statement is a JSON object"},
		{statement("{\"Action\": \"rds:*\", \"Resource\": \"*\"}"), "line 3: the statement has no Effect"},
		{statement("{\"Effect\": \"allow\", \"Action\": \"rds:*\", \"Resource\": \"*\"}"), "Effect must be \"Allow\" or \"Deny\", not \"allow\""},
		{statement("{\"Effect\": \"Allow\", \"Resource\": \"*\"}"), "line 3: the statement has no Action"},
		{statement("{\"Effect\": \"Allow\", \"Action\": \"rds:*\"}"), "line 3: the statement has no Resource"},
		{statement("{\"Effect\": \"Allow\", \"Action\": \"rds:*\",\n\"NotAction\": \"kms:*\", \"Resource\": \"*\"}"), "line 4: a statement has Action or NotAction, not both"},
		{statement("{\"Effect\": \"Allow\", \"Action\": [\"rds:*\",\n5], \"Resource\": \"*\"}"), "line 4: Action must be a string"},
		{statement("{\"Effect\": \"Allow\", \"Action\": [], \"Resource\": \"*\"}"), "Action is an empty list"},
		{statement("{\"Effect\": \"Allow\", \"Action\": \"StartActivityStream\", \"Resource\": \"*\"}"), "the action \"StartActivityStream\" must be"},
		{statement("{\"Effect\": \"Allow\", \"Action\": \"*:Start\", \"Resource\": \"*\"}"), "the action \"*:Start\" must be"},
		{statement("{\"Effect\": \"Allow\", \"Action\": \"rds:*\", \"Resource\": \"my-cluster\"}"), "the resource \"my-cluster\" must be an ARN"},
		{statement("{\"Effect\": \"Allow\", \"Action\": \"rds:*\", \"Resource\": \"arn:${aws:x\"}"), "not closed by }"},
		{statement("{\"Effect\": \"Allow\", \"Action\": \"rds:*\", \"Resource\": \"arn:${aws:x, y}\"}"), "must be in single quotes"},
		{statement("{\"Effect\": \"Allow\", \"Principal\": \"*\", \"Action\": \"rds:*\", \"Resource\": \"*\"}"), "has no Principal"},
		{statement("{\"Effect\": \"Allow\", \"Action\": \"rds:*\", \"Resource\": \"*\", \"Condition\": {\"StringIs\":\n{\"aws:x\": \"y\"}}}"), "line 4: there is no condition operator \"StringIs\""},
		{statement("{\"Effect\": \"Allow\", \"Action\": \"rds:*\", \"Resource\": \"*\", \"Condition\": {\"NullIfExists\": {\"aws:x\": \"true\"}}}"), "there is no condition operator \"NullIfExists\""},
		{statement("{\"Effect\": \"Allow\", \"Action\": \"rds:*\", \"Resource\": \"*\", \"Condition\": {\"StringEquals\": {\"x\": \"y\"}}}"), "the condition key \"x\" has no prefix"},
		{statement("{\"Effect\": \"Allow\", \"Action\": \"rds:*\", \"Resource\": \"*\", \"Condition\": {\"StringEquals\": {\"aws:x\": {}}}}"), "must be a string, a number or a boolean"},
		{statement("{\"Effect\": \"Allow\", \"Action\": \"rds:*\", \"Resource\": \"*\", \"Condition\": {\"NumericEquals\": {\"aws:x\": \"y\"}}}"), "\"y\" is not a number"},
		{statement("{\"Effect\": \"Allow\", \"Action\": \"rds:*\", \"Resource\": \"*\", \"Condition\": {\"DateEquals\": {\"aws:x\": \"today\"}}}"), "\"today\" is neither a date"},
		{statement("{\"Effect\": \"Allow\", \"Action\": \"rds:*\", \"Resource\": \"*\", \"Condition\": {\"Bool\": {\"aws:x\": \"yes\"}}}"), "\"yes\" is neither true nor false"},
		{statement("{\"Effect\": \"Allow\", \"Action\": \"rds:*\", \"Resource\": \"*\", \"Condition\": {\"IpAddress\": {\"aws:x\": \"10.0.0.0/99\"}}}"), "neither an IP address nor a range"},
		{statement("{\"Effect\": \"Allow\", \"Action\": \"rds:*\", \"Resource\": \"*\", \"Condition\": {\"BinaryEquals\": {\"aws:x\": \"%\"}}}"), "is not base64"},
		{strings.Repeat("[", 100), "nested too deeply"},
		{"{\"Id\": \"\xff\"}", "not UTF-8"},
	} {
		if _, err := Parse(test.text); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s\ngot  %v\nwant %s", test.text, err, test.want)
		}
	}
	for _, text := range []string{
		statement(`{"Effect": "Allow", "Action": "kms:*", "Resource": "*"}`),
		statement(`{"Effect": "Allow", "Principal": "bob", "Action": "kms:*", "Resource": "*"}`),
		statement(`{"Effect": "Allow", "Principal": {"Bob": "*"}, "Action": "kms:*", "Resource": "*"}`),
		statement(`{"Effect": "Allow", "Principal": "*", "NotPrincipal": "*", "Action": "kms:*", "Resource": "*"}`),
	} {
		if _, err := ParseResourcePolicy(text); err == nil || !strings.HasPrefix(err.Error(), "line 3: ") || !strings.Contains(err.Error(), "Principal") {
			t.Errorf("%s\n%v", text, err)
		}
	}
}

// FuzzPolicy: a policy is read or refused by an error with a line, and what was read
// can be asked.
func FuzzPolicy(f *testing.F) {
	files, err := filepath.Glob("testdata/guide/*.json")
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(b), "rds:StartActivityStream", "arn:aws:rds:us-east-1:1:cluster:a")
	}
	f.Add(`{"Version":"2012-10-17","Statement":{"Effect":"Deny","NotPrincipal":{"AWS":["1","*"],"Service":"x"},"NotAction":["a:*","b:?"],"NotResource":"arn:${aws:username,'x'}${*}","Condition":{"ForAnyValue:StringNotLikeIfExists":{"aws:username":["*",1,true]},"Null":{"a:b":true}}}}`, "a:b", "arn:bob*")
	f.Fuzz(func(t *testing.T, policy, action, resource string) {
		r := Request{Principal: Principal{ARN: "arn:aws:iam::1:user/bob", Account: "1"}, Action: action, Resource: resource,
			Context: Context{"aws:username": {"bob"}}}
		for _, parse := range []func(string) (*Document, error){Parse, ParseResourcePolicy} {
			d, err := parse(policy)
			if err != nil {
				if !strings.HasPrefix(err.Error(), "line ") {
					t.Fatalf("an error without a line: %v", err)
				}
				continue
			}
			if d := Decide(r, Subject{}, Resource{}); d.Allowed {
				t.Fatal("allowed by nothing")
			}
			Decide(r, Subject{Policies: []Policy{{Document: d}}}, Resource{Policy: d})
		}
	})
}

func TestGlobIsQuick(t *testing.T) {
	p, err := parsePattern(&node{text: strings.Repeat("*a", 2000) + "b"}, true, false)
	if err != nil {
		t.Fatal(err)
	}
	if p.matches(strings.Repeat("a", 20000), nil) {
		t.Error("it matches")
	}
}

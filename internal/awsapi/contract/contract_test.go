package contract

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"regexp/syntax"
	"slices"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const small = `{
	"metadata": {"protocol": "json", "jsonVersion": "1.1", "targetPrefix": "Small_1"},
	"operations": {"Put": {"input": {"shape": "PutInput"}}, "Look": {}},
	"shapes": {
		"PutInput": {"type": "structure", "required": ["Name"], "members": {"Name": {"shape": "Name"}, "Count": {"shape": "Count"}}},
		"Name": {"type": "string", "min": 2, "max": 5, "pattern": "[a-z]+"},
		"Count": {"type": "integer", "min": 1, "max": 9}
	}
}`

func model(t *testing.T) *Model {
	t.Helper()
	path := filepath.Join(t.TempDir(), "service-2.json")
	if err := os.WriteFile(path, []byte(small), 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := read(path)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestBad(t *testing.T) {
	m := model(t)
	if names := m.Names(); !slices.Equal(names, []string{"Look", "Put"}) {
		t.Errorf("the operations are %q", names)
	}
	if r, err := m.Valid("Put", JSON); err != nil || string(r.Body) != `{"Name":"aa"}` {
		t.Errorf("the least is %s, %v", r.Body, err)
	}
	all, err := m.Bad("Put", JSON)
	if err != nil {
		t.Fatal(err)
	}
	bodies := map[string]string{}
	for _, r := range all {
		bodies[r.What] = string(r.Body)
	}
	for what, want := range map[string]string{
		"Name absent":         `{}`,
		"Name a number":       `{"Name":5}`,
		"Name too short":      `{"Name":""}`,
		"Name too long":       `{"Name":"aaaaaa"}`,
		`Name "a b"`:          `{"Name":"a b"}`,
		"Count too small":     `{"Count":0,"Name":"aa"}`,
		"Count too large":     `{"Count":10,"Name":"aa"}`,
		"Count a text":        `{"Count":"many","Name":"aa"}`,
		"a list":              `[1]`,
		"cut after 12 bytes":  `{"Name":"aa"`,
		"Count a structure":   `{"Count":{},"Name":"aa"}`,
		"Count far too large": `{"Count":1e+300,"Name":"aa"}`,
		"no JSON":             `hello`,
		"a number":            `17`,
		"Name a structure":    `{"Name":{}}`,
		"Count very large":    `{"Count":2147483647,"Name":"aa"}`,
		"Count far too small": `{"Count":-2147483648,"Name":"aa"}`,
		"a text":              `"x"`,
		`Name "\x01"`:         `{"Name":"\u0001"}`,
		"Name a boolean":      `{"Name":true}`,
		"Name a list":         `{"Name":[]}`,
		"Count a list":        `{"Count":[],"Name":"aa"}`,
		"two values":          `{} {}`,
		"a bare word":         `{"StreamName":nothing}`,
		"cut after 1 bytes":   `{`,
	} {
		if bodies[what] != want {
			t.Errorf("%s: %.100q, want %q", what, bodies[what], want)
		}
	}
	if _, err := m.Bad("Put", Query); err == nil {
		t.Error("a service of another protocol is taken")
	}
}

func TestForms(t *testing.T) {
	m := model(t)
	m.Metadata.Protocol, m.Metadata.APIVersion = "query", "2014-10-31"
	m.Shapes["PutInput"].Members["Tags"] = ref{Shape: "Tags"}
	m.Shapes["Tags"] = &shape{Type: "list", Member: ref{Shape: "Name", LocationName: "Tag"}}
	all, err := m.Bad("Put", Query)
	if err != nil {
		t.Fatal(err)
	}
	bodies := map[string]string{}
	for _, r := range all {
		bodies[r.What] = string(r.Body)
	}
	for what, want := range map[string]string{
		"Name absent":                     "Action=Put&Version=2014-10-31",
		"Count a text":                    "Action=Put&Count=many&Name=aa&Version=2014-10-31",
		"Tags with an element: too short": "Action=Put&Name=aa&Tags.Tag.1=&Version=2014-10-31",
		"Name a number":                   "", // a text as well
	} {
		if bodies[what] != want {
			t.Errorf("%s: %.100q, want %q", what, bodies[what], want)
		}
	}
	head := http.Header{"X-Amzn-Requestid": {"1"}}
	const answer = `<ErrorResponse xmlns="http://x/"><Error><Type>Sender</Type><Code>InvalidParameterValue</Code><Message>no</Message></Error><RequestId>1</RequestId></ErrorResponse>`
	if f, err := all[0].Check(400, head, []byte(answer)); err != nil || f != (Failure{"InvalidParameterValue", "no"}) {
		t.Errorf("%+v, %v", f, err)
	}
	if _, err := all[0].Check(400, head, []byte(`<Error><Code>X</Code></Error>`)); err == nil {
		t.Error("XML of another shape is taken")
	}
}

// TestSamples wants that what is made for a pattern matches it.
func TestSamples(t *testing.T) {
	for _, pattern := range []string{`[a-zA-Z0-9_.-]+`, `0|([1-9]\d{0,38})`, `[a-z0-9]{20}-[a-z0-9]{3}`, `arn:aws.*:kinesis:.*:\d{12}:stream/\S+`,
		`^(alias/)[a-zA-Z0-9/_-]+$`, `(?s).*`, `[^a-z ]x?`} {
		re, err := syntax.Parse(pattern, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		if text := sample(re); !regexp.MustCompile("^(?:" + pattern + ")$").MatchString(text) {
			t.Errorf("%q does not match %s", text, pattern)
		}
	}
}

func TestCheck(t *testing.T) {
	head := http.Header{"X-Amzn-Requestid": {"1"}}
	r := Request{}
	if f, err := r.Check(400, head, []byte(`{"__type":"ValidationException","message":"no"}`)); err != nil || f.Type != "ValidationException" || f.Message != "no" {
		t.Errorf("%+v, %v", f, err)
	}
	for what, err := range map[string]error{
		"success":       second(r.Check(200, head, []byte(`{"__type":"X"}`))),
		"a failure":     second(r.Check(500, head, []byte(`{"__type":"X"}`))),
		"no type":       second(r.Check(400, head, []byte(`{"message":"no"}`))),
		"no JSON":       second(r.Check(400, head, []byte(`no`))),
		"no request id": second(r.Check(400, http.Header{}, []byte(`{"__type":"X"}`))),
	} {
		if err == nil {
			t.Errorf("%s is taken", what)
		}
	}
}

func second(_ Failure, err error) error { return err }

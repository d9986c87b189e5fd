package sigv4

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

var (
	signedAt = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	want     = Want{Secret: "secret/+", Region: "us-east-1", Service: "kinesis", Now: signedAt}
)

const payload = `{"StreamName":"s"}`

// signed is a call that aws-sdk-go-v2 has signed.
func signed(t *testing.T, token string, change func(*http.Request)) (*http.Request, []byte) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:4566/", strings.NewReader(payload))
	r.Header.Set("X-Amz-Target", "Kinesis_20131202.DescribeStream")
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	if change != nil {
		change(r)
	}
	hash := sha256.Sum256([]byte(payload))
	err := v4.NewSigner().SignHTTP(context.Background(), aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: want.Secret, SessionToken: token},
		r, hex.EncodeToString(hash[:]), "kinesis", "us-east-1", signedAt)
	if err != nil {
		t.Fatal(err)
	}
	return r, []byte(payload)
}

func check(r *http.Request, body []byte, w Want) *Error {
	s, bad := Read(r)
	if bad != nil {
		return bad
	}
	return s.Check(r, body, w)
}

func TestGoSDK(t *testing.T) {
	for _, token := range []string{"", "session/token+=="} {
		r, body := signed(t, token, nil)
		if bad := check(r, body, want); bad != nil {
			t.Fatal(bad)
		}
		if s, _ := Read(r); s.AccessKey != "AKID" || s.Token != token || s.Service != "kinesis" {
			t.Errorf("read %+v", s)
		}
	}
	for _, path := range []string{"/a/b", "/a%20b/c+d", "/x//y/./z/../%E1%88%B4/", "/?a=b+c&a=&B=%2F~", "/$&'()*,;=:@"} {
		r, body := signed(t, "", func(r *http.Request) {
			next := httptest.NewRequest(r.Method, "http://127.0.0.1:4566"+path, nil)
			r.URL, r.RequestURI = next.URL, next.RequestURI
		})
		bad := check(r, body, want)
		// The Go SDK leaves the path's dots and empty parts to the caller.
		if odd := strings.Contains(path, "//"); bad != nil && !odd {
			t.Errorf("%s: %v", path, bad)
		}
	}
}

func TestGoSDKPresigned(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:4566/?Action=DescribeDBClusters&Version=2014-10-31&X-Amz-Expires=60", nil)
	empty := sha256.Sum256(nil)
	uri, _, err := v4.NewSigner().PresignHTTP(context.Background(), aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: want.Secret, SessionToken: "t/+="},
		r, hex.EncodeToString(empty[:]), "rds", "us-east-1", signedAt)
	if err != nil {
		t.Fatal(err)
	}
	w := want
	w.Service = "rds"
	get := httptest.NewRequest(http.MethodGet, uri, nil)
	if bad := check(get, nil, w); bad != nil {
		t.Fatal(bad)
	}
	w.Now = signedAt.Add(61 * time.Second)
	if bad := check(get, nil, w); bad == nil || bad.Message != "Signature expired: 20261122T100100Z is now earlier than 20261122T100101Z" {
		t.Errorf("after it expired: %v", bad)
	}
	w.Now = signedAt
	for _, change := range [][2]string{{"DescribeDBClusters", "DeleteDBCluster"}, {"X-Amz-Expires=60", "X-Amz-Expires=600"}, {"Version", "version"}} {
		if bad := check(httptest.NewRequest(http.MethodGet, strings.Replace(uri, change[0], change[1], 1), nil), nil, w); bad == nil || bad.Kind != Mismatch {
			t.Errorf("with %s: %v", change[1], bad)
		}
	}
	if bad := check(httptest.NewRequest(http.MethodPost, uri, nil), nil, w); bad == nil {
		t.Error("another method passes")
	}
}

// TestBotocore has botocore sign what testdata/sign.py lists.
func TestBotocore(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "python3", "testdata/sign.py").CombinedOutput()
	if err != nil {
		t.Fatalf("python3 with botocore is needed (pip install boto3): %v\n%s", err, out)
	}
	var list []struct {
		Name, Method, URL, Body, Service string
		Headers                          map[string]string
	}
	if err := json.Unmarshal(out, &list); err != nil {
		t.Fatal(err)
	}
	if len(list) < 8 {
		t.Fatalf("only %d requests", len(list))
	}
	for _, one := range list {
		t.Run(one.Name, func(t *testing.T) {
			r := httptest.NewRequest(one.Method, one.URL, strings.NewReader(one.Body))
			for k, v := range one.Headers {
				r.Header.Set(k, v)
			}
			w := Want{Secret: "secret/+", Region: "eu-central-1", Service: one.Service, Now: time.Now()}
			if bad := check(r, []byte(one.Body), w); bad != nil {
				t.Error(bad)
			}
			if bad := check(r, append([]byte(one.Body), '!'), w); bad == nil {
				t.Error("another body passes")
			}
			w.Secret += "x"
			if bad := check(r, []byte(one.Body), w); bad == nil || bad.Message != wrongSignature {
				t.Errorf("with another secret: %v", bad)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	edit := func(old, new string) func(*http.Request) {
		return func(r *http.Request) {
			was := r.Header.Get("Authorization")
			is := strings.Replace(was, old, new, 1)
			if was == is {
				panic("nothing was changed")
			}
			r.Header.Set("Authorization", is)
		}
	}
	late := func(d time.Duration) Want { w := want; w.Now = signedAt.Add(d); return w }
	for _, test := range []struct {
		name   string
		before func(*http.Request) // before it is signed
		after  func(*http.Request)
		want   Want
		kind   Kind
		text   string
	}{
		{"no signature", nil, func(r *http.Request) { r.Header.Del("Authorization") }, want, Missing, "Missing Authentication Token"},
		{"another target", nil, header("X-Amz-Target", "Kinesis_20131202.DeleteStream"), want, Mismatch, "does not match"},
		{"another content type", nil, header("Content-Type", "application/x-amz-cbor-1.1"), want, Mismatch, "does not match"},
		{"another host", nil, func(r *http.Request) { r.Host = "example.com" }, want, Mismatch, "does not match"},
		{"another path", nil, func(r *http.Request) { r.RequestURI = "/x" }, want, Mismatch, "does not match"},
		{"a header that is not signed", nil, header("X-Amz-Other", "x"), want, Mismatch, "'x-amz-other' must be a 'SignedHeader'"},
		{"another date", nil, header("X-Amz-Date", "20261122T100001Z"), want, Mismatch, "does not match"},
		{"another signature", nil, edit("Signature=", "Signature=00"), want, Mismatch, "does not match"},
		{"a signature of letters", nil, edit("Signature=", "Signature=zz"), want, Mismatch, "does not match"},
		{"unsigned payload", header("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"), nil, want, Mismatch, "does not match"},
		{"streaming payload", header("X-Amz-Content-Sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"), nil, want, Mismatch, "does not match"},
		{"another body's hash", header("X-Amz-Content-Sha256", strings.Repeat("0", 64)), nil, want, Mismatch, "does not match"},
		{"15 minutes later", nil, nil, late(15 * time.Minute), 0, ""},
		{"a second more", nil, nil, late(15*time.Minute + time.Second), Mismatch,
			"Signature expired: 20261122T100000Z is now earlier than 20261122T100001Z (20261122T101501Z - 15 min.)"},
		{"15 minutes early", nil, nil, late(-15 * time.Minute), 0, ""},
		{"a second more early", nil, nil, late(-15*time.Minute - time.Second), Mismatch,
			"Signature not yet current: 20261122T100000Z is still later than 20261122T095959Z (20261122T094459Z + 15 min.)"},
		{"another region", nil, nil, Want{want.Secret, "eu-west-1", "kinesis", signedAt}, Mismatch, "Credential should be scoped to a valid region, not 'us-east-1'. This das-local is in eu-west-1: set the client's Region to it, or start das-local with --region us-east-1."},
		{"another service", nil, nil, Want{want.Secret, "us-east-1", "kms", signedAt}, Mismatch, "Credential should be scoped to correct service: 'kms'. "},
		{"another day", nil, edit("/20261122/", "/20261121/"), want, Mismatch, "Date in Credential scope does not match"},
		{"another terminator", nil, edit("aws4_request", "aws5_request"), want, Mismatch, "valid terminator"},
		{"no credential", nil, edit("Credential=", "Kredential="), want, Incomplete, "requires 'Credential' parameter"},
		{"no signed headers", nil, edit("SignedHeaders=", "Signed="), want, Incomplete, "requires 'SignedHeaders' parameter"},
		{"a short credential", nil, edit("/us-east-1/", "/"), want, Incomplete, "exactly 5 slash-delimited elements"},
		{"another algorithm", nil, edit("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), want, Incomplete, "Unsupported AWS 'algorithm'"},
		{"the host is not signed", nil, edit(";host;", ";"), want, Incomplete, "'Host' or ':authority' must be a 'SignedHeader'"},
		{"a bad date", nil, header("X-Amz-Date", "yesterday"), want, Incomplete, "Date must be in ISO-8601"},
		{"no date", nil, func(r *http.Request) { r.Header.Del("X-Amz-Date") }, want, Incomplete, "existence of either a 'X-Amz-Date' or a 'Date'"},
		{"both forms", nil, func(r *http.Request) { r.URL.RawQuery = "X-Amz-Algorithm=AWS4-HMAC-SHA256" }, want, Incomplete, "not in both"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, body := signed(t, "", test.before)
			if test.after != nil {
				test.after(r)
			}
			bad := check(r, body, test.want)
			switch {
			case test.kind == 0 && bad != nil:
				t.Error(bad)
			case test.kind != 0 && (bad == nil || bad.Kind != test.kind || !strings.Contains(bad.Message, test.text)):
				t.Errorf("got %+v", bad)
			}
		})
	}
}

// FuzzRead gives the parser hostile requests: it must not panic, and no request that
// the right secret has not signed may pass.
func FuzzRead(f *testing.F) {
	f.Add("AWS4-HMAC-SHA256 Credential=A/20261122/us-east-1/kinesis/aws4_request, SignedHeaders=host;x-amz-date, Signature=00", "", "20261122T100000Z", "/")
	f.Add("", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=A%2F20261122%2Fus-east-1%2Fkinesis%2Faws4_request&X-Amz-Date=20261122T100000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=00", "", "/a/../%zz")
	f.Add("AWS4-HMAC-SHA256 ,=,Credential====, Signature=;", "X-Amz-Signature=%", "Mon, 02 Jan 2006 15:04:05 GMT", "//..//")
	f.Fuzz(func(t *testing.T, authorization, query, date, path string) {
		r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(nil))
		r.URL.RawQuery, r.RequestURI = query, path+"?"+query
		if authorization != "" {
			r.Header["Authorization"] = []string{authorization}
		}
		r.Header["X-Amz-Date"] = []string{date}
		s, bad := Read(r)
		if (s == nil) == (bad == nil) {
			if bad == nil {
				t.Fatal("neither a signature nor an error")
			}
			return // a signature that was read in part
		}
		if bad != nil {
			return
		}
		if s.Check(r, nil, want) == nil {
			t.Fatal("a signature that nobody has made passes")
		}
	})
}

// TestJavaScriptSDK has what @smithy/signature-v4 5 made of a call over HTTP/2: it
// signs :authority, and no host.
func TestJavaScriptSDK(t *testing.T) {
	r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:4566/", strings.NewReader(payload))
	for k, v := range map[string]string{
		"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "Kinesis_20131202.DescribeStream", "User-Agent": "x",
		"X-Amz-User-Agent": "aws-sdk-js/3", "X-Amz-Date": "20261122T100000Z",
		"X-Amz-Content-Sha256": "9eba409c3e52eed03e0eb744b3961f83b7bbf6306ec8866d6380643056105246",
		"Authorization": "AWS4-HMAC-SHA256 Credential=AKID/20261122/us-east-1/kinesis/aws4_request, " +
			"SignedHeaders=:authority;content-type;x-amz-content-sha256;x-amz-date;x-amz-target;x-amz-user-agent, " +
			"Signature=d13605a67b71b5122d30bdbe835943ef1957b47716e04ae33dcc062a4ab05dd0",
	} {
		r.Header.Set(k, v)
	}
	if bad := check(r, []byte(payload), want); bad != nil {
		t.Error(bad)
	}
	r.Host = "example.com"
	if bad := check(r, []byte(payload), want); bad == nil {
		t.Error("another host passes")
	}
}

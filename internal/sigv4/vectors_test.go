package sigv4

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// The requests and signatures of AWS's Signature Version 4 test suite and of the
// example in the IAM user guide, all of the same access key and the same second.
const (
	exampleSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
	exampleDate   = "20150830T123600Z"
)

var exampleTime = time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)

// read parses a request as a server gets it.
func read(t *testing.T, text string) (*http.Request, []byte) {
	t.Helper()
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(strings.ReplaceAll(text, "\n", "\r\n"))))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r, body
}

func TestAWSVectors(t *testing.T) {
	const date = "X-Amz-Date: " + exampleDate + "\n"
	for _, test := range []struct{ name, service, head, headers, body, signed, signature string }{
		{"get-vanilla", "service", "GET / HTTP/1.1", "", "", "host;x-amz-date",
			"5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
		{"get-vanilla-query-order-key-case", "service", "GET /?Param2=value2&Param1=value1 HTTP/1.1", "", "", "host;x-amz-date",
			"b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
		{"get-unreserved", "service", "GET /-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz HTTP/1.1", "", "", "host;x-amz-date",
			"07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
		{"get-utf8", "service", "GET /\u1234 HTTP/1.1", "", "", "host;x-amz-date",
			"8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
		{"get-header-value-trim", "service", "GET / HTTP/1.1", "My-Header1:  value1\nMy-Header2: \"a   b   c\"\n", "", "host;my-header1;my-header2;x-amz-date",
			"acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
		{"post-vanilla", "service", "POST / HTTP/1.1", "", "", "host;x-amz-date",
			"5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
		{"post-x-www-form-urlencoded", "service", "POST / HTTP/1.1", "Content-Type: application/x-www-form-urlencoded\n", "Param1=value1", "content-type;host;x-amz-date",
			"ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
		{"the IAM user guide's ListUsers", "iam", "GET /?Action=ListUsers&Version=2010-05-08 HTTP/1.1", "Content-Type: application/x-www-form-urlencoded; charset=utf-8\n", "",
			"content-type;host;x-amz-date", "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"},
	} {
		t.Run(test.name, func(t *testing.T) {
			host := "Host: example.amazonaws.com\n"
			if test.service == "iam" {
				host = "Host: iam.amazonaws.com\n"
			}
			text := test.head + "\n" + host + date + test.headers + "Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/" +
				test.service + "/aws4_request, SignedHeaders=" + test.signed + ", Signature=" + test.signature + "\n"
			if test.body != "" {
				text += "Content-Length: 13\n"
			}
			r, body := read(t, text+"\n"+test.body)
			s, bad := Read(r)
			if bad != nil {
				t.Fatal(bad)
			}
			w := Want{Secret: exampleSecret, Region: "us-east-1", Service: test.service, Now: exampleTime.Add(time.Minute)}
			if bad := s.Check(r, body, w); bad != nil {
				t.Errorf("%v; the canonical request is\n%s", bad, s.canonical(r, "…"))
			}
			if s.AccessKey != "AKIDEXAMPLE" {
				t.Errorf("the access key is %q", s.AccessKey)
			}
		})
	}
}

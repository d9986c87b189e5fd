package awsapi

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

type echoIn struct {
	Name *string           `json:"Name"`
	Data []byte            `json:"Data"`
	N    int               `json:"N"`
	On   bool              `json:"On"`
	List []string          `json:"List"`
	Tags map[string]string `json:"Tags"`
	At   *Time             `json:"At"`
}

type echoOut struct {
	Name *string           `json:"Name,omitempty"`
	Data []byte            `json:"Data,omitempty"`
	N    int               `json:"N,omitempty"`
	List []string          `json:"List,omitempty"`
	Tags map[string]string `json:"Tags,omitempty"`
	At   *Time             `json:"At,omitempty"`
	Who  string            `json:"Who,omitempty"`
}

// fake is a service with one operation for each way to answer.
type fake struct{ name string }

func (f fake) Name() string { return f.name }

func (f fake) Operation(name string) Operation {
	switch name {
	case "Echo":
		return Op(func(_ context.Context, r *Request, in *echoIn) (*echoOut, error) {
			return &echoOut{Name: in.Name, Data: in.Data, N: in.N, List: in.List, Tags: in.Tags, At: in.At,
				Who: r.Service + " " + r.Operation + " " + r.Region + " " + r.AccountID + " " + r.AccessKey}, nil
		})
	case "Empty":
		return Op(func(context.Context, *Request, *struct{}) (*echoOut, error) { return nil, nil })
	case "Fail":
		return Op(func(context.Context, *Request, *struct{}) (*echoOut, error) {
			return nil, &Error{Code: "ThingException", Message: "no <thing>", Fields: map[string]any{"Reason": "x"}}
		})
	case "Break":
		return Op(func(context.Context, *Request, *struct{}) (*echoOut, error) { return nil, errors.New("secret cause") })
	case "Panic":
		return Op(func(context.Context, *Request, *struct{}) (*echoOut, error) { panic("secret panic") })
	case "Invalid":
		return Op(func(context.Context, *Request, *struct{}) (*echoOut, error) {
			var v Validation
			v.Required("shardCount", false)
			name := ""
			v.String("streamName", &name, Strings{Pattern: Pattern("[a-z]+"), Min: 1, Max: 3})
			return nil, v.Err()
		})
	}
	return nil
}

func newTestHandler(log io.Writer) http.Handler {
	return NewHandler(Config{
		Services: []Service{fake{"kinesis"}, fake{"kms"}, fake{"rds"}},
		Logger:   slog.New(slog.NewTextHandler(log, nil)),
		MaxBody:  1 << 16,
		Fallback: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			b, _ := io.ReadAll(r.Body)
			_, _ = io.WriteString(w, "fallback "+r.URL.Path+" "+string(b))
		}),
	})
}

func authorization(key, region, service string) string {
	return "AWS4-HMAC-SHA256 Credential=" + key + "/20261122/" + region + "/" + service +
		"/aws4_request, SignedHeaders=host;x-amz-date, Signature=00"
}

func TestHandlerJSON(t *testing.T) {
	tests := []struct {
		name, target, auth, body string
		status                   int
		want                     string // the whole answer
		log                      string // what the log has
	}{
		{name: "echo", target: "Kinesis_20131202.Echo", auth: authorization("test", "eu-west-1", "kinesis"),
			body:   `{"Name":"a<b","Data":"AQI=","N":3,"Nobody":{"Knows":[1]},"At":1700000000.1234}`,
			status: 200, want: `{"Name":"a<b","Data":"AQI=","N":3,"At":1700000000.123,"Who":"kinesis Echo eu-west-1 000000000000 test"}`},
		{name: "account of the access key", target: "TrentService.Echo", auth: authorization("123456789012", "us-west-2", "kms"),
			body: `{}`, status: 200, want: `{"Who":"kms Echo us-west-2 123456789012 123456789012"}`},
		{name: "unsigned", target: "TrentService.Echo", body: ``, status: 200, want: `{"Who":"kms Echo us-east-1 000000000000 "}`},
		{name: "hostile region", target: "TrentService.Echo", auth: authorization("test", `"><script>`, "kms"),
			body: `{}`, status: 200, want: `{"Who":"kms Echo us-east-1 000000000000 test"}`},
		{name: "empty answer", target: "TrentService.Empty", body: `{}`, status: 200, want: ``},
		{name: "client error", target: "TrentService.Fail", body: `{}`, status: 400,
			want: `{"Reason":"x","__type":"ThingException","message":"no <thing>"}`},
		{name: "validation", target: "TrentService.Invalid", body: `{}`, status: 400,
			want: `{"__type":"ValidationException","message":"3 validation errors detected: ` +
				`Value null at 'shardCount' failed to satisfy constraint: Member must not be null; ` +
				`Value '' at 'streamName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-z]+; ` +
				`Value '' at 'streamName' failed to satisfy constraint: Member must have length greater than or equal to 1"}`},
		{name: "defect", target: "TrentService.Break", body: `{}`, status: 500,
			want: `{"__type":"InternalFailure","message":"The request processing has failed because of an unknown error, exception or failure."}`,
			log:  "secret cause"},
		{name: "panic", target: "TrentService.Panic", body: `{}`, status: 500,
			want: `{"__type":"InternalFailure","message":"The request processing has failed because of an unknown error, exception or failure."}`,
			log:  "secret panic"},
		{name: "unknown operation", target: "Kinesis_20131202.Nope", body: `{}`, status: 400,
			want: `{"__type":"UnknownOperationException"}`, log: "service=kinesis operation=Nope"},
		{name: "unknown service", target: "DynamoDB_20120810.ListTables", body: `{}`, status: 400,
			want: `{"__type":"UnknownOperationException"}`, log: "service=DynamoDB_20120810 operation=ListTables"},
		{name: "a query service by target", target: "rds.Echo", body: `{}`, status: 400,
			want: `{"__type":"UnknownOperationException"}`},
		{name: "no operation", target: "Kinesis_20131202", body: `{}`, status: 400,
			want: `{"__type":"UnknownOperationException"}`},
		{name: "no JSON", target: "TrentService.Echo", body: `{"Name":`, status: 400, want: `{"__type":"SerializationException"}`},
		{name: "no object", target: "TrentService.Echo", body: `[]`, status: 400, want: `{"__type":"SerializationException"}`},
		{name: "null", target: "TrentService.Echo", body: `null`, status: 400, want: `{"__type":"SerializationException"}`},
		{name: "number for string", target: "TrentService.Echo", body: `{"Name":1}`, status: 400,
			want: `{"__type":"SerializationException","message":"NUMBER_VALUE can not be converted to a String"}`},
		{name: "true for string", target: "TrentService.Echo", body: `{"Name":true}`, status: 400,
			want: `{"__type":"SerializationException","message":"TRUE_VALUE can not be converted to a String"}`},
		{name: "string for integer", target: "TrentService.Echo", body: `{"N":"1"}`, status: 400,
			want: `{"__type":"SerializationException","message":"STRING_VALUE can not be converted to an Integer"}`},
		{name: "object for string", target: "TrentService.Echo", body: `{"Name":{}}`, status: 400,
			want: `{"__type":"SerializationException","message":"Start of structure or map found where not expected."}`},
		{name: "list for map", target: "TrentService.Echo", body: `{"Tags":[]}`, status: 400,
			want: `{"__type":"SerializationException","message":"Start of list found where not expected."}`},
		{name: "string for time", target: "TrentService.Echo", body: `{"At":"today"}`, status: 400,
			want: `{"__type":"SerializationException","message":"STRING_VALUE can not be converted to a Timestamp"}`},
		{name: "too large", target: "TrentService.Echo", body: `{"Name":"` + strings.Repeat("x", 1<<16) + `"}`, status: 413,
			want: `{"__type":"RequestEntityTooLargeException","message":"The request is larger than 65536 bytes."}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var log bytes.Buffer
			r := httptest.NewRequest("POST", "/", strings.NewReader(tt.body))
			r.Header.Set("X-Amz-Target", tt.target)
			r.Header.Set("Content-Type", "application/x-amz-json-1.1")
			r.Header.Set("Authorization", tt.auth)
			w := httptest.NewRecorder()
			newTestHandler(&log).ServeHTTP(w, r)
			if w.Code != tt.status || w.Body.String() != tt.want {
				t.Errorf("got  %d %s\nwant %d %s", w.Code, w.Body, tt.status, tt.want)
			}
			if len(w.Header().Get("X-Amzn-Requestid")) != 36 || len(w.Header().Get("X-Amz-Id-2")) != 96 {
				t.Errorf("ids of the answer: %v", w.Header())
			}
			if w.Body.Len() > 0 && w.Header().Get("Content-Type") != "application/x-amz-json-1.1" {
				t.Errorf("content type %q", w.Header().Get("Content-Type"))
			}
			if !strings.Contains(log.String(), tt.log) {
				t.Errorf("log %q lacks %q", log.String(), tt.log)
			}
		})
	}
}

func TestHandlerRoutes(t *testing.T) {
	tests := []struct {
		name, method, url, media, auth, body string
		want                                 string // a part of the answer
	}{
		{name: "console", method: "GET", url: "/", want: "fallback / "},
		{name: "health", method: "GET", url: "/_das/health", want: "fallback /_das/health"},
		{name: "form of somebody else", method: "POST", url: "/", media: typeForm, body: "a=b", want: "fallback / a=b"},
		{name: "JSON of somebody else", method: "POST", url: "/x", media: "application/json", body: "{}", want: "fallback /x {}"},
		{name: "AWS JSON without a target", method: "POST", url: "/", media: "application/x-amz-json-1.1", body: "{}", want: "UnknownOperationException"},
		{name: "unknown action", method: "POST", url: "/", media: typeForm + "; charset=utf-8",
			auth: authorization("test", "us-east-1", "sts"), body: "Action=GetCallerIdentity&Version=2011-06-15", want: "InvalidAction"},
		{name: "a target service's action", method: "POST", url: "/", media: typeForm,
			auth: authorization("test", "us-east-1", "kinesis"), body: "Action=Echo", want: "InvalidAction"},
		{name: "a form longer than the standard library takes", method: "POST", url: "/", media: typeForm,
			body: "Action=Echo" + strings.Repeat("&a", 20000), want: "MalformedInput"},
		{name: "unknown action by GET", method: "GET", url: "/?Action=Nope&Version=2014-10-31", want: "InvalidAction"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(tt.method, tt.url, strings.NewReader(tt.body))
			r.Header.Set("Content-Type", tt.media)
			r.Header.Set("Authorization", tt.auth)
			w := httptest.NewRecorder()
			newTestHandler(io.Discard).ServeHTTP(w, r)
			if !strings.Contains(w.Body.String(), tt.want) {
				t.Errorf("got %d %.200s, want %s", w.Code, w.Body, tt.want)
			}
		})
	}
}

func TestPresignedCredential(t *testing.T) {
	r := httptest.NewRequest("GET", "/?Action=X&X-Amz-Credential=AKIA%2F20261122%2Feu-north-1%2Frds%2Faws4_request", nil)
	if got, want := parseCredential(r), (credential{"AKIA", "eu-north-1", "rds"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

package passthrough

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/das-local/das-local/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

const authorization = "AWS4-HMAC-SHA256 Credential=test/20261122/us-east-1/%s/aws4_request, SignedHeaders=host, Signature=00"

// front is a handler that serves kinesis, kms, rds and GetCallerIdentity by "here",
// before an endpoint.
func front(t *testing.T, endpoint http.Handler) (here string, h *Handler) {
	t.Helper()
	cfg := Config{Served: []string{"kinesis", "kms", "rds"}, Actions: map[string]string{"sts": "GetCallerIdentity"},
		Logger: slog.New(slog.DiscardHandler), Patience: time.Minute,
		Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			fmt.Fprintf(w, "here %s", body)
		})}
	if endpoint != nil {
		there := httptest.NewServer(endpoint)
		t.Cleanup(there.Close)
		cfg.Target, _ = url.Parse(there.URL)
	}
	h = New(cfg)
	t.Cleanup(h.Close)
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL, h
}

type call struct{ method, path, host, body, target, scope, media string }

func (c call) request(t *testing.T, base string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), c.method, base+c.path, strings.NewReader(c.body))
	if err != nil {
		t.Fatal(err)
	}
	if c.host != "" {
		r.Host = c.host
	}
	for name, v := range map[string]string{"X-Amz-Target": c.target, "Content-Type": c.media} {
		if v != "" {
			r.Header.Set(name, v)
		}
	}
	if c.scope != "" {
		r.Header.Set("Authorization", fmt.Sprintf(authorization, c.scope))
	}
	return r
}

func do(t *testing.T, r *http.Request) (*http.Response, string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

const form = "application/x-www-form-urlencoded; charset=utf-8"

var routes = []struct {
	name string
	call call
	here bool
}{
	{"Kinesis", call{method: "POST", path: "/", target: "Kinesis_20131202.PutRecord", scope: "kinesis", media: "application/x-amz-json-1.1"}, true},
	{"KMS", call{method: "POST", path: "/", target: "TrentService.Decrypt", scope: "kms", media: "application/x-amz-json-1.1"}, true},
	{"RDS", call{method: "POST", path: "/", body: "Action=DescribeDBClusters", scope: "rds", media: form}, true},
	{"not signed", call{method: "POST", path: "/", body: "Action=DescribeDBClusters", media: form}, true},
	{"health", call{method: "GET", path: "/_das/health"}, true},
	{"STS GetCallerIdentity", call{method: "POST", path: "/", body: "Action=GetCallerIdentity&Version=2011-06-15", scope: "sts", media: form}, true},
	{"presigned GetCallerIdentity", call{method: "GET", path: "/?Action=GetCallerIdentity&X-Amz-Credential=t%2F20261122%2Fus-east-1%2Fsts%2Faws4_request"}, true},
	{"STS AssumeRole", call{method: "POST", path: "/", body: "Action=AssumeRole&Version=2011-06-15", scope: "sts", media: form}, false},
	{"DynamoDB", call{method: "POST", path: "/", body: "{}", target: "DynamoDB_20120810.ListTables", scope: "dynamodb", media: "application/x-amz-json-1.0"}, false},
	{"DynamoDB, not signed", call{method: "POST", path: "/", body: "{}", target: "DynamoDB_20120810.ListTables", media: "application/x-amz-json-1.0"}, false},
	{"DynamoDB, by a key for Kinesis", call{method: "POST", path: "/", body: "{}", target: "DynamoDB_20120810.ListTables", scope: "kinesis", media: "application/x-amz-json-1.0"}, false},
	{"SNS", call{method: "POST", path: "/", body: "Action=Publish", scope: "sns", media: form}, false},
	{"CloudWatch, RPC", call{method: "POST", path: "/service/GraniteServiceVersion20100801/operation/PutMetricData", body: "\xa0", media: "application/cbor"}, false},
	{"S3", call{method: "PUT", path: "/bucket/a%20key?x-id=PutObject", body: "data", scope: "s3"}, false},
	{"Lambda", call{method: "GET", path: "/2015-03-31/functions/", scope: "lambda"}, false},
	{"by host", call{method: "POST", path: "/", host: "sqs.us-east-1.amazonaws.com", body: "Action=ListQueues", media: form}, false},
	{"by host, served", call{method: "POST", path: "/", host: "rds.us-east-1.amazonaws.com", body: "Action=DescribeDBClusters", media: form}, true},
	{"presigned S3", call{method: "GET", path: "/b/k?X-Amz-Credential=t%2F20261122%2Fus-east-1%2Fs3%2Faws4_request"}, false},
}

func TestRoutes(t *testing.T) {
	here, _ := front(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "there %s %s %s %s %s", r.Method, r.RequestURI, r.Host, r.Header.Get("Authorization"), body)
	}))
	for _, test := range routes {
		t.Run(test.name, func(t *testing.T) {
			r := test.call.request(t, here)
			_, got := do(t, r)
			want := "here " + test.call.body
			if !test.here {
				want = fmt.Sprintf("there %s %s %s %s %s", r.Method, test.call.path, r.Host, r.Header.Get("Authorization"), test.call.body)
			}
			if got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

// TestNoEndpoint: the error is of the protocol's shape and names the flag.
func TestNoEndpoint(t *testing.T) {
	here, _ := front(t, nil)
	for _, test := range routes {
		t.Run(test.name, func(t *testing.T) {
			res, body := do(t, test.call.request(t, here))
			if test.here {
				if res.StatusCode != 200 {
					t.Errorf("%d %s", res.StatusCode, body)
				}
				return
			}
			if res.StatusCode != 400 || !strings.Contains(body, "--passthrough URL") {
				t.Errorf("%d %s", res.StatusCode, body)
			}
			media := res.Header.Get("Content-Type")
			switch test.name {
			case "SNS", "STS AssumeRole", "by host":
				if media != "text/xml" || !strings.Contains(body, "<ErrorResponse><Error><Type>Sender</Type><Code>UnknownOperationException</Code>") {
					t.Errorf("%s %s", media, body)
				}
			case "S3", "presigned S3":
				if media != "application/xml" || !strings.Contains(body, "<Error><Code>") {
					t.Errorf("%s %s", media, body)
				}
			case "DynamoDB":
				if media != "application/x-amz-json-1.0" || !strings.Contains(body, `"__type":"UnknownOperationException"`) {
					t.Errorf("%s %s", media, body)
				}
			}
		})
	}
}

func TestUnreachable(t *testing.T) {
	const dead = "http://127.0.0.1:1" // a port that nobody is given
	target, _ := url.Parse(dead)
	h := New(Config{Next: http.NotFoundHandler(), Target: target, Logger: slog.New(slog.DiscardHandler)})
	defer h.Close()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, call{method: "POST", path: "/", body: "{}", target: "DynamoDB_20120810.ListTables"}.request(t, "http://localhost"))
	if w.Code != 503 || !strings.Contains(w.Body.String(), "The endpoint of --passthrough, "+dead+", cannot be reached: ") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestSilent: an endpoint that takes a call and never answers is given up.
func TestSilent(t *testing.T) {
	gone := make(chan struct{})
	there := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
		close(gone)
	}))
	defer there.Close()
	target, _ := url.Parse(there.URL)
	h := New(Config{Next: http.NotFoundHandler(), Target: target, Logger: slog.New(slog.DiscardHandler), Patience: time.Millisecond})
	defer h.Close()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, call{method: "POST", path: "/", body: "{}", target: "DynamoDB_20120810.ListTables"}.request(t, "http://localhost"))
	if w.Code != 504 || !strings.Contains(w.Body.String(), "does not answer") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	select {
	case <-gone:
	case <-time.After(time.Minute):
		t.Error("the endpoint still has the call")
	}
}

// TestStreams: what comes goes on at once, in both directions.
func TestStreams(t *testing.T) {
	here, _ := front(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		if err := control.EnableFullDuplex(); err != nil {
			t.Error(err)
		}
		for b := make([]byte, 1); ; {
			if _, err := r.Body.Read(b); err != nil {
				return
			}
			fmt.Fprintf(w, "got %s;", b)
			control.Flush()
		}
	}))
	body, feed := io.Pipe()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, here+"/", body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", fmt.Sprintf(authorization, "transcribe"))
	go func() { fmt.Fprint(feed, "a") }()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answer := make([]byte, 6)
	for _, next := range []string{"a", "b"} {
		if next != "a" {
			fmt.Fprint(feed, next)
		}
		if _, err := io.ReadFull(res.Body, answer); err != nil || string(answer) != "got "+next+";" {
			t.Fatalf("%q %v", answer, err)
		}
	}
	feed.Close()
	_, _ = io.Copy(io.Discard, res.Body)
}

func TestCircle(t *testing.T) {
	var self *Handler
	here, h := front(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { self.ServeHTTP(w, r) }))
	self = h
	res, body := do(t, call{method: "POST", path: "/", body: "{}", target: "DynamoDB_20120810.ListTables"}.request(t, here))
	if res.StatusCode != 400 || !strings.Contains(body, "leads back to das-local itself") {
		t.Errorf("%d %s", res.StatusCode, body)
	}
}

// TestClientGoes: a client that hangs up ends the call to the endpoint.
func TestClientGoes(t *testing.T) {
	came, gone := make(chan struct{}), make(chan struct{})
	here, _ := front(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		close(came)
		<-r.Context().Done()
		close(gone)
	}))
	ctx, cancel := context.WithCancel(t.Context())
	r := call{method: "POST", path: "/", body: "{}", target: "DynamoDB_20120810.ListTables"}.request(t, here).WithContext(ctx)
	go func() { <-came; cancel() }()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	if res, err := client.Do(r); err == nil {
		res.Body.Close()
		t.Error("it was answered")
	}
	select {
	case <-gone:
	case <-time.After(time.Minute):
		t.Error("the endpoint still has the call")
	}
}

// FuzzService: whatever a request's head has, some handler answers.
func FuzzService(f *testing.F) {
	for _, test := range routes {
		f.Add(test.call.path, test.call.host, test.call.target, test.call.scope, test.call.media, test.call.body)
	}
	h := New(Config{Next: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(299) }), Served: []string{"kinesis", "kms", "rds"},
		Actions: map[string]string{"sts": "GetCallerIdentity"}, Logger: slog.New(slog.DiscardHandler)})
	f.Fuzz(func(t *testing.T, path, host, target, scope, media, body string) {
		r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader([]byte(body)))
		r.URL.Path, r.Host = path, host
		_, r.URL.RawQuery, _ = strings.Cut(path, "?")
		r.Header["X-Amz-Target"], r.Header["Content-Type"] = []string{target}, []string{media}
		r.Header["Authorization"] = []string{fmt.Sprintf(authorization, scope)}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != 299 && w.Code != 400 {
			t.Fatalf("status %d", w.Code)
		}
	})
}

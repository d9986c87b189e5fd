package emulator

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	otlp "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	spans "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// otlpCollector takes what is exported to it.
type otlpCollector struct {
	url  string
	mu   sync.Mutex
	all  []*spans.ResourceSpans
	bad  []string
	text []byte // all that came, as it was
}

func newCollector(t *testing.T) *otlpCollector {
	c := &otlpCollector{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var in otlp.ExportTraceServiceRequest
		if err == nil {
			err = proto.Unmarshal(body, &in)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if err != nil || r.Method != http.MethodPost || r.URL.Path != "/base/v1/traces" || r.Header.Get("Content-Type") != "application/x-protobuf" {
			c.bad = append(c.bad, fmt.Sprint(r.Method, r.URL, r.Header, err))
		}
		c.all, c.text = append(c.all, in.ResourceSpans...), append(c.text, body...)
		w.Header().Set("Content-Type", "application/x-protobuf")
		out, _ := proto.Marshal(&otlp.ExportTraceServiceResponse{}) // empty
		_, _ = w.Write(out)
	}))
	t.Cleanup(s.Close)
	c.url = s.URL + "/base/"
	return c
}

// described are the spans with their parents' names and their attributes.
func (c *otlpCollector) described() (list []string) {
	names, all := map[string]string{}, []*spans.Span{}
	for _, r := range c.all {
		for _, s := range r.ScopeSpans {
			all = append(all, s.Spans...)
		}
	}
	for _, s := range all {
		names[string(s.SpanId)] = s.Name
	}
	for _, s := range all {
		text := s.Name
		if len(s.ParentSpanId) > 0 {
			text += " in " + names[string(s.ParentSpanId)] + fmt.Sprintf("[%x]", s.ParentSpanId)
			if names[string(s.ParentSpanId)] != "" {
				text = s.Name + " in " + names[string(s.ParentSpanId)]
			}
		}
		for _, a := range s.Attributes {
			text += fmt.Sprintf(" %s=%v%d", a.Key, a.Value.GetStringValue(), a.Value.GetIntValue())
		}
		list = append(list, text)
	}
	return list
}

// TestTraces: calls of clients and rounds of the stream are spans, each once, calls of
// a round its children; no text of a statement is in any.
func TestTraces(t *testing.T) {
	c := newCollector(t)
	b := newBed(t, Options{Heartbeat: -1, StartStream: Sync, OTLPEndpoint: c.url})
	b.exec(b.connect(), "select 'a secret text'")
	_, err := b.kms.DescribeKey(b.within(), &kms.DescribeKeyInput{KeyId: aws.String("none")})
	wantCode(t, err, "NotFoundException")
	req, err := http.NewRequestWithContext(b.within(), "POST", b.Endpoint(), strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "Kinesis_20131202.ListStreams",
		"Traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"} {
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatal(err, resp)
	}
	resp.Body.Close()
	if err := b.Close(context.Background()); err != nil { // exports what is left
		t.Fatal(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.bad) > 0 || len(c.all) == 0 {
		t.Fatalf("%d exports; not as they should be: %q", len(c.all), c.bad)
	}
	if a := c.all[0].Resource.Attributes; !slices.ContainsFunc(a, func(a *common.KeyValue) bool {
		return a.Key == "service.name" && a.Value.GetStringValue() == "das-local"
	}) {
		t.Errorf("the resource is %v", a)
	}
	if strings.Contains(string(c.text), "secret text") {
		t.Error("the text of a statement is in a trace")
	}
	got := c.described()
	const call = " rpc.system=aws-api0 rpc.service=%s0 rpc.method=%s0"
	for _, want := range []string{
		"KMS/DescribeKey" + fmt.Sprintf(call, "KMS", "DescribeKey") + " http.response.status_code=400 error.type=NotFoundException0",
		"Kinesis/ListStreams in [b7ad6b7169203331]" + fmt.Sprintf(call, "Kinesis", "ListStreams") + " http.response.status_code=200",
		"KMS/GenerateDataKey in publish" + fmt.Sprintf(call, "KMS", "GenerateDataKey"),
	} {
		if n := count(got, want); n != 1 {
			t.Errorf("%q is there %d times in %q", want, n, got)
		}
	}
	rounds, puts, events := 0, count(got, "Kinesis/PutRecords in publish"+fmt.Sprintf(call, "Kinesis", "PutRecords")), 0
	for _, s := range got {
		var n, records int
		if _, err := fmt.Sscanf(s, "publish aws.kinesis.stream_name="+b.StreamName()+"0 das_local.events=%d das_local.records=%d", &n, &records); err == nil {
			rounds, events = rounds+1, events+n
		}
	}
	if events != 3 || rounds == 0 || puts != rounds { // CONNECT, SELECT, DISCONNECT
		t.Errorf("%d events in %d rounds with %d puts: %q", events, rounds, puts, got)
	}
}

func count(list []string, want string) (n int) {
	for _, s := range list {
		if s == want {
			n++
		}
	}
	return n
}

// TestTracesRefused: a collector that is not there is told once in the log and holds
// nobody up; an endpoint that is no URL is refused.
func TestTracesRefused(t *testing.T) {
	if _, err := Start(t.Context(), Options{OTLPEndpoint: "localhost:4318"}); err == nil || !strings.Contains(err.Error(), "is not a URL such as http://127.0.0.1:4318") {
		t.Errorf("%v", err)
	}
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	var log strings.Builder
	b := newBed(t, Options{Heartbeat: -1, StartStream: Sync, OTLPEndpoint: s.URL, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	b.exec(b.connect(), "select 1")
	if err := b.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(log.String(), "traces cannot be exported"); n != 1 {
		t.Errorf("it is told %d times: %s", n, &log)
	}
}

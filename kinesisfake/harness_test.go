package kinesisfake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/das-local/das-local/internal/awsapi"
	"github.com/das-local/das-local/internal/awsclient"
)

// standingClock is a time that stands until it is moved.
type standingClock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock() *standingClock {
	return &standingClock{t: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
}

func (c *standingClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *standingClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

func newServer(t testing.TB, cfg Config) *Server {
	t.Helper()
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// serve puts a server on an address of its own for the time of the test.
func serve(t testing.TB, s *Server) (url string) {
	t.Helper()
	url, stop := serveUntil(t, s)
	t.Cleanup(stop)
	return url
}

// serveUntil is serve for as long as the caller likes.
func serveUntil(t testing.TB, s *Server) (url string, stop func()) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() {
		served <- awsapi.Serve(ctx, ln, awsapi.NewHandler(awsapi.Config{Services: []awsapi.Service{s}}))
	}()
	return "http://" + ln.Addr().String(), func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	}
}

// newClient is AWS's SDK for Go, with its own retries.
func newClient(url string, more ...func(*kinesis.Options)) *kinesis.Client {
	return kinesis.New(kinesis.Options{
		BaseEndpoint: aws.String(url),
		Region:       "us-east-1",
		HTTPClient:   awsclient.Whole(awshttp.NewBuildableClient()),
		Credentials:  credentials.NewStaticCredentialsProvider("test", "test", ""),
	}, more...)
}

// call runs an operation as a client of the default account does. Input and
// output are the package's own structs.
func call[Out any](t testing.TB, s *Server, name string, in any) (*Out, error) {
	t.Helper()
	op := s.Operation(name)
	if op == nil {
		t.Fatalf("%s is not served", name)
	}
	out, err := op(context.Background(), s.own(), func(dst any) error {
		reflect.ValueOf(dst).Elem().Set(reflect.ValueOf(in))
		return nil
	})
	if err != nil || out == nil {
		return nil, err
	}
	return out.(*Out), nil
}

func must[Out any](t testing.TB, s *Server, name string, in any) *Out {
	t.Helper()
	out, err := call[Out](t, s, name, in)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return out
}

// wantError wants AWS's error code and a part of the text.
func wantError(t testing.TB, err error, code, text string) {
	t.Helper()
	var e *awsapi.Error
	if !errors.As(err, &e) || e.Code != code || !strings.Contains(e.Message, text) {
		t.Errorf("got  %v\nwant %s: … %s …", err, code, text)
	}
}

func ref(name string) streamRef { return streamRef{StreamName: &name} }

// iteratorAt makes an iterator for TRIM_HORIZON, LATEST, or, with a sequence
// number, the other types.
func iteratorAt(t testing.TB, s *Server, stream, shard, kind, sequence string) string {
	t.Helper()
	in := getShardIteratorInput{streamRef: ref(stream), ShardID: &shard, ShardIteratorType: &kind}
	if sequence != "" {
		in.StartingSequenceNumber = &sequence
	}
	return must[getShardIteratorOutput](t, s, "GetShardIterator", in).ShardIterator
}

func read(t testing.TB, s *Server, iterator string, limit int) *getRecordsOutput {
	t.Helper()
	return must[getRecordsOutput](t, s, "GetRecords", getRecordsInput{ShardIterator: &iterator, Limit: &limit})
}

func shardsOf(t testing.TB, s *Server, stream string) []shardOutput {
	t.Helper()
	return must[listShardsOutput](t, s, "ListShards", listShardsInput{streamRef: ref(stream)}).Shards
}

// putN stores records "0" to "n-1".
func putN(t testing.TB, s *Server, stream string, n int) {
	t.Helper()
	records := make([]Record, n)
	for i := range records {
		records[i] = Record{PartitionKey: fmt.Sprint("key", i), Data: fmt.Append(nil, i)}
	}
	if err := s.PutRecords(t.Context(), stream, records); err != nil {
		t.Fatal(err)
	}
}

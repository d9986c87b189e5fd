package emulator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	ktypes "github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/smithy-go"
	"github.com/jackc/pgx/v5"

	"github.com/das-local/das-local/internal/await"
	"github.com/das-local/das-local/internal/stream"
)

// control sends a request to the control API.
func (b *bed) control(method, path, body string, headers ...string) (status int, answer string) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.within(), method, b.Endpoint()+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// add injects a fault.
func (b *bed) add(f Fault) FaultState {
	b.t.Helper()
	s, err := b.Faults().Add(b.within(), f)
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

func (b *bed) clear(id int) {
	b.t.Helper()
	if err := b.Faults().Clear(id); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bed) hits(id int) int {
	for _, s := range b.Faults().List() {
		if s.ID == id {
			return s.Hits
		}
	}
	return -1
}

// once is a Kinesis client that does not try again.
func (b *bed) once() *kinesis.Client {
	return kinesis.NewFromConfig(b.AWSConfig(), func(o *kinesis.Options) { o.RetryMaxAttempts = 1 })
}

func (b *bed) exec(conn *pgx.Conn, sql string) {
	b.t.Helper()
	if _, err := conn.Exec(b.within(), sql); err != nil {
		b.t.Fatal(err)
	}
}

func TestFaultsByHTTP(t *testing.T) {
	b := newBed(t, Options{Heartbeat: -1})
	status, answer := b.control("POST", "/_das/faults", `{"kind":"throttle","operations":["kinesis:ListStreams"],"count":2,"duration":"1h"}`)
	if status != http.StatusCreated || !strings.HasPrefix(answer, `{"id":1,"state":"active","kind":"throttle","operations":["kinesis:ListStreams"],"caller":"both"`) {
		t.Errorf("%d %s", status, answer)
	}
	client := b.once()
	_, err := client.ListStreams(b.within(), &kinesis.ListStreamsInput{})
	wantCode(t, err, "LimitExceededException")
	var list struct {
		Faults []struct {
			State, Why string
			Hits       int
		}
	}
	for _, want := range []string{"active 1 ", "ended 2 its count is reached"} {
		status, answer = b.control("GET", "/_das/faults", "")
		if err := json.Unmarshal([]byte(answer), &list); err != nil || status != http.StatusOK || len(list.Faults) != 1 {
			t.Fatalf("%d %s: %v", status, answer, err)
		}
		f := list.Faults[0]
		if got := fmt.Sprint(f.State, " ", f.Hits, " ", f.Why); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		_, err = client.ListStreams(b.within(), &kinesis.ListStreamsInput{})
	}
	if err != nil {
		t.Errorf("after its end: %v", err)
	}
	if status, _ = b.control("DELETE", "/_das/faults/1", ""); status != http.StatusNoContent || len(b.Faults().List()) != 0 {
		t.Errorf("deleting answers %d", status)
	}
	b.control("POST", "/_das/faults", `{"kind":"error"}`)
	if status, _ = b.control("DELETE", "/_das/faults", ""); status != http.StatusNoContent || len(b.Faults().List()) != 0 {
		t.Errorf("deleting all answers %d", status)
	}
}

func TestControlRefuses(t *testing.T) {
	b := newBed(t, Options{Heartbeat: -1})
	const fault = `{"kind":"throttle"}`
	for _, c := range []struct {
		method, path, body string
		headers            []string
		status             int
		text               string
	}{
		{"POST", "/_das/faults", fault, []string{"Origin", "http://127.0.0.1:4566"}, 403, "web pages"},
		{"POST", "/_das/faults", fault, []string{"Sec-Fetch-Site", "cross-site"}, 403, "web pages"},
		{"DELETE", "/_das/faults", "", []string{"Origin", "null"}, 403, "web pages"},
		{"POST", "/_das/clock", `{"advance":"1h"}`, []string{"Origin", "http://evil.example"}, 403, "web pages"},
		{"POST", "/_das/faults", fault, []string{"Content-Type", "text/plain"}, 415, "application/json"},
		{"POST", "/_das/clock", `{"advance":"1h"}`, []string{"Content-Type", ""}, 415, "application/json"},
		{"POST", "/_das/faults", `{"kind":"quake"}`, nil, 400, "must be one of clock-jump"},
		{"POST", "/_das/faults", `{"kind":"throttle","operations":["kinesis:Nope"]}`, nil, 400, "is not served"},
		{"POST", "/_das/faults", `{"kind":"disk-full"}`, nil, 400, "needs a data directory: start das-local with --data-dir"},
		{"POST", "/_das/faults", `{"kind":"reshard","stream":"none"}`, nil, 400, "not found"},
		{"POST", "/_das/faults", strings.Repeat(" ", maxControlBody+1), nil, 400, "too large"},
		{"POST", "/_das/faults", fault[:9], nil, 400, "unexpected EOF"},
		{"POST", "/_das/clock", `{"advance":"2 hours"}`, nil, 400, `of the form {\"advance\": \"2h30m\"}`},
		{"POST", "/_das/clock", `{"advance":"-2h"}`, nil, 400, "time does not go back"},
		{"POST", "/_das/clock", `{"advance":"2000000h"}`, nil, 400, "ahead"},
		{"POST", "/_das/clock", `{"by":"2h"}`, nil, 400, "unknown field"},
		{"POST", "/_das/clock", `{"advance":"2h"}{"advance":"2h"}`, nil, 400, "there is more behind the object"},
		{"POST", "/_das/clock", `{"advance":"2h"}}`, nil, 400, "there is more behind the object"},
		{"POST", "/_das/clock", "{\"advance\":\"2h\"}\nand so on", nil, 400, "there is more behind the object"},
		{"POST", "/_das/faults", `{"kind":"throttle"}{"kind":"error"}`, nil, 400, "there is more behind the object"},
		{"DELETE", "/_das/faults/7", "", nil, 404, "no such fault: 7"},
		{"DELETE", "/_das/faults/x", "", nil, 400, "is not the number of a fault"},
	} {
		status, answer := b.control(c.method, c.path, c.body, c.headers...)
		if status != c.status || !strings.Contains(answer, c.text) {
			t.Errorf("%s %s %.50s %q: %d %s", c.method, c.path, c.body, c.headers, status, answer)
		}
	}
	if list := b.Faults().List(); len(list) != 0 || b.Clock().Ahead() != 0 {
		t.Errorf("something was done: %v, %v", list, b.Clock().Ahead())
	}
}

// TestThrottledPublisher: it is a window of loss like any other, and clients do not
// meet a fault that is not theirs.
func TestThrottledPublisher(t *testing.T) {
	t.Parallel()
	b := newBed(t, failing(stream.Sync, ""))
	conn := b.connect()
	f := b.add(Fault{Kind: "throttle", Caller: "das-local"})
	b.exec(conn, "select 'kept', 1")
	if m := b.awaitMessage("activity events might be lost"); !strings.Contains(m, "ProvisionedThroughputExceededException: Rate exceeded (das-local fault 1)") {
		t.Errorf("the cause is not told: %s", m)
	}
	if _, err := b.once().PutRecord(b.within(), &kinesis.PutRecordInput{StreamName: aws.String(b.StreamName()), PartitionKey: aws.String("k"), Data: []byte("x")}); err != nil {
		t.Errorf("a client: %v", err)
	}
	if b.hits(f.ID) == 0 {
		t.Error("no hit is counted")
	}
	b.clear(f.ID)
	if m := b.awaitMessage("activity events are durable again"); !strings.HasSuffix(m, "Events lost: 0") {
		t.Error(m)
	}
	b.exec(conn, "select 'kept', 2")
}

// TestDeniedKey: das-local is denied the key as well as clients are.
func TestDeniedKey(t *testing.T) {
	b := newBed(t, Options{Heartbeat: -1})
	f := b.add(Fault{Kind: "kms-denied", Error: "DisabledException"})
	_, err := b.kms.Decrypt(b.within(), &kms.DecryptInput{CiphertextBlob: []byte("x")})
	wantCode(t, err, "DisabledException")
	_, err = b.rds.StartActivityStream(b.within(), &rds.StartActivityStreamInput{ResourceArn: aws.String(b.ClusterARN()),
		Mode: types.ActivityStreamModeSync, KmsKeyId: aws.String(b.KeyARN()), ApplyImmediately: aws.Bool(true)})
	if err == nil {
		t.Error("a stream starts with a key that is denied")
	}
	b.clear(f.ID)
	b.startStream(types.ActivityStreamModeSync, true)
	b.awaitStatus("available started available")
	b.add(Fault{Kind: "kms-denied", Operations: []string{"GetRecords"}})
	it, err := b.once().GetShardIterator(b.within(), &kinesis.GetShardIteratorInput{StreamName: aws.String(b.StreamName()),
		ShardId: aws.String("shardId-000000000000"), ShardIteratorType: ktypes.ShardIteratorTypeLatest})
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.once().GetRecords(b.within(), &kinesis.GetRecordsInput{ShardIterator: it.ShardIterator})
	wantCode(t, err, "KMSAccessDeniedException")
}

// TestDelays go by the emulator's clock, and end when the fault is cleared.
func TestDelays(t *testing.T) {
	b := newBed(t, Options{Heartbeat: -1, StartStream: stream.Async})
	client := b.once()
	it, err := client.GetShardIterator(b.within(), &kinesis.GetShardIteratorInput{StreamName: aws.String(b.StreamName()),
		ShardId: aws.String("shardId-000000000000"), ShardIteratorType: ktypes.ShardIteratorTypeTrimHorizon})
	if err != nil {
		t.Fatal(err)
	}
	// Shorter than an iterator lives.
	f := b.add(Fault{Kind: "slow-consumer", Delay: 2 * time.Minute})
	done := make(chan error, 1)
	for i, end := range []func(){
		func() {
			if err := b.Clock().Advance(2 * time.Minute); err != nil {
				t.Error(err)
			}
		},
		func() { b.clear(f.ID) },
	} {
		go func() {
			_, err := client.GetRecords(b.within(), &kinesis.GetRecordsInput{ShardIterator: it.ShardIterator})
			done <- err
		}()
		await.True(t, "the call to be hit", func() bool { return b.hits(f.ID) == i+1 })
		select {
		case err := <-done:
			t.Fatalf("answered at once: %v", err)
		default:
		}
		end()
		if err := await.Receive(t, "the answer", done); err != nil {
			t.Error(err)
		}
	}
}

// TestEndWithinDelay: who waits for a delay when the emulator ends is told that there is
// no service, or is cut off. It is no failure.
func TestEndWithinDelay(t *testing.T) {
	var logged bytes.Buffer
	b := newBed(t, Options{Heartbeat: -1, Logger: slog.New(slog.NewTextHandler(&logged, nil))})
	f := b.add(Fault{Kind: "delay", Operations: []string{"kinesis:ListStreams"}, Delay: time.Hour})
	done := make(chan error, 1)
	client := b.once()
	go func() {
		_, err := client.ListStreams(context.Background(), nil)
		done <- err
	}()
	await.True(t, "the call to be hit", func() bool { return b.hits(f.ID) == 1 })
	if err := b.Close(b.within()); err != nil {
		t.Error(err)
	}
	err := await.Receive(t, "the answer", done)
	var api smithy.APIError
	if err == nil || errors.As(err, &api) && api.ErrorCode() != "ServiceUnavailable" {
		t.Errorf("got %v, want ServiceUnavailable", err)
	}
	if text := logged.String(); strings.Contains(text, "operation failed") {
		t.Errorf("the log tells of a failure:\n%s", text)
	}
}

// TestDuplicates: what the publisher takes for lost is in the stream twice, and a page
// comes to the consumer twice.
func TestDuplicates(t *testing.T) {
	b := newBed(t, Options{Heartbeat: -1, StartStream: stream.Sync})
	conn := b.connect()
	b.add(Fault{Kind: "duplicate", Operations: []string{"PutRecords"}, Count: 1})
	b.exec(conn, "select 'twice'")
	b.exec(conn, "select 'last'")
	if got := b.texts("select 'last'", "twice"); len(got) != 2 {
		t.Errorf("read %q", got)
	}
	client := b.once()
	out, err := client.GetShardIterator(b.within(), &kinesis.GetShardIteratorInput{StreamName: aws.String(b.StreamName()),
		ShardId: aws.String("shardId-000000000000"), ShardIteratorType: ktypes.ShardIteratorTypeTrimHorizon})
	if err != nil {
		t.Fatal(err)
	}
	b.add(Fault{Kind: "duplicate", Operations: []string{"GetRecords"}, Count: 1})
	var firsts []string
	for it := out.ShardIterator; len(firsts) < 3; {
		page, err := client.GetRecords(b.within(), &kinesis.GetRecordsInput{ShardIterator: it, Limit: aws.Int32(1)})
		if err != nil || len(page.Records) != 1 {
			t.Fatalf("%d records, %v", len(page.Records), err)
		}
		firsts, it = append(firsts, *page.Records[0].SequenceNumber), page.NextShardIterator
	}
	if firsts[0] != firsts[1] || firsts[1] == firsts[2] {
		t.Errorf("pages begin with %q", firsts)
	}
}

// TestReshardingUnderWay: the stream is UPDATING for as long as the fault lasts, and
// events go on.
func TestReshardingUnderWay(t *testing.T) {
	b := newBed(t, Options{Heartbeat: -1, StartStream: stream.Sync, Seed: 3})
	conn := b.connect()
	status := func() string {
		out, err := b.once().DescribeStreamSummary(b.within(), &kinesis.DescribeStreamSummaryInput{StreamName: aws.String(b.StreamName())})
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(out.StreamDescriptionSummary.StreamStatus, " ", *out.StreamDescriptionSummary.OpenShardCount)
	}
	b.exec(conn, "select 'kept', 1")
	b.add(Fault{Kind: "reshard", Duration: time.Minute})
	if got := status(); got != "UPDATING 2" {
		t.Error(got)
	}
	b.exec(conn, "select 'kept', 2")
	if _, err := b.Faults().Add(t.Context(), Fault{Kind: "reshard"}); err == nil || !strings.Contains(err.Error(), "not ACTIVE") {
		t.Errorf("another one meanwhile: %v", err)
	}
	if err := b.Clock().Advance(time.Minute); err != nil {
		t.Fatal(err)
	}
	if got := status(); got != "ACTIVE 2" {
		t.Error(got)
	}
	f := b.add(Fault{Kind: "reshard", Duration: time.Hour})
	b.clear(f.ID)
	if got := status(); !strings.HasPrefix(got, "ACTIVE") {
		t.Error(got)
	}
	b.exec(conn, "select 'kept', 3")
	seen := map[string]bool{}
	for event, err := range b.Events(b.within()) { // the order is that of the shards
		if err != nil {
			t.Fatal(err)
		}
		if event.CommandText != nil {
			seen[*event.CommandText] = true
		}
		if seen["select 'kept', 1"] && seen["select 'kept', 2"] && seen["select 'kept', 3"] {
			break
		}
	}
}

// TestDiskFaults: the window is told, and nothing that was kept is lost.
func TestDiskFaults(t *testing.T) {
	t.Parallel()
	for _, kind := range []Fault{{Kind: "disk-full"}, {Kind: "fsync-error"}, {Kind: "short-write"}} {
		t.Run(string(kind.Kind), func(t *testing.T) {
			t.Parallel()
			o := failing(stream.Sync, "")
			o.DataDir = dataDir(t)
			b := newBed(t, o)
			conn := b.connect()
			b.exec(conn, "select 'kept', 1")
			b.add(kind)
			b.exec(conn, "select 'kept', 2")
			if b.hits(1) == 0 {
				t.Error("no hit is counted")
			}
			b.clear(0)
			if m := b.awaitMessage("activity events are durable again"); !strings.HasSuffix(m, "Events lost: 0") {
				t.Error(m)
			}
			b.exec(conn, "select 'kept', 3")
			if got := b.texts("select 'kept', 3", "kept"); len(got) != 3 {
				t.Errorf("events %q", got)
			}
		})
	}
}

package lambda

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/das-local/das-local/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

const (
	shard  = "shardId-000000000003"
	stream = "arn:aws:kinesis:eu-west-1:123456789012:stream/aws-rds-das-cluster-X"
)

// records are n with a text each, under the sequence numbers 1 to n.
func records(n int, text string) (list []types.Record) {
	for i := range n {
		list = append(list, types.Record{SequenceNumber: aws.String(fmt.Sprint(i + 1)), PartitionKey: aws.String("p"), Data: []byte(text),
			ApproximateArrivalTimestamp: aws.Time(time.UnixMilli(1_545_084_650_987))})
	}
	return list
}

func source(t *testing.T, form Form) *Source {
	t.Helper()
	s, err := NewSource(form, stream)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestKinesisEvent compares with the example of Lambda's developer guide, member by member.
func TestKinesisEvent(t *testing.T) {
	got, err := source(t, Kinesis).Event(shard, records(1, "Hello"))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"Records":[{"awsRegion":"eu-west-1","eventID":"shardId-000000000003:1","eventName":"aws:kinesis:record","eventSource":"aws:kinesis",` +
		`"eventSourceARN":"` + stream + `","eventVersion":"1.0","invokeIdentityArn":"arn:aws:iam::123456789012:role/das-local",` +
		`"kinesis":{"approximateArrivalTimestamp":1545084650.987,"data":"SGVsbG8=","partitionKey":"p","sequenceNumber":"1","kinesisSchemaVersion":"1.0"}}]}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestFirehoseEvent(t *testing.T) {
	got, err := source(t, Firehose).Event(shard, records(2, "Hello"))
	if err != nil {
		t.Fatal(err)
	}
	var e struct {
		InvocationID, DeliveryStreamArn, SourceKinesisStreamArn, Region string
		Records                                                         []struct {
			RecordID                    string
			ApproximateArrivalTimestamp int64
			Data                        []byte
			KinesisRecordMetadata       struct {
				ShardID, PartitionKey, SequenceNumber string
				ApproximateArrivalTimestamp           int64
			}
		}
	}
	if err := json.Unmarshal(got, &e); err != nil {
		t.Fatal(err)
	}
	if e.InvocationID == "" || e.SourceKinesisStreamArn != stream || e.Region != "eu-west-1" || !strings.HasPrefix(e.DeliveryStreamArn, "arn:aws:firehose:eu-west-1:123456789012:deliverystream/") ||
		len(e.Records) != 2 || e.Records[0].RecordID == e.Records[1].RecordID {
		t.Errorf("%s", got)
	}
	if r := e.Records[1]; string(r.Data) != "Hello" || r.ApproximateArrivalTimestamp != 1_545_084_650_987 || r.KinesisRecordMetadata.ShardID != shard || r.KinesisRecordMetadata.SequenceNumber != "2" {
		t.Errorf("%+v", r)
	}
}

func TestSourceIsRefused(t *testing.T) {
	for _, arn := range []string{"", "aws-rds-das-cluster-X", "arn:aws:rds:us-east-1:1:cluster:c", "arn:aws:kinesis:us-east-1:1:consumer/c"} {
		if _, err := NewSource(Kinesis, arn); err == nil {
			t.Errorf("%q is taken", arn)
		}
	}
	if _, err := NewSource("sqs", stream); err == nil {
		t.Error("another service is taken")
	}
}

// TestFit: no event is longer than Lambda hands over, but that of one record.
func TestFit(t *testing.T) {
	for _, c := range []struct{ n, bytes, want int }{{3, 10, 3}, {100, 40 << 10, 100}, {10, 1 << 20, 4}, {2, 5 << 20, 1}, {2000, 1000, 1858}} {
		list := records(c.n, strings.Repeat("x", c.bytes))
		n := Fit(list)
		if n != c.want {
			t.Errorf("%d of %d bytes: %d, not %d", c.n, c.bytes, n, c.want)
		}
		event, err := source(t, Firehose).Event(shard, list[:n])
		if err != nil || n > 1 && len(event) > maxPayload {
			t.Errorf("%d of %d bytes: an event of %d, %v", n, c.bytes, len(event), err)
		}
	}
}

func TestAnswers(t *testing.T) {
	failures := func(items string) string { return `{"batchItemFailures":[` + items + `]}` }
	one := func(id, result string) string {
		return fmt.Sprintf(`{"recordId":%q,"result":%q,"data":"eA=="}`, id+"000000", result)
	}
	for _, c := range []struct {
		form   Form
		answer string
		done   int    // of three
		err    string // in the error
	}{
		{Kinesis, `null`, 3, ""}, {Kinesis, ``, 3, ""}, {Kinesis, `"done"`, 3, ""}, {Kinesis, `{"batchItemFailures":null}`, 3, ""}, {Kinesis, failures(""), 3, ""},
		{Kinesis, failures(`{"itemIdentifier":"2"}`), 1, "reports 1 of 3"}, {Kinesis, failures(`{"itemIdentifier":"3"},{"itemIdentifier":"1"}`), 0, "reports 2 of 3"},
		{Kinesis, failures(`{"itemIdentifier":"9"}`), 0, `reports "9"`}, {Kinesis, failures(`{"itemIdentifier":""}`), 0, `reports ""`}, {Kinesis, failures(`{"id":"2"}`), 0, `reports ""`},
		{Kinesis, failures(`{"ItemIdentifier":"2"}`), 0, `reports ""`}, {Kinesis, `{"BatchItemFailures":[{"itemIdentifier":"2"}]}`, 3, ""},
		{Kinesis, failures(`{"itemIdentifier":2}`), 0, "itemIdentifier"}, {Kinesis, failures(`"2"`), 0, `reports "2" as failed, which is no item`},
		{Kinesis, `{"batchItemFailures":{"itemIdentifier":"2"}}`, 0, "no list of failures"}, {Kinesis, failures(`null`), 0, `reports ""`},
		{Firehose, `{"Records":[]}`, 0, "lacks 3 of 3"}, {Firehose, `{"records":[{"RecordId":"1000000","result":"Dropped"}]}`, 0, `recordId ""`},
		{Firehose, `{"records":[` + one("3", "Ok") + "," + one("1", "Dropped") + "," + one("2", "ProcessingFailed") + `]}`, 3, ""},
		{Firehose, `{"records":[` + one("1", "Ok") + `]}`, 0, "lacks 2 of 3"}, {Firehose, `null`, 0, "lacks 3 of 3"}, {Firehose, `[]`, 0, "not that of a transformation"},
		{Firehose, `{"records":[` + one("1", "Ok") + "," + one("1", "Ok") + `]}`, 0, "answered already"}, {Firehose, `{"records":[` + one("1", "OK") + `]}`, 0, `the result "OK"`},
		{Firehose, `{"records":[{"recordId":"1000000","result":"Ok"}]}`, 0, "no data"}, {Firehose, `{"records":[{"recordId":"1000000","result":"Ok","data":"?"}]}`, 0, "not that of a transformation"},
	} {
		n, err := source(t, c.form).done([]byte(c.answer), records(3, "x"))
		if n != c.done || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s %s: %d, %v; want %d, %q", c.form, c.answer, n, err, c.done, c.err)
		}
	}
}

// function is one that answers call by call.
func function(t *testing.T, answer func(call int, got []string) (status int, body string)) (f *Function, calls *[][]string) {
	t.Helper()
	calls = new([][]string)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var e struct {
			Records []struct {
				Kinesis struct{ Data, SequenceNumber string }
			}
		}
		body, err := io.ReadAll(r.Body)
		if err = errors.Join(err, json.Unmarshal(body, &e)); err != nil {
			t.Error(err)
		}
		var got []string
		for _, one := range e.Records {
			if _, err := base64.StdEncoding.DecodeString(one.Kinesis.Data); err != nil {
				t.Error(err)
			}
			got = append(got, one.Kinesis.SequenceNumber)
		}
		*calls = append(*calls, got)
		status, text := answer(len(*calls), got)
		w.WriteHeader(status)
		fmt.Fprint(w, text)
	}))
	t.Cleanup(server.Close)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	return &Function{URL: server.URL, Source: source(t, Kinesis), Retries: 2, Backoff: time.Microsecond, Logger: slog.New(slog.DiscardHandler)}, calls
}

// TestDeliver: a batch goes over again from the first record that failed, however it did.
func TestDeliver(t *testing.T) {
	f, calls := function(t, func(call int, got []string) (int, string) {
		switch call {
		case 1:
			return 200, `{"batchItemFailures":[{"itemIdentifier":"3"}]}`
		case 2:
			return 200, `{"errorMessage":"no","errorType":"ValueError","stackTrace":[]}`
		}
		return 200, `{"ErrorMessage":"none"}`
	})
	var done []string
	err := f.Deliver(t.Context(), shard, records(4, "x"), func(c Call) error {
		done = append(done, fmt.Sprintf("%s-%s %d after %d: %s", c.First, c.Last, c.Records, c.Attempts, c.Answer))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := [][]string{{"1", "2", "3", "4"}, {"3", "4"}, {"3", "4"}}; !slices.EqualFunc(*calls, want, slices.Equal) {
		t.Errorf("it was called with %v", *calls)
	}
	if want := []string{`1-2 2 after 1: {"batchItemFailures":[{"itemIdentifier":"3"}]}`, `3-4 2 after 3: {"ErrorMessage":"none"}`}; !slices.Equal(done, want) {
		t.Errorf("done: %q", done)
	}
}

// TestDeliverGivesUp: after the retries, with the cause.
func TestDeliverGivesUp(t *testing.T) {
	for _, c := range []struct {
		status       int
		answer, want string
		calls        int
	}{
		{200, `{"errorMessage":"no","errorType":"ValueError"}`, "called 3 times: ValueError: no", 3},
		{502, `{"errorMessage":"ended"}`, "called 3 times: ended", 3},
		{404, "no such function", `status 404 Not Found: "no such function"`, 3},
		{200, `{"batchItemFailures":[{"itemIdentifier":"2"}]}`, "with 1 records of " + shard + ", from sequence number 2 on", 3},
		{200, strings.Repeat("x", maxAnswer+1), "longer than the 6 MB", 3},
	} {
		f, calls := function(t, func(int, []string) (int, string) { return c.status, c.answer })
		err := f.Deliver(t.Context(), shard, records(2, "x"), func(Call) error { return nil })
		if err == nil || !strings.Contains(err.Error(), c.want) || len(*calls) != c.calls {
			t.Errorf("%.60s: %d calls, %.300v", c.answer, len(*calls), err)
		}
	}
}

// TestRedirection: an answer that is not the function's takes no record off the stream.
func TestRedirection(t *testing.T) {
	f, _ := function(t, func(int, []string) (int, string) { return 200, "null" })
	mux := http.NewServeMux()
	mux.Handle("POST /", http.RedirectHandler("/elsewhere", http.StatusFound))
	mux.HandleFunc("GET /elsewhere", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "null") })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	f.URL, f.Retries = server.URL, 0
	err := f.Deliver(t.Context(), shard, records(1, "x"), func(c Call) error { t.Errorf("done: %+v", c); return nil })
	if err == nil || !strings.Contains(err.Error(), "status 302") {
		t.Errorf("%v", err)
	}
}

// TestDeliverEnds: with its context, and when nobody takes the calls.
func TestDeliverEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	f, _ := function(t, func(int, []string) (int, string) { cancel(); return 500, "" })
	f.Retries = -1
	if err := f.Deliver(ctx, shard, records(1, "x"), func(Call) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("ended: %v", err)
	}
	f, _ = function(t, func(int, []string) (int, string) { return 200, "1" })
	broken := errors.New("broken pipe")
	if err := f.Deliver(t.Context(), shard, records(1, "x"), func(Call) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("not taken: %v", err)
	}
}

func TestNobodyAnswers(t *testing.T) {
	server := httptest.NewServer(nil)
	server.Close()
	f := &Function{URL: server.URL, Source: source(t, Kinesis), Logger: slog.New(slog.DiscardHandler)}
	if err := f.Deliver(t.Context(), shard, records(1, "x"), nil); err == nil || !strings.Contains(err.Error(), "start the function first") {
		t.Errorf("%v", err)
	}
}

// FuzzAnswer: no answer takes more records off the stream than there are, or fewer
// without a word.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"batchItemFailures":[{"itemIdentifier":"2"}]}`))
	f.Add([]byte(`{"records":[{"recordId":"1000000","result":"Ok","data":""}]}`))
	f.Add([]byte(`{"errorMessage":null,"errorType":""}`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		list := records(3, "x")
		for _, form := range []Form{Kinesis, Firehose} {
			if n, err := source(t, form).done(answer, list); n < 0 || n > len(list) || (n < len(list)) != (err != nil) {
				t.Errorf("%s: %d, %v", form, n, err)
			}
		}
		_ = failure(answer)
		if !json.Valid(shown(answer)) {
			t.Error("what is shown is no JSON")
		}
	})
}

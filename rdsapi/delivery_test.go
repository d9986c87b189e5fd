package rdsapi

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/das-local/das-local/internal/await"
)

const topicARN = "arn:aws:sns:us-east-1:000000000000:das"

// sink is an HTTP server that RDS events are posted to.
type sink struct {
	url    string
	answer func(n int) int // status of the n-th request, from 1; nil: 200
	posts  chan post
}

type post struct {
	header http.Header
	body   string
}

func newSink(t *testing.T, answer func(n int) int) *sink {
	t.Helper()
	s := &sink{answer: answer, posts: make(chan post, 100)}
	var mu sync.Mutex
	n := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		n++
		status := 200
		if s.answer != nil {
			status = s.answer(n)
		}
		mu.Unlock()
		w.WriteHeader(status)
		select {
		case s.posts <- post{r.Header, string(body)}:
		case <-r.Context().Done(): // nobody looks any more
		}
	}))
	t.Cleanup(server.Close)
	s.url = server.URL + "/hook"
	return s
}

func (s *sink) next(t *testing.T) post {
	t.Helper()
	return await.Receive(t, "a post", s.posts)
}

func (b *bench) subscribe(t *testing.T, in *rds.CreateEventSubscriptionInput) {
	t.Helper()
	in.SubscriptionName, in.SnsTopicArn = aws.String("das-events"), aws.String(topicARN)
	out, err := b.rds.CreateEventSubscription(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if s := out.EventSubscription; *s.Status != "creating" || *s.EventSubscriptionArn != "arn:aws:rds:us-east-1:000000000000:es:das-events" || *s.CustomerAwsId != "000000000000" {
		t.Errorf("create answers %+v", s)
	}
}

// TestSNSDelivery subscribes to the configuration changes of clusters.
func TestSNSDelivery(t *testing.T) {
	sns := newSink(t, nil)
	begin := time.Now().Truncate(time.Millisecond)
	b := withCluster(t, Config{Topics: map[string]string{"das": sns.url}})
	b.subscribe(t, &rds.CreateEventSubscriptionInput{SourceType: aws.String("db-cluster"), EventCategories: []string{"configuration change"}, SourceIds: []string{"my-cluster"}})
	var n struct {
		Type, MessageId, TopicArn, Subject, Message, Timestamp, SignatureVersion string
		MessageAttributes                                                        map[string]struct{ Type, Value string }
	}
	p := sns.next(t)
	if err := json.Unmarshal([]byte(p.body), &n); err != nil || n.Message != "This is a message to notify that RDS will attempt to send you event notifications of type db-cluster to the topic "+topicARN {
		t.Errorf("the first notification: %s, %v", p.body, err)
	}
	b.RecordLossEnd("my-cluster", Loss{}) // of another category
	if err := b.StartStream(t.Context(), "my-cluster", "async", keyID); err != nil {
		t.Fatal(err)
	}
	p = sns.next(t)
	if err := json.Unmarshal([]byte(p.body), &n); err != nil {
		t.Fatal(err)
	}
	if h := p.header; h.Get("x-amz-sns-message-type") != "Notification" || h.Get("x-amz-sns-topic-arn") != topicARN || h.Get("x-amz-sns-message-id") != n.MessageId ||
		h.Get("Content-Type") != "text/plain; charset=UTF-8" {
		t.Errorf("header %v", h)
	}
	if n.Type != "Notification" || n.TopicArn != topicARN || n.Subject != "RDS Notification Message" || n.SignatureVersion != "1" || n.MessageId == "" ||
		n.MessageAttributes["EventID"].Value != "RDS-EVENT-0179" || n.MessageAttributes["Resource"].Value != clusterARN || n.MessageAttributes["Resource"].Type != "String" {
		t.Errorf("notification %s", p.body)
	}
	var m map[string]any
	if err := json.Unmarshal([]byte(n.Message), &m); err != nil {
		t.Fatal(err)
	}
	at, err := time.Parse("2006-01-02 15:04:05.000", m["Event Time"].(string))
	if err != nil || at.Before(begin) || at.After(time.Now()) {
		t.Errorf("Event Time %v, %v", m["Event Time"], err)
	}
	for key, want := range map[string]string{"Event Source": "db-cluster", "Source ID": "my-cluster", "Source ARN": clusterARN,
		"Event ID":      "http://docs.amazonwebservices.com/AmazonRDS/latest/UserGuide/USER_Events.html#RDS-EVENT-0179",
		"Event Message": "Database Activity Streams is started on your database cluster."} {
		if m[key] != want {
			t.Errorf("%s is %v, want %s", key, m[key], want)
		}
	}
	if link, _ := m["Identifier Link"].(string); !strings.HasPrefix(link, "https://console.aws.amazon.com/rds/home?region=us-east-1#") {
		t.Errorf("Identifier Link %s", link)
	}
}

// TestEventBridgeDelivery needs no subscription.
func TestEventBridgeDelivery(t *testing.T) {
	begin := time.Now().Truncate(time.Millisecond)
	bus := newSink(t, nil)
	b := withCluster(t, Config{EventBuses: []string{bus.url}})
	if _, err := b.rds.AddTagsToResource(t.Context(), &rds.AddTagsToResourceInput{ResourceName: aws.String(clusterARN),
		Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("audit")}}}); err != nil {
		t.Fatal(err)
	}
	b.RecordLossEnd("my-cluster", Loss{})
	type shape struct {
		Version, ID, Source, Account, Time, Region string
		DetailType                                 string `json:"detail-type"`
		Resources                                  []string
		Detail                                     struct {
			EventCategories                                                 []string
			SourceType, SourceArn, Date, Message, SourceIdentifier, EventID string
			Tags                                                            map[string]string
		}
	}
	var got []shape
	for range 3 {
		var e shape
		p := bus.next(t)
		if err := json.Unmarshal([]byte(p.body), &e); err != nil || p.header.Get("Content-Type") != "application/json" {
			t.Fatal(err, p)
		}
		got = append(got, e)
	}
	const instanceARN = "arn:aws:rds:us-east-1:000000000000:db:my-cluster-instance-1"
	if e := got[1]; e.DetailType != "RDS DB Instance Event" || e.Detail.SourceType != "DB_INSTANCE" || e.Detail.EventID != "RDS-EVENT-0005" ||
		e.Resources[0] != instanceARN || e.Detail.SourceArn != instanceARN || e.Detail.SourceIdentifier != "my-cluster-instance-1" {
		t.Errorf("event of the instance: %+v", e)
	}
	e := got[2]
	if e.Version != "0" || e.ID == "" || e.Source != "aws.rds" || e.Account != "000000000000" || e.Region != "us-east-1" ||
		e.DetailType != "RDS DB Cluster Event" || len(e.Resources) != 1 || e.Resources[0] != clusterARN ||
		e.Detail.SourceType != "CLUSTER" || e.Detail.EventID != "DAS-LOCAL-0003" || e.Detail.EventCategories[0] != "notification" ||
		e.Detail.SourceIdentifier != "my-cluster" || e.Detail.Tags["team"] != "audit" {
		t.Errorf("event of the cluster: %+v", e)
	}
	if at, err := time.Parse(time.RFC3339, e.Time); err != nil || at.Nanosecond() != 0 {
		t.Errorf("time %s", e.Time)
	}
	if at, err := time.Parse("2006-01-02T15:04:05.000Z", e.Detail.Date); err != nil || at.Before(begin) || at.After(time.Now()) {
		t.Errorf("Date %s", e.Detail.Date)
	}
}

// TestDeliveryTriesAgain: a failure is no loss, a long one is, and order is kept.
func TestDeliveryTriesAgain(t *testing.T) {
	bus := newSink(t, func(n int) int {
		if n <= 2 {
			return 503
		}
		return 204
	})
	b := start(t, Config{EventBuses: []string{bus.url}})
	for _, id := range []string{"c-1", "c-2"} {
		if _, err := b.CreateCluster(t.Context(), ClusterOptions{ID: id}); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []string{"c-1", "c-1", "c-1", "c-2"} {
		if p := bus.next(t); !strings.Contains(p.body, `"SourceIdentifier":"`+want+`"`) {
			t.Errorf("request %d: %s", i, p.body)
		}
	}
}

// TestDeliveryBlocksNothing: an address that never answers holds up neither the
// API, nor another address, nor the end.
func TestDeliveryBlocksNothing(t *testing.T) {
	hang := make(chan struct{})
	stuck := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	t.Cleanup(func() { close(hang); stuck.Close() })
	bus := newSink(t, nil)
	t.Run("", func(t *testing.T) { // its end waits for that of Run
		b := start(t, Config{EventBuses: []string{stuck.URL, bus.url}, deliveryTimeout: time.Hour})
		if _, err := b.CreateCluster(t.Context(), ClusterOptions{ID: "c"}); err != nil {
			t.Fatal(err)
		}
		for range 2 * maxQueued { // more than may wait
			b.RecordLossEnd("c", Loss{})
		}
		for range 10 {
			bus.next(t)
		}
	})
}

func TestSubscriptionErrors(t *testing.T) {
	sns := newSink(t, nil)
	b := withCluster(t, Config{Topics: map[string]string{"das": sns.url}})
	ctx := t.Context()
	for _, tt := range []struct {
		name, code string
		status     int
		change     func(*rds.CreateEventSubscriptionInput)
	}{
		{"no topic ARN", "SNSInvalidTopic", 400, func(in *rds.CreateEventSubscriptionInput) { in.SnsTopicArn = aws.String("das") }},
		{"topic", "SNSTopicArnNotFound", 404, func(in *rds.CreateEventSubscriptionInput) { in.SnsTopicArn = aws.String(topicARN + "x") }},
		{"source type", "InvalidParameterValue", 400, func(in *rds.CreateEventSubscriptionInput) { in.SourceType = aws.String("database") }},
		{"category", "SubscriptionCategoryNotFound", 404, func(in *rds.CreateEventSubscriptionInput) {
			in.SourceType, in.EventCategories = aws.String("db-cluster"), []string{"low storage"}
		}},
		{"category without type", "InvalidParameterCombination", 400, func(in *rds.CreateEventSubscriptionInput) { in.EventCategories = []string{"failure"} }},
		{"source", "SourceNotFound", 404, func(in *rds.CreateEventSubscriptionInput) {
			in.SourceType, in.SourceIds = aws.String("db-instance"), []string{"my-cluster"}
		}},
		{"source without type", "InvalidParameterCombination", 400, func(in *rds.CreateEventSubscriptionInput) { in.SourceIds = []string{"my-cluster"} }},
		{"name", "InvalidParameterValue", 400, func(in *rds.CreateEventSubscriptionInput) { in.SubscriptionName = aws.String("a--b") }},
	} {
		in := &rds.CreateEventSubscriptionInput{SubscriptionName: aws.String("s"), SnsTopicArn: aws.String(topicARN)}
		tt.change(in)
		_, err := b.rds.CreateEventSubscription(ctx, in)
		t.Run(tt.name, func(t *testing.T) { wantError(t, err, tt.code, tt.status, "*") })
	}
	b.subscribe(t, &rds.CreateEventSubscriptionInput{})
	_, err := b.rds.CreateEventSubscription(ctx, &rds.CreateEventSubscriptionInput{SubscriptionName: aws.String("das-events"), SnsTopicArn: aws.String(topicARN)})
	wantError(t, err, "SubscriptionAlreadyExist", 400, "*")
	for range maxSubscriptions - 1 {
		name := "s" + strings.Repeat("x", len(b.subscriptions))
		if _, err := b.rds.CreateEventSubscription(ctx, &rds.CreateEventSubscriptionInput{SubscriptionName: &name, SnsTopicArn: aws.String(topicARN)}); err != nil {
			t.Fatal(err)
		}
	}
	_, err = b.rds.CreateEventSubscription(ctx, &rds.CreateEventSubscriptionInput{SubscriptionName: aws.String("one-more"), SnsTopicArn: aws.String(topicARN)})
	wantError(t, err, "EventSubscriptionQuotaExceeded", 400, "*")
	_, err = b.rds.DeleteEventSubscription(ctx, &rds.DeleteEventSubscriptionInput{SubscriptionName: aws.String("nope")})
	wantError(t, err, "SubscriptionNotFound", 404, "*")
}

func TestBadAddresses(t *testing.T) {
	for name, cfg := range map[string]Config{
		"scheme": {EventBuses: []string{"ftp://x"}}, "no host": {EventBuses: []string{"http:///x"}}, "no URL": {EventBuses: []string{"%zz"}},
		"topic": {Topics: map[string]string{"das": "127.0.0.1:80"}}, "topic name": {Topics: map[string]string{"a b": "http://x"}},
	} {
		if _, err := New(cfg); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

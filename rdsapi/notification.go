package rdsapi

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"
)

// An RDS event as SNS posts it to an HTTP endpoint, and as EventBridge delivers it.
// https://docs.aws.amazon.com/sns/latest/dg/http-notification-json.html
// https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-cloud-watch-events.html

type snsNotification struct {
	Type              string
	MessageId         string
	TopicArn          string
	Subject           string
	Message           string
	Timestamp         string
	SignatureVersion  string
	Signature         string // empty: there is no key of AWS's here to sign with
	SigningCertURL    string
	UnsubscribeURL    string
	MessageAttributes map[string]snsAttribute `json:",omitempty"`
}

type snsAttribute struct{ Type, Value string }

// rdsMessage is the text inside an SNS notification.
type rdsMessage struct {
	Source   string            `json:"Event Source"`
	Time     string            `json:"Event Time"`
	Link     string            `json:"Identifier Link"`
	SourceID string            `json:"Source ID"`
	ARN      string            `json:"Source ARN"`
	ID       string            `json:"Event ID"`
	Message  string            `json:"Event Message"`
	Tags     map[string]string `json:"Tags,omitempty"`
}

// eventPage is where AWS describes its events; the id is the fragment.
const eventPage = "http://docs.amazonwebservices.com/AmazonRDS/latest/UserGuide/USER_Events.html#"

const isoMillis = "2006-01-02T15:04:05.000Z"

// snsEvent renders an event for a topic.
func (s *Server) snsEvent(topic string, e event, now time.Time) delivery {
	kind := map[string]string{sourceInstance: "dbinstance", sourceCluster: "dbcluster", sourceSnapshot: "db-cluster-snapshot"}[e.source]
	text := mustJSON(rdsMessage{
		Source: e.source, Time: e.at.Format("2006-01-02 15:04:05.000"),
		Link:     "https://console.aws.amazon.com/rds/home?region=" + s.cfg.Region + "#" + kind + ":id=" + e.sourceID,
		SourceID: e.sourceID, ARN: e.arn, ID: eventPage + e.id, Message: e.message, Tags: e.tags,
	})
	return s.snsDelivery(topic, string(text), now, map[string]snsAttribute{
		"EventID": {"String", e.id}, "Resource": {"String", e.arn},
	})
}

// snsDelivery renders any text for a topic.
func (s *Server) snsDelivery(topic, text string, now time.Time, attributes map[string]snsAttribute) delivery {
	id := uuid.NewString()
	body := mustJSON(snsNotification{Type: "Notification", MessageId: id, TopicArn: topic, Subject: "RDS Notification Message", Message: text,
		Timestamp: now.UTC().Format(isoMillis), SignatureVersion: "1", MessageAttributes: attributes})
	return delivery{body: body, header: map[string]string{
		"Content-Type":           "text/plain; charset=UTF-8",
		"User-Agent":             "Amazon Simple Notification Service Agent",
		"x-amz-sns-message-type": "Notification",
		"x-amz-sns-message-id":   id,
		"x-amz-sns-topic-arn":    topic,
	}}
}

type busEvent struct {
	Version    string    `json:"version"`
	ID         string    `json:"id"`
	DetailType string    `json:"detail-type"`
	Source     string    `json:"source"`
	Account    string    `json:"account"`
	Time       string    `json:"time"`
	Region     string    `json:"region"`
	Resources  []string  `json:"resources"`
	Detail     busDetail `json:"detail"`
}

type busDetail struct {
	EventCategories  []string
	SourceType       string
	SourceArn        string
	Date             string
	Message          string
	SourceIdentifier string
	EventID          string
	Tags             map[string]string `json:",omitempty"`
}

// busEvent renders an event for EventBridge.
func (s *Server) busEvent(e event) delivery {
	detailType, sourceType := "RDS DB Cluster Event", "CLUSTER"
	switch e.source {
	case sourceInstance:
		detailType, sourceType = "RDS DB Instance Event", "DB_INSTANCE"
	case sourceSnapshot:
		detailType, sourceType = "RDS DB Cluster Snapshot Event", "CLUSTER_SNAPSHOT"
	}
	body := mustJSON(busEvent{"0", uuid.NewString(), detailType, "aws.rds", s.cfg.AccountID, e.at.Format("2006-01-02T15:04:05Z"), s.cfg.Region,
		[]string{e.arn}, busDetail{[]string{e.category}, sourceType, e.arn, e.at.Format(isoMillis), e.message, e.sourceID, e.id, e.tags}})
	return delivery{body: body, header: map[string]string{"Content-Type": "application/json"}}
}

func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings and maps of strings always have a JSON form
	}
	return b
}

package lambda

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/google/uuid"
)

// Form is who would call the function in AWS.
type Form string

// The forms, as the command line spells them.
const (
	Kinesis  Form = "kinesis"  // Lambda, by an event source mapping
	Firehose Form = "firehose" // Firehose, to transform what it delivers
)

// maxPayload is the most bytes that Lambda hands to a function at once.
const maxPayload = 6 << 20

// Source says whose records a function gets.
type Source struct {
	form            Form
	arn             string
	region, account string
}

// NewSource takes the ARN of the Kinesis stream.
func NewSource(form Form, streamARN string) (*Source, error) {
	if form != Kinesis && form != Firehose {
		return nil, fmt.Errorf("%q calls no function: it is %s or %s", form, Kinesis, Firehose)
	}
	part := strings.SplitN(streamARN, ":", 6)
	if len(part) != 6 || part[2] != "kinesis" || !strings.HasPrefix(part[5], "stream/") {
		return nil, fmt.Errorf("%q is not the ARN of a Kinesis stream", streamARN)
	}
	return &Source{form, streamARN, part[3], part[4]}, nil
}

// Event is the JSON that a function gets for records of one shard. The role and the
// delivery stream that it names are invented: there are none.
func (s *Source) Event(shardID string, records []types.Record) ([]byte, error) {
	if s.form == Firehose {
		return json.Marshal(s.firehose(shardID, records))
	}
	return json.Marshal(s.kinesis(shardID, records))
}

func (s *Source) kinesis(shardID string, records []types.Record) (e events.KinesisEvent) {
	for i := range records {
		r := &records[i]
		seq := aws.ToString(r.SequenceNumber)
		e.Records = append(e.Records, events.KinesisEventRecord{
			AwsRegion: s.region, EventID: shardID + ":" + seq, EventName: "aws:kinesis:record", EventSource: "aws:kinesis",
			EventSourceArn: s.arn, EventVersion: "1.0", InvokeIdentityArn: "arn:aws:iam::" + s.account + ":role/das-local",
			Kinesis: events.KinesisRecord{
				ApproximateArrivalTimestamp: events.SecondsEpochTime{Time: aws.ToTime(r.ApproximateArrivalTimestamp)},
				Data:                        r.Data, PartitionKey: aws.ToString(r.PartitionKey), SequenceNumber: seq, KinesisSchemaVersion: "1.0",
			},
		})
	}
	return e
}

func (s *Source) firehose(shardID string, records []types.Record) events.KinesisFirehoseEvent {
	e := events.KinesisFirehoseEvent{
		InvocationID: uuid.NewString(), SourceKinesisStreamArn: s.arn, Region: s.region,
		DeliveryStreamArn: "arn:aws:firehose:" + s.region + ":" + s.account + ":deliverystream/das-local",
	}
	for i := range records {
		r := &records[i]
		arrived := events.MilliSecondsEpochTime{Time: aws.ToTime(r.ApproximateArrivalTimestamp)}
		e.Records = append(e.Records, events.KinesisFirehoseEventRecord{
			RecordID: recordID(r), ApproximateArrivalTimestamp: arrived, Data: r.Data,
			KinesisFirehoseRecordMetadata: events.KinesisFirehoseRecordMetadata{
				ShardID: shardID, PartitionKey: aws.ToString(r.PartitionKey), SequenceNumber: aws.ToString(r.SequenceNumber), ApproximateArrivalTimestamp: arrived,
			},
		})
	}
	return e
}

// recordID names a record to Firehose: its sequence and subsequence number.
func recordID(r *types.Record) string { return aws.ToString(r.SequenceNumber) + "000000" }

// around bounds what an event has for a record besides its data.
const around = 2 << 10

// Fit is how many of the records, from the first on, one event can have: one at least.
func Fit(records []types.Record) int {
	size := around
	for i := range records {
		size += base64.StdEncoding.EncodedLen(len(records[i].Data)) + around
		if size > maxPayload {
			return max(i, 1)
		}
	}
	return len(records)
}

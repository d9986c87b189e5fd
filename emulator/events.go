package emulator

import (
	"context"
	"fmt"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/consumer"
)

// Event is an activity event as it was read from the stream. The embedded fields are the
// keys of the event's JSON:
//
//	LogTime, StartTime, SessionID, StatementID, SubstatementID, PID
//	Class, Command, CommandText, ParamList, ObjectType, ObjectName, RowCount
//	ErrorMessage, ExitCode
//	DatabaseName, DBUserName, ClientApplication, RemoteHost, RemotePort, NetProtocol
//	DBProtocol, ServerHost, ServerType, ServerVersion, ServiceName, Type
//
// All but ParamList ([]string), ExitCode (nil, a float64 or a string) and Type are
// pointers, to an int64 or a string: nil where the JSON has null or has no such key.
// What they mean is at
// https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/DBActivityStreams.AuditLog.databaseActivityEventList.html
type Event struct {
	activity.Decoded
	ClusterID  string // the cluster's resource id, "cluster-…"
	InstanceID string // the instance's, "db-…"
	JSON       []byte // the event as it was published
}

// AWSConfig is the configuration with which clients of AWS's SDK reach the emulator's
// Kinesis, KMS, RDS and STS: kinesis.NewFromConfig(e.AWSConfig()). With Options.IAM they
// act as the account's root.
func (e *Emulator) AWSConfig() aws.Config {
	id, secret := e.identity.rootKey()
	return aws.Config{
		Region:       e.opts.Region,
		BaseEndpoint: aws.String(e.Endpoint()),
		Credentials:  credentials.NewStaticCredentialsProvider(id, secret, ""),
		HTTPClient:   e.identity.httpClient(),
	}
}

// readers are the clients that read the streams and open their records.
func (e *Emulator) readers() (consumer.Kinesis, consumer.KMS) {
	cfg := e.AWSConfig()
	var from consumer.Kinesis = kinesis.NewFromConfig(cfg)
	var keys consumer.KMS = kms.NewFromConfig(cfg)
	if e.external.kinesis != nil {
		from = e.external.kinesis.Client()
	}
	if e.external.kms != nil {
		keys = e.external.kms.Client()
	}
	return from, keys
}

// Events reads the first cluster's stream from its oldest record on, by the same calls as
// any consumer, and follows it until ctx ends, the stream is deleted or the loop is left.
// Heartbeats are left out. With an error comes no event; after the error of one record the
// next one follows.
func (e *Emulator) Events(ctx context.Context) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		from, keys := e.readers()
		c, err := consumer.New(consumer.Config{
			Kinesis:    from,
			KMS:        keys,
			StreamName: e.StreamName(),
			Follow:     true,
		})
		if err != nil {
			yield(Event{}, fmt.Errorf("read the stream: %w", err))
			return
		}
		for event, err := range c.Events(ctx) {
			if err != nil {
				if !yield(Event{}, err) {
					return
				}
				continue
			}
			if event.Heartbeat {
				continue
			}
			d, err := event.Decode()
			if err != nil {
				if !yield(Event{}, err) {
					return
				}
				continue
			}
			if !yield(Event{Decoded: *d, ClusterID: event.ClusterID, InstanceID: event.InstanceID, JSON: event.JSON}, nil) {
				return
			}
		}
	}
}

package rdsapi

import "context"

// StreamController starts and stops the activity stream of a cluster.
type StreamController interface {
	// StartStream creates the Kinesis stream and begins to record. It returns
	// when the stream is ACTIVE and events flow.
	StartStream(ctx context.Context, s ActivityStream) error
	// StopStream publishes what is queued and ends recording. The Kinesis stream
	// stays.
	StopStream(ctx context.Context, s ActivityStream) error
	// DeleteStream deletes the Kinesis stream. That it is gone already is no error.
	DeleteStream(ctx context.Context, s ActivityStream) error
}

// ActivityStream says which stream of which cluster.
type ActivityStream struct {
	ClusterID         string // "my-cluster"
	ClusterResourceID string // "cluster-…"
	StreamName        string // "aws-rds-das-" + ClusterResourceID
	Mode              string // "sync" or "async"
	KMSKeyARN         string
	Call              *Call // what asked for its start or stop; nil: no API call
}

// InstanceController starts and stops the proxy of an instance.
type InstanceController interface {
	// StartInstance returns where clients connect: they may when it returns.
	StartInstance(ctx context.Context, i Instance) (host string, port int, err error)
	// StopInstance ends the sessions of the instance and frees its address. An
	// instance that does not run is no error.
	StopInstance(ctx context.Context, i Instance) error
}

// SessionController keeps clients away from an instance for a while; its address
// stays as it is.
type SessionController interface {
	// RefuseSessions ends the sessions of an instance and turns new ones away. It
	// does not wait, and calls nothing of the Server.
	RefuseSessions(i Instance, why Refusal)
	// AwaitSessions returns when the sessions that were told to end have ended.
	AwaitSessions(ctx context.Context, i Instance)
	// AdmitSessions lets clients in again. It does not wait, and calls nothing of
	// the Server.
	AdmitSessions(i Instance)
}

// Refusal is what a client is told that an instance does not let in.
type Refusal string

// The sentences of PostgreSQL.
const (
	StartingUp   Refusal = "the database system is starting up"
	ShuttingDown Refusal = "the database system is shutting down"
)

// Instance identifies an instance of a cluster.
type Instance struct {
	ClusterID         string
	ClusterResourceID string
	ID                string // "my-cluster-instance-1"
	ResourceID        string // "db-…"
	Shut              bool   // for StartInstance: nobody is let in until AdmitSessions
}

// KeyResolver looks a KMS key up by id, ARN, alias name or alias ARN. An error that is
// context.DeadlineExceeded says that KMS did not answer.
type KeyResolver interface {
	ResolveKey(ctx context.Context, id string) (KMSKey, error)
}

// KMSKey is what StartActivityStream must know of a key.
type KMSKey struct {
	ID         string // bare id, a UUID
	ARN        string
	AWSManaged bool // alias/aws/rds: refused
	Enabled    bool
	Symmetric  bool
}

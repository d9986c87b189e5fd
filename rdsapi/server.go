package rdsapi

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"log/slog"
	"time"

	"github.com/das-local/das-local/internal/awsapi"
	"github.com/das-local/das-local/internal/clock"
	"github.com/das-local/das-local/internal/store"
)

// Config says what a Server manages. Its zero value makes a Server of state
// only, whose KMS keys are all inaccessible.
type Config struct {
	Region    string       // empty: us-east-1
	AccountID string       // empty: 000000000000
	Clock     *clock.Clock // of events and schedules; nil: the machine's time

	// NewResourceID makes the resource id of a cluster ("cluster-") or an
	// instance ("db-"): the prefix and 26 capitals and digits of base32.
	// nil: random ones.
	NewResourceID func(prefix string) string

	Streams   StreamController   // nil: streams are state only
	Instances InstanceController // nil: instances are state only, at localhost:5432
	Sessions  SessionController  // nil: nobody is connected
	Keys      KeyResolver        // nil: no key is accessible

	// EngineVersion is the version of clusters that are made without one.
	// Empty: 15.4.
	EngineVersion string

	// RestartTime is how long instances are down at a restart by the Clock, at
	// least. 0: no longer than the work takes.
	RestartTime time.Duration
	// StopTime is how long the Kinesis stream of an activity stream that is being
	// stopped can still be read, by the Clock. 0: it is deleted at once.
	StopTime time.Duration
	// KeyPatience is how long a stream whose key cannot be used goes on trying
	// before it is stopped. 0: for ever.
	KeyPatience time.Duration

	// Topics are the SNS topics of the account in the Region, by name, and the
	// HTTP(S) URL that each posts its notifications to.
	Topics map[string]string
	// EventBuses are HTTP(S) URLs that every RDS event is posted to as EventBridge
	// shapes it.
	EventBuses []string

	// Store keeps clusters, instances and events; see Resume. They are in memory
	// if it is nil.
	Store *store.Store

	Logger          *slog.Logger  // nil: slog.Default()
	deliveryTimeout time.Duration // of one try, for tests; 0: the constant
}

// Server holds the clusters of one account in one Region. All clients share
// them, whatever account or Region their credentials name.
type Server struct {
	cfg        Config
	operations map[string]awsapi.Operation
	wake       chan struct{}      // tells Run of jobs; holds one token
	topics     map[string]*target // by ARN
	buses      []*target

	// mu guards the state. It is not held while a controller is called that may
	// wait.
	mu             stateLock
	clusters       map[string]*cluster          // by identifier
	instances      map[string]*instance         // by identifier
	subscriptions  map[string]*subscription     // by name
	snapshots      map[string]*snapshot         // by identifier
	clusterGroups  map[string]*parameterSet     // by name
	instanceGroups map[string]*parameterSet     // by name
	subnetGroups   map[string]*savedSubnetGroup // by name
	events         []event                      // by time
	eventSeq       int
	jobs           []job // for Run
	order          int   // counts creations
	disk           disk
	mark           mark
	epoch          *epoch // of the jobs that Run begins
	resetting      bool   // Run begins none
}

// New makes a Server with the clusters of the store, or without any.
func New(cfg Config) (*Server, error) {
	if cfg.Region == "" {
		cfg.Region = "us-east-1"
	}
	if cfg.AccountID == "" {
		cfg.AccountID = "000000000000"
	}
	if cfg.NewResourceID == nil {
		cfg.NewResourceID = newResourceID
	}
	if cfg.Streams == nil {
		cfg.Streams = stateOnly{}
	}
	if cfg.Instances == nil {
		cfg.Instances = stateOnly{}
	}
	if cfg.Sessions == nil {
		cfg.Sessions = stateOnly{}
	}
	if cfg.Keys == nil {
		cfg.Keys = stateOnly{}
	}
	if cfg.EngineVersion == "" {
		cfg.EngineVersion = "15.4"
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	s := &Server{cfg: cfg, wake: make(chan struct{}, 1), epoch: newEpoch(),
		clusters: make(map[string]*cluster), instances: make(map[string]*instance), subscriptions: make(map[string]*subscription),
		snapshots: make(map[string]*snapshot), clusterGroups: make(map[string]*parameterSet), instanceGroups: make(map[string]*parameterSet),
		subnetGroups: make(map[string]*savedSubnetGroup)}
	if err := s.openTargets(); err != nil {
		return nil, err
	}
	s.operations = s.operationTable()
	return s, s.openDisk()
}

// newResourceID is the prefix and the base32 of 16 random bytes, as real ones are.
func newResourceID(prefix string) string {
	b := make([]byte, 16)
	rand.Read(b) // never fails
	return prefix + base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b)
}

// Name is RDS's signing name.
func (s *Server) Name() string { return "rds" }

// Operation finds an action by name.
func (s *Server) Operation(name string) awsapi.Operation { return s.saving(s.operations[name]) }

// op adapts an action; what it needs of the request is in ctx.
func op[In, Out any](f func(ctx context.Context, in *In) (*Out, error)) awsapi.Operation {
	return awsapi.Op(func(ctx context.Context, r *awsapi.Request, in *In) (*Out, error) {
		return f(awsapi.WithRequest(ctx, r), in)
	})
}

// none is the output of an action that answers nothing.
type none struct{}

// stateOnly stands in for the controllers that a Config leaves out.
type stateOnly struct{}

func (stateOnly) StartStream(context.Context, ActivityStream) error  { return nil }
func (stateOnly) StopStream(context.Context, ActivityStream) error   { return nil }
func (stateOnly) DeleteStream(context.Context, ActivityStream) error { return nil }

func (stateOnly) StartInstance(context.Context, Instance) (string, int, error) {
	return "localhost", 5432, nil
}
func (stateOnly) StopInstance(context.Context, Instance) error { return nil }

func (stateOnly) RefuseSessions(Instance, Refusal)        {}
func (stateOnly) AwaitSessions(context.Context, Instance) {}
func (stateOnly) AdmitSessions(Instance)                  {}

func (stateOnly) ResolveKey(_ context.Context, id string) (KMSKey, error) {
	return KMSKey{}, keyNotAccessible(id)
}

package rdsapi

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"log/slog"
	"time"

	"github.com/das-local/das-local/internal/awsapi"
	"github.com/das-local/das-local/internal/store"
)

// Config says what a Server manages. Its zero value makes a Server of state
// only, whose KMS keys are all inaccessible.
type Config struct {
	Region    string           // empty: us-east-1
	AccountID string           // empty: 000000000000
	Now       func() time.Time // nil: time.Now

	// NewResourceID makes the resource id of a cluster ("cluster-") or an
	// instance ("db-"): the prefix and 26 capitals and digits of base32.
	// nil: random ones.
	NewResourceID func(prefix string) string

	Streams   StreamController   // nil: streams are state only
	Instances InstanceController // nil: instances are state only, at localhost:5432
	Keys      KeyResolver        // nil: no key is accessible

	// EngineVersion is the version of clusters that are made without one.
	// Empty: 15.4.
	EngineVersion string

	// StartDelay is how long an activity stream is starting, and stopping,
	// before the work is done. 0: no longer than the work takes.
	StartDelay time.Duration

	// Store keeps clusters, instances and events; see Resume. They are in memory
	// if it is nil.
	Store *store.Store

	Logger *slog.Logger // nil: slog.Default()
}

// Server holds the clusters of one account in one Region. All clients share
// them, whatever account or Region their credentials name.
type Server struct {
	cfg        Config
	operations map[string]awsapi.Operation
	wake       chan struct{} // tells Run of jobs; holds one token

	// mu guards the state. It is never held while a controller is called.
	mu        stateLock
	clusters  map[string]*cluster  // by identifier
	instances map[string]*instance // by identifier
	events    []event              // by time
	eventSeq  int
	jobs      []job // for Run
	order     int   // counts creations
	disk      disk
}

// New makes a Server with the clusters of the store, or without any.
func New(cfg Config) (*Server, error) {
	if cfg.Region == "" {
		cfg.Region = "us-east-1"
	}
	if cfg.AccountID == "" {
		cfg.AccountID = "000000000000"
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
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
	if cfg.Keys == nil {
		cfg.Keys = stateOnly{}
	}
	if cfg.EngineVersion == "" {
		cfg.EngineVersion = "15.4"
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	s := &Server{cfg: cfg, wake: make(chan struct{}, 1),
		clusters: make(map[string]*cluster), instances: make(map[string]*instance)}
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

func (s *Server) operationTable() map[string]awsapi.Operation {
	return map[string]awsapi.Operation{
		"StartActivityStream":  op(s.startActivityStream),
		"StopActivityStream":   op(s.stopActivityStream),
		"ModifyActivityStream": op(s.modifyActivityStream),

		"CreateDBCluster":    op(s.createDBCluster),
		"ModifyDBCluster":    op(s.modifyDBCluster),
		"DescribeDBClusters": op(s.describeDBClusters),
		"DeleteDBCluster":    op(s.deleteDBCluster),

		"CreateDBInstance":    op(s.createDBInstance),
		"DescribeDBInstances": op(s.describeDBInstances),
		"ModifyDBInstance":    op(s.modifyDBInstance),
		"DeleteDBInstance":    op(s.deleteDBInstance),
		"RebootDBInstance":    op(s.rebootDBInstance),

		"DescribeEvents": op(s.describeEvents),

		"ListTagsForResource":    op(s.listTagsForResource),
		"AddTagsToResource":      op(s.addTagsToResource),
		"RemoveTagsFromResource": op(s.removeTagsFromResource),

		"DescribeDBEngineVersions":           op(s.describeDBEngineVersions),
		"DescribeOrderableDBInstanceOptions": op(s.describeOrderableDBInstanceOptions),
		"DescribeGlobalClusters":             op(s.describeGlobalClusters),
		"DescribePendingMaintenanceActions":  op(s.describePendingMaintenanceActions),
	}
}

// op adapts an action that has no use for the request.
func op[In, Out any](f func(ctx context.Context, in *In) (*Out, error)) awsapi.Operation {
	return awsapi.Op(func(ctx context.Context, _ *awsapi.Request, in *In) (*Out, error) { return f(ctx, in) })
}

// none is the output of an action that answers nothing.
type none struct{}

// stateOnly stands in for the controllers that a Config leaves out.
type stateOnly struct{}

func (stateOnly) StartStream(context.Context, ActivityStream) error { return nil }
func (stateOnly) StopStream(context.Context, ActivityStream) error  { return nil }

func (stateOnly) StartInstance(context.Context, Instance) (string, int, error) {
	return "localhost", 5432, nil
}
func (stateOnly) StopInstance(context.Context, Instance) error { return nil }

func (stateOnly) ResolveKey(_ context.Context, id string) (KMSKey, error) {
	return KMSKey{}, keyNotAccessible(id)
}

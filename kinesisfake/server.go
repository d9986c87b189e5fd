package kinesisfake

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/das-local/das-local/internal/awsapi"
	"github.com/das-local/das-local/internal/clock"
	"github.com/das-local/das-local/internal/store"
)

// Config is what a server may be told. The zero value works.
type Config struct {
	Region    string           // of the Go methods; empty: us-east-1
	AccountID string           // of the Go methods; empty: 000000000000
	Clock     *clock.Clock     // what expires goes by it; nil: the machine's time
	Now       func() time.Time // nil: the clock's; subscriptions end by the clock
	Rand      io.Reader        // the nonces of iterators and tokens; nil: crypto/rand
	Logger    *slog.Logger     // nil: slog.Default()

	// Store keeps streams and records. They are in memory if it is nil.
	Store *store.Store

	// ByteBudget bounds the room that records take, partition keys and
	// bookkeeping included. Beyond it the oldest go. 0: 256 MiB in memory; in a
	// store three quarters of what its disk has free at the start.
	ByteBudget int64

	// Limits has each shard take and give no more than one of AWS's: 1 MB and
	// 1,000 records a second in, 2 MB and five GetRecords a second out. The Go
	// methods are not limited: who owns a stream of his own makes it wide enough.
	Limits bool

	// CreateDelay is how long a new stream or consumer is CREATING. AWS's waiters ask
	// every ten seconds, so any delay costs them that long.
	CreateDelay time.Duration

	// ShardLimit is the number of open shards that an account may have in a
	// region. 0: 500, AWS's smallest default.
	ShardLimit int

	// Faults stand in for a service in trouble. nil: there is none.
	Faults Faults
}

// The defaults of Config.
const (
	defaultBudget     = 256 << 20
	defaultShardLimit = 500
)

// Server is a Kinesis service. Its methods may be called concurrently. Where a client would
// get an error, their error is or wraps an *awsapi.Error with the same code.
type Server struct {
	cfg    Config
	sealer *sealer
	newLog func(st *stream, shard int) recordLog
	ops    map[string]awsapi.Operation

	used     atomic.Int64 // what all records count for the budget
	trimming sync.Mutex   // held by the one who keeps the budget
	told     sync.Once    // of the log, that the budget is used up

	mu      sync.RWMutex // guards streams
	streams map[streamKey]*stream
	billing map[account]*commitment
	last    uint64 // the last stream's number
}

var _ awsapi.Service = (*Server)(nil)

// New makes a server with the streams of the store, or without any.
func New(cfg Config) (*Server, error) {
	if cfg.ByteBudget < 0 || cfg.ShardLimit < 0 || cfg.CreateDelay < 0 {
		return nil, fmt.Errorf("kinesis: a budget, limit or delay is negative")
	}
	if cfg.Region == "" {
		cfg.Region = "us-east-1"
	}
	if cfg.AccountID == "" {
		cfg.AccountID = "000000000000"
	}
	if cfg.Now == nil {
		cfg.Now = cfg.Clock.Now
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	if cfg.ByteBudget == 0 && cfg.Store == nil {
		cfg.ByteBudget = defaultBudget
	}
	if cfg.ShardLimit == 0 {
		cfg.ShardLimit = defaultShardLimit
	}
	sealer, err := newSealer(cfg.Rand)
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, sealer: sealer, newLog: newMemoryLog, streams: make(map[streamKey]*stream), billing: make(map[account]*commitment)}
	s.ops = s.operations()
	if cfg.Store == nil {
		return s, nil
	}
	s.newLog = s.newDiskLog
	if err := s.load(); err != nil {
		return nil, err
	}
	if s.cfg.ByteBudget == 0 {
		s.cfg.ByteBudget, err = s.roomOnDisk()
	}
	return s, err
}

// Name is the service's signing name.
func (s *Server) Name() string { return "kinesis" }

// Operation finds an operation by its name.
func (s *Server) Operation(name string) awsapi.Operation { return s.ops[name] }

// operations is what the server serves.
func (s *Server) operations() map[string]awsapi.Operation {
	return map[string]awsapi.Operation{
		"CreateStream":                  awsapi.Op(s.createStream),
		"DeleteStream":                  awsapi.Op(s.deleteStream),
		"DescribeStream":                awsapi.Op(s.describeStream),
		"DescribeStreamSummary":         awsapi.Op(s.describeStreamSummary),
		"ListStreams":                   awsapi.Op(s.listStreams),
		"ListShards":                    awsapi.Op(s.listShards),
		"GetShardIterator":              awsapi.Op(s.getShardIterator),
		"GetRecords":                    awsapi.Op(s.getRecords),
		"PutRecord":                     awsapi.Op(s.putRecord),
		"PutRecords":                    awsapi.Op(s.putRecords),
		"SplitShard":                    awsapi.Op(s.splitShard),
		"MergeShards":                   awsapi.Op(s.mergeShards),
		"UpdateShardCount":              awsapi.Op(s.updateShardCount),
		"IncreaseStreamRetentionPeriod": awsapi.Op(s.increaseRetention),
		"DecreaseStreamRetentionPeriod": awsapi.Op(s.decreaseRetention),
		"StartStreamEncryption":         awsapi.Op(s.startEncryption),
		"StopStreamEncryption":          awsapi.Op(s.stopEncryption),
		"AddTagsToStream":               awsapi.Op(s.addTags),
		"ListTagsForStream":             awsapi.Op(s.listTags),
		"RemoveTagsFromStream":          awsapi.Op(s.removeTags),
		"TagResource":                   awsapi.Op(s.tagResource),
		"UntagResource":                 awsapi.Op(s.untagResource),
		"ListTagsForResource":           awsapi.Op(s.listTagsForResource),
		"DescribeLimits":                awsapi.Op(s.describeLimits),
		"DescribeAccountSettings":       awsapi.Op(s.describeAccountSettings),
		"UpdateAccountSettings":         awsapi.Op(s.updateAccountSettings),
		"UpdateStreamMode":              awsapi.Op(s.updateStreamMode),
		"UpdateStreamWarmThroughput":    awsapi.Op(s.updateWarmThroughput),
		"UpdateMaxRecordSize":           awsapi.Op(s.updateMaxRecordSize),
		"EnableEnhancedMonitoring":      awsapi.Op(s.enableMonitoring),
		"DisableEnhancedMonitoring":     awsapi.Op(s.disableMonitoring),
		"PutResourcePolicy":             awsapi.Op(s.putResourcePolicy),
		"GetResourcePolicy":             awsapi.Op(s.getResourcePolicy),
		"DeleteResourcePolicy":          awsapi.Op(s.deleteResourcePolicy),
		"RegisterStreamConsumer":        awsapi.Op(s.registerConsumer),
		"DescribeStreamConsumer":        awsapi.Op(s.describeConsumer),
		"ListStreamConsumers":           awsapi.Op(s.listConsumers),
		"DeregisterStreamConsumer":      awsapi.Op(s.deregisterConsumer),
		"SubscribeToShard":              awsapi.Op(s.subscribeToShard),
	}
}

// now is the time in milliseconds since 1970.
func (s *Server) now() int64 { return s.cfg.Now().UnixMilli() }

// stream finds a stream that exists, whatever its state.
func (s *Server) stream(k streamKey) (*stream, error) {
	s.mu.RLock()
	st := s.streams[k]
	s.mu.RUnlock()
	if st == nil {
		return nil, errStreamNotFound(k)
	}
	return st, nil
}

// readable finds a stream that records may be written to and read from.
func (s *Server) readable(k streamKey, now int64) (*stream, error) {
	st, err := s.stream(k)
	if err == nil && st.status(now) == statusCreating {
		return nil, errStreamNotFound(k)
	}
	return st, err
}

// own is the request that the Go methods make.
func (s *Server) own() *awsapi.Request {
	return &awsapi.Request{Service: s.Name(), Region: s.cfg.Region, AccountID: s.cfg.AccountID}
}

// CreateStream makes a stream with a number of shards, 1 or more; it is ACTIVE after
// Config.CreateDelay. ResourceInUseException says that it is there already.
func (s *Server) CreateStream(ctx context.Context, name string, shards int) error {
	_, err := s.createStream(ctx, s.own(), &createStreamInput{StreamName: &name, ShardCount: &shards})
	return err
}

// DeleteStream removes a stream at once, with its consumers and its records.
// ResourceNotFoundException says that there is none.
func (s *Server) DeleteStream(ctx context.Context, name string) error {
	withConsumers := true
	_, err := s.deleteStream(ctx, s.own(), &deleteStreamInput{streamRef{StreamName: &name}, &withConsumers})
	return err
}

// EncryptStream has a stream say that it is encrypted under a KMS key, as
// activity streams are. Records are stored as they are.
func (s *Server) EncryptStream(ctx context.Context, name, keyID string) error {
	kms := encryptionKMS
	_, err := s.startEncryption(ctx, s.own(), &encryptionInput{streamRef: streamRef{StreamName: &name}, EncryptionType: &kms, KeyID: &keyID})
	return err
}

package kmsfake

import (
	"crypto/rand"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/das-local/das-local/internal/awsapi"
	"github.com/das-local/das-local/internal/store"
)

// Config says whose keys a Server has. The zero value works.
type Config struct {
	Region    string           // empty: us-east-1
	AccountID string           // empty: 000000000000
	Now       func() time.Time // nil: time.Now
	Rand      io.Reader        // key ids, keys and nonces; nil: crypto/rand

	// Store keeps keys and aliases. They are in memory if it is nil.
	Store *store.Store
}

// Server holds the keys of one account in one Region. All clients share them,
// whatever account or Region their credentials name. Where a client would get an error,
// that of a Go method is or wraps an *awsapi.Error with the same code.
type Server struct {
	region, account string
	now             func() time.Time
	operations      map[string]awsapi.Operation
	started         time.Time

	randMu sync.Mutex // a reader that the user gives need not be safe
	rand   io.Reader

	mu      sync.Mutex // guards store
	store   state
	imports map[string]*importOffer // by token; guarded by mu
	disk    *store.Store            // nil: in memory
	kept    []kept                  // what Reset goes back to
}

// New makes a Server with the keys of the store. Without any, it has one key: the
// AWS managed key alias/aws/rds.
func New(cfg Config) (*Server, error) {
	s := &Server{region: cfg.Region, account: cfg.AccountID, now: cfg.Now, rand: cfg.Rand, store: newState(), imports: map[string]*importOffer{}, disk: cfg.Store}
	if s.region == "" {
		s.region = "us-east-1"
	}
	if s.account == "" {
		s.account = "000000000000"
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.rand == nil {
		s.rand = rand.Reader
	}
	s.started = s.now()
	s.operations = s.operationTable()
	if s.disk != nil {
		if err := s.load(); err != nil {
			return nil, fmt.Errorf("read the stored KMS keys: %w", err)
		}
		if len(s.store.keys) > 0 {
			return s, nil
		}
	}
	k, err := s.newKey(keyOptions{KeyOptions: KeyOptions{Description: "Default key that protects my RDS database volumes when no other key is defined"}})
	if err != nil {
		return nil, fmt.Errorf("make the AWS managed key: %w", err)
	}
	k.awsManaged = true
	k.rotateYearly()
	s.store.add(k)
	s.store.setAlias("alias/aws/rds", k, s.now())
	return s, s.save()
}

// Name is KMS's signing name.
func (s *Server) Name() string { return "kms" }

// Operation finds an operation by name.
func (s *Server) Operation(name string) awsapi.Operation {
	o := s.operations[name]
	if o == nil || s.disk == nil {
		return o
	}
	return s.saving(o)
}

// none is the output of an operation that answers nothing.
type none struct{}

// random fills a new slice of n bytes.
func (s *Server) random(n int) ([]byte, error) {
	s.randMu.Lock()
	defer s.randMu.Unlock()
	b := make([]byte, n)
	if _, err := io.ReadFull(s.rand, b); err != nil {
		return nil, fmt.Errorf("read random bytes: %w", err)
	}
	return b, nil
}

// accountRoot is the principal that stands for the whole account.
func (s *Server) accountRoot() string { return "arn:aws:iam::" + s.account + ":root" }

func (s *Server) arn(resource string) string {
	return awsapi.ARN{Service: "kms", Region: s.region, AccountID: s.account, Resource: resource}.String()
}

// lock guards the store until the function it returns is called, and first
// brings the store up to the clock: keys whose window has passed are deleted.
func (s *Server) lock() (unlock func()) {
	s.mu.Lock()
	s.store.expire(s.now())
	return s.mu.Unlock
}

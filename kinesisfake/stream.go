package kinesisfake

import (
	"slices"
	"sort"
	"sync"
	"sync/atomic"

	"github.com/das-local/das-local/internal/awsapi"
)

// streamKey is what a stream is known by.
type streamKey struct{ account, region, name string }

func (k streamKey) arn() string {
	return awsapi.ARN{Service: "kinesis", Region: k.region, AccountID: k.account, Resource: "stream/" + k.name}.String()
}

// stream is one stream. Who writes records holds mu for reading: while it is
// held for writing, no shard gains records.
type stream struct {
	key      streamKey
	number   uint64       // of its keys in a store
	created  int64        // milliseconds since 1970
	ready    int64        // when it becomes ACTIVE
	updating atomic.Int64 // until when it is UPDATING
	age      iteratorAge

	mu             sync.RWMutex
	deleted        bool
	unsaved        bool // what follows is newer than the store's
	onDemand       bool
	maxRecordBytes int64
	retentionHours int
	keyID          string // the KMS key of its encryption; empty: none
	tags           map[string]string
	policy         string   // the resource policy; empty: none
	metrics        []string // shard-level metrics that are on, sorted
	warmMiBps      int
	consumers      map[string]*consumer // by name
	shards         []*shard             // all that ever were, by number
	open           []*shard             // by hash range; never changed in place
}

// The states of a stream.
const (
	statusCreating = "CREATING"
	statusActive   = "ACTIVE"
	statusUpdating = "UPDATING"
)

func (st *stream) status(now int64) string {
	if now < st.ready {
		return statusCreating
	}
	if now < st.updating.Load() {
		return statusUpdating
	}
	return statusActive
}

// horizon is the time before which records are gone. It is called with mu held.
func (st *stream) horizon(now int64) int64 {
	return max(st.created, now-int64(st.retentionHours)*3600_000)
}

// visible reports whether a shard is still listed: a closed one is until the
// last of its records could have been. It is called with mu held.
func (st *stream) visible(s *shard, now int64) bool {
	return s.closed == 0 || s.closed >= st.horizon(now)
}

func (st *stream) shardNumber(n int) *shard {
	st.mu.RLock()
	defer st.mu.RUnlock()
	return st.shards[n]
}

// route finds the open shard that a hash key belongs to. It is called with mu
// held.
func (st *stream) route(h hashKey) int {
	return sort.Search(len(st.open), func(i int) bool { return !st.open[i].hashes.last.less(h) })
}

// addShard makes an open shard. Its sequence numbers begin behind its parents'.
// It is called with mu held for writing.
func (st *stream) addShard(now int64, hashes hashRange, newLog func(*stream, int) recordLog, parents ...*shard) *shard {
	number := len(st.shards)
	s := &shard{number: number, hashes: hashes, created: now, createdID: now / 1000, parents: parents, log: newLog(st, number)}
	for _, p := range parents {
		s.createdID = max(s.createdID, p.createdID+1)
		p.children = append(p.children, s)
	}
	st.shards = append(st.shards, s)
	return s
}

// replace closes shards and opens others in their place. It is called with mu
// held for writing.
func (st *stream) replace(now int64, closed, opened []*shard) {
	open := slices.DeleteFunc(slices.Clone(st.open), func(s *shard) bool { return slices.Contains(closed, s) })
	open = append(open, opened...)
	slices.SortFunc(open, func(a, b *shard) int {
		if a.hashes.first.less(b.hashes.first) {
			return -1
		}
		return 1
	})
	for _, s := range closed {
		s.closed = max(now, 1)
		s.mu.Lock()
		s.tell()
		s.mu.Unlock()
	}
	st.open = open
}

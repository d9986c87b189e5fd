package kinesisfake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/das-local/das-local/internal/store"
)

// write is what one call stores: applied, and not yet known to be durable.
type write struct {
	pending *store.Pending
	landed  []func() // make the records readable
	shards  []*shard // that get them
}

// storeDurably appends the records of a call to their shards by one batch, which
// is stored wholly or not at all. It fills in the results as if that went well,
// unless it returns nil. It is called with mu held.
func (s *Server) storeDurably(st *stream, puts []put, also *store.Batch, now int64, results []putResult) (w *write, grown int64) {
	w, grown, err := s.apply(st, puts, also, now, results)
	if err != nil {
		s.cfg.Logger.Error("records could not be stored", "stream", st.key.name, "error", err)
		for i := range results {
			results[i] = failedPut()
		}
		return nil, 0
	}
	return w, grown
}

func (s *Server) apply(st *stream, puts []put, also *store.Batch, now int64, results []putResult) (w *write, grown int64, err error) {
	var b store.Batch
	var advance []func()
	w = &write{}
	if st.unsaved {
		if err := st.stage(&b); err != nil {
			return nil, 0, err
		}
	}
	epoch := s.cfg.Store.Epoch()
	for open, members := range st.group(puts) { // the locks are taken in the order of open
		if len(members) == 0 {
			continue
		}
		sh := st.open[open]
		s.expire(sh, st.horizon(now))
		sh.mu.Lock()
		defer sh.mu.Unlock()
		log := sh.log.(*diskLog)
		if err := log.refresh(); err != nil {
			return nil, 0, err
		}
		entries := entriesOf(puts, members, st.keyID != "")
		grown += sh.arrive(now, entries)
		position := log.tail
		forward, landed := log.stage(&b, entries)
		advance = append(advance, forward)
		w.shards = append(w.shards, sh)
		w.landed = append(w.landed, func() {
			sh.mu.Lock()
			defer sh.mu.Unlock()
			landed()
			sh.tell()
		})
		sh.answer(results, members, entries, position, nil)
	}
	if also != nil {
		b.Add(also)
	}
	if b.Len() == 0 {
		return nil, 0, nil // every record was refused
	}
	if w.pending, err = s.cfg.Store.Apply(&b, epoch); err != nil {
		return nil, 0, err
	}
	for _, f := range advance {
		f()
	}
	return w, grown, nil
}

// await waits until a write is durable, and has readers see it. It is called with
// no lock held.
func (s *Server) await(ctx context.Context, st *stream, w *write) bool {
	if err := w.pending.Wait(ctx); err != nil {
		s.cfg.Logger.Error("records could not be stored", "stream", st.key.name, "error", err)
		for _, sh := range w.shards { // who waits for them looks again
			sh.mu.Lock()
			sh.tell()
			sh.mu.Unlock()
		}
		return false
	}
	for _, f := range w.landed {
		f()
	}
	return true
}

// savedStream is a stream as it is in the store, without its records.
type savedStream struct {
	Account, Region, Name string
	Created, Ready        int64
	OnDemand              bool
	MaxRecordBytes        int64
	RetentionHours        int
	KeyID                 string
	Tags                  map[string]string
	Policy                string          `json:",omitempty"`
	Metrics               []string        `json:",omitempty"`
	WarmMiBps             int             `json:",omitempty"`
	Consumers             []savedConsumer `json:",omitempty"`
	Shards                []savedShard
}

type savedConsumer struct {
	Name           string
	Created, Ready int64
	Tags           map[string]string `json:",omitempty"`
	Policy         string            `json:",omitempty"`
}

type savedShard struct {
	First, Last                string // hash keys
	Created, CreatedID, Closed int64
	Parents                    []int
}

// stage puts a stream into a batch. It is called with mu held.
func (st *stream) stage(b *store.Batch) error {
	saved := savedStream{Account: st.key.account, Region: st.key.region, Name: st.key.name, Created: st.created, Ready: st.ready,
		OnDemand: st.onDemand, MaxRecordBytes: st.maxRecordBytes, RetentionHours: st.retentionHours, KeyID: st.keyID, Tags: st.tags,
		Policy: st.policy, Metrics: st.metrics, WarmMiBps: st.warmMiBps}
	for _, c := range st.consumersByName() {
		saved.Consumers = append(saved.Consumers, savedConsumer{c.name, c.created, c.ready, c.tags, c.policy})
	}
	for _, sh := range st.shards {
		one := savedShard{First: sh.hashes.first.String(), Last: sh.hashes.last.String(),
			Created: sh.created, CreatedID: sh.createdID, Closed: sh.closed}
		for _, p := range sh.parents {
			one.Parents = append(one.Parents, p.number)
		}
		saved.Shards = append(saved.Shards, one)
	}
	value, err := json.Marshal(saved)
	if err == nil {
		b.Set(store.Key(store.KindStream, st.number), value)
	}
	return err
}

// save stores a stream that has changed. If that fails the stream stays changed,
// and the next change or record tries again. It is called with mu held for
// writing.
func (s *Server) save(st *stream) error {
	if s.cfg.Store == nil {
		return nil
	}
	st.unsaved = true
	var b store.Batch
	err := st.stage(&b)
	if err == nil {
		err = s.cfg.Store.Commit(context.Background(), &b)
	}
	if err != nil {
		return s.failed("save the stream", st.key, err)
	}
	st.unsaved = false
	return nil
}

// forget removes a stream and its records from the store.
func (s *Server) forget(st *stream) error {
	if s.cfg.Store == nil {
		return nil
	}
	var b store.Batch
	b.Delete(store.Key(store.KindStream, st.number))
	for _, kind := range []store.Kind{store.KindRecord, store.KindTrim} {
		b.DeleteRange(store.Key(kind, st.number), store.Key(kind, st.number+1))
	}
	if err := s.cfg.Store.Commit(context.Background(), &b); err != nil {
		return s.failed("delete the stream", st.key, err)
	}
	return nil
}

// nextNumber is a number that no stream has. It is called with mu held.
func (s *Server) nextNumber() uint64 {
	s.last++
	return s.last
}

// load reads the streams of the store. Records stay there.
func (s *Server) load() error {
	prefix := store.Key(store.KindStream)
	var bad error
	err := s.cfg.Store.Scan(prefix, store.After(prefix), func(key, value []byte) bool {
		number, ok := store.Number(key, 0)
		var saved savedStream
		if bad = json.Unmarshal(value, &saved); bad == nil && !ok {
			bad = errors.New("a key is too short")
		}
		if bad == nil {
			bad = s.restore(number, &saved)
		}
		if bad != nil {
			bad = s.cfg.Store.Damaged(key, bad)
		}
		return bad == nil
	})
	if err := errors.Join(err, bad); err != nil {
		return fmt.Errorf("read the stored Kinesis streams: %w", err)
	}
	for _, sh := range s.allShards() {
		log := sh.log.(*diskLog)
		if err := log.refresh(); err != nil {
			return fmt.Errorf("read the stored Kinesis records: %w", err)
		}
		sh.lastArrival = log.arrival
		s.used.Add(log.end - log.base)
	}
	return nil
}

func (s *Server) restore(number uint64, saved *savedStream) error {
	st := &stream{key: streamKey{saved.Account, saved.Region, saved.Name}, number: number, created: saved.Created, ready: saved.Ready,
		onDemand: saved.OnDemand, maxRecordBytes: saved.MaxRecordBytes, retentionHours: saved.RetentionHours,
		keyID: saved.KeyID, tags: saved.Tags, policy: saved.Policy, metrics: saved.Metrics, warmMiBps: saved.WarmMiBps,
		consumers: make(map[string]*consumer)}
	for _, c := range saved.Consumers {
		st.consumers[c.Name] = &consumer{name: c.Name, created: c.Created, ready: c.Ready, tags: c.Tags, policy: c.Policy}
	}
	for i, one := range saved.Shards {
		first, ok1 := parseHashKey(one.First)
		last, ok2 := parseHashKey(one.Last)
		if !ok1 || !ok2 {
			return fmt.Errorf("the hash keys of shard %d of stream %s are damaged", i, st.key.name)
		}
		sh := &shard{number: i, hashes: hashRange{first, last}, created: one.Created, createdID: one.CreatedID, closed: one.Closed,
			log: s.newLog(st, i)}
		for _, p := range one.Parents {
			if p < 0 || p >= i {
				return fmt.Errorf("the parents of shard %d of stream %s are damaged", i, st.key.name)
			}
			sh.parents = append(sh.parents, st.shards[p])
			st.shards[p].children = append(st.shards[p].children, sh)
		}
		st.shards = append(st.shards, sh)
		if sh.closed == 0 {
			st.open = append(st.open, sh)
		}
	}
	slices.SortFunc(st.open, func(a, b *shard) int {
		if a.hashes.first.less(b.hashes.first) {
			return -1
		}
		return 1
	})
	s.streams[st.key] = st
	s.last = max(s.last, number)
	return nil
}

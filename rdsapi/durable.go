package rdsapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/das-local/das-local/internal/awsapi"
	"github.com/das-local/das-local/internal/store"
)

// stateLock is a lock whose Unlock stores what has changed under it, so that no
// action has to think of that.
type stateLock struct {
	sync.Mutex
	changed func() // nil: nothing is stored
}

// Unlock stores what has changed, then unlocks.
func (l *stateLock) Unlock() {
	if l.changed != nil {
		l.changed()
	}
	l.Mutex.Unlock()
}

// disk is what the store has of a server's state. The server's lock guards it.
type disk struct {
	store      *store.Store // nil: nothing
	entities   map[string]string
	firstEvent int   // events before it are gone from the store
	lastEvent  int   // events up to it are in the store
	err        error // of the last attempt to store something

	aside    [][]byte // events that were damaged when the store was read
	asideDir string   // where they are kept
}

// saving answers only when what an action has changed is on disk. After an error
// the change is still there, and the next action tries to store it.
func (s *Server) saving(o awsapi.Operation) awsapi.Operation {
	if o == nil || s.disk.store == nil {
		return o
	}
	return func(ctx context.Context, r *awsapi.Request, decode func(any) error) (any, error) {
		out, err := o(ctx, r, decode)
		if err == nil {
			err = s.saved()
		}
		if err != nil {
			return nil, err
		}
		return out, nil
	}
}

// saved tells whether everything is on disk.
func (s *Server) saved() error {
	if s.disk.store == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.save()
	if s.disk.err != nil {
		return &awsapi.Error{Code: "InternalFailure", Message: "The state could not be stored: " + s.disk.err.Error(), Status: http.StatusInternalServerError}
	}
	return nil
}

// save stores what has changed since it was last called. The lock is held.
func (s *Server) save() {
	var b store.Batch
	now := make(map[string]string, len(s.disk.entities))
	err := s.eachEntity(func(key []byte, saved any) error {
		value, err := json.Marshal(saved)
		now[string(key)] = string(value)
		return err
	})
	if err != nil {
		s.disk.err = err
		return
	}
	for key, value := range now {
		if s.disk.entities[key] != value {
			b.Set([]byte(key), []byte(value))
		}
	}
	for key := range s.disk.entities {
		if _, there := now[key]; !there {
			b.Delete([]byte(key))
		}
	}
	first, last := s.stageEvents(&b)
	if b.Len() == 0 {
		s.disk.err = nil
		return
	}
	before := s.disk.err
	if s.disk.err = s.disk.store.Commit(context.Background(), &b); s.disk.err != nil {
		if before == nil {
			s.cfg.Logger.Error("the state of RDS could not be stored", "error", s.disk.err)
		}
		return
	}
	s.disk.entities, s.disk.firstEvent, s.disk.lastEvent = now, first, last
}

// eachEntity calls f with all there is, as it is to be stored.
func (s *Server) eachEntity(f func(key []byte, saved any) error) error {
	for _, c := range s.clusters {
		if err := f(store.Name(store.KindCluster, c.resourceID), c.saved()); err != nil {
			return fmt.Errorf("save cluster %s: %w", c.id, err)
		}
	}
	for _, i := range s.instances {
		if err := f(store.Name(store.KindInstance, i.resourceID), i.saved()); err != nil {
			return fmt.Errorf("save instance %s: %w", i.id, err)
		}
	}
	for _, b := range s.subscriptions {
		if err := f(store.Name(store.KindSubscription, b.name), b.saved()); err != nil {
			return fmt.Errorf("save event subscription %s: %w", b.name, err)
		}
	}
	return s.eachRecord(f)
}

// stageEvents adds the events that are new, and the removal of those that are
// forgotten, to a batch.
func (s *Server) stageEvents(b *store.Batch) (first, last int) {
	first, last = s.disk.firstEvent, s.disk.lastEvent
	for i := len(s.events) - 1; i >= 0 && s.events[i].seq > s.disk.lastEvent; i-- {
		e := s.events[i]
		value, err := json.Marshal(savedEvent{e.id, e.at, e.source, e.sourceID, e.arn, e.category, e.message})
		if err != nil {
			s.cfg.Logger.Error("an event could not be stored", "error", err)
			continue
		}
		b.Set(store.Key(store.KindEvent, uint64(e.seq)), value)
		last = max(last, e.seq)
	}
	if len(s.events) > 0 && s.events[0].seq > first {
		if first > 0 {
			b.DeleteRange(store.Key(store.KindEvent, 0), store.Key(store.KindEvent, uint64(s.events[0].seq)))
		}
		first = s.events[0].seq
	}
	return first, last
}

// openDisk reads the state of the store and has it kept from then on.
func (s *Server) openDisk() error {
	s.disk.store = s.cfg.Store
	if s.disk.store == nil {
		return nil
	}
	load := []struct {
		kind store.Kind
		one  func(key, value []byte) error
	}{{store.KindCluster, s.restoreCluster}, {store.KindInstance, s.restoreInstance},
		{store.KindSubscription, s.restoreSubscription}, {store.KindEvent, s.restoreEvent},
		{store.KindSnapshot, s.restoreSnapshot}, {store.KindClusterGroup, s.restoreClusterGroup},
		{store.KindDBGroup, s.restoreInstanceGroup}, {store.KindSubnetGroup, s.restoreSubnetGroup}}
	for _, l := range load {
		var bad error
		prefix := store.Key(l.kind)
		err := s.disk.store.Scan(prefix, store.After(prefix), func(key, value []byte) bool {
			if bad = l.one(key, value); bad != nil {
				bad = s.disk.store.Damaged(key, bad)
			}
			return bad == nil
		})
		if err := errors.Join(err, bad); err != nil {
			return fmt.Errorf("read the stored state of RDS: %w", err)
		}
	}
	s.disk.entities = make(map[string]string)
	s.mu.changed = s.save
	return s.tellAside()
}

// tellAside tells of the events that were damaged, and has the store forget them.
func (s *Server) tellAside() error {
	if len(s.disk.aside) == 0 {
		return nil
	}
	s.mu.Lock()
	for _, c := range sortedValues(s.clusters) {
		s.clusterEvent(c, eventEventsDamaged(len(s.disk.aside), s.disk.asideDir))
	}
	s.mu.Unlock()
	if err := s.saved(); err != nil {
		return err
	}
	var b store.Batch
	for _, key := range s.disk.aside {
		b.Delete(key)
	}
	return s.disk.store.Commit(context.Background(), &b)
}

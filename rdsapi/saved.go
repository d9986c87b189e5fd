package rdsapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/das-local/das-local/internal/store"
)

// The state as it is in the store. Nothing is left out but what follows from the
// process: addresses of instances.

type savedCluster struct {
	ID, ARN, ResourceID string
	Created             time.Time
	Status              string
	Wire                dbCluster
	Tags                map[string]string
	StreamStatus        string
	StreamMode          string
	StreamKey           KMSKey
	StreamLoss          bool `json:",omitempty"`
	Pending             *savedPending
	Deferred            *clusterPending
	DeferredDue         time.Time
	Writer              string
}

type savedPending struct {
	Start bool
	Mode  string
	Key   KMSKey
	Due   time.Time
	Call  *Call
}

type savedSubscription struct {
	Name, ARN, Topic, SourceType string
	Sources, Categories          []string
	Disabled                     bool
	Created                      time.Time
	Tags                         map[string]string
}

type savedInstance struct {
	ID, ARN, ResourceID, Cluster string
	Order                        int
	Created                      time.Time
	Status, Class                string
	Wire                         dbInstance
	Tags                         map[string]string
	Unsynced                     bool
	Deferred                     *instancePending
	DeferredDue                  time.Time
}

type savedEvent struct {
	ID                                       string
	At                                       time.Time
	Source, SourceID, ARN, Category, Message string
}

func (c *cluster) saved() savedCluster {
	saved := savedCluster{ID: c.id, ARN: c.arn, ResourceID: c.resourceID, Created: c.created, Status: c.status, Wire: c.wire,
		Tags: c.tags, StreamStatus: c.stream.status, StreamMode: c.stream.mode, StreamKey: c.stream.key, StreamLoss: c.stream.loss, Writer: c.writer}
	if d := c.deferred; d != nil {
		saved.Deferred, saved.DeferredDue = &d.clusterPending, d.due
	}
	if p := c.pending; p != nil {
		saved.Pending = &savedPending{p.start, p.mode, p.key, p.due, p.call}
	}
	return saved
}

func (s *Server) restoreCluster(_, value []byte) error {
	var saved savedCluster
	if err := json.Unmarshal(value, &saved); err != nil {
		return err
	}
	c := &cluster{id: saved.ID, arn: saved.ARN, resourceID: saved.ResourceID, created: saved.Created, status: saved.Status,
		wire: saved.Wire, tags: saved.Tags, stream: stream{status: saved.StreamStatus, mode: saved.StreamMode, key: saved.StreamKey, loss: saved.StreamLoss}, writer: saved.Writer}
	if d := saved.Deferred; d != nil {
		c.deferred = &deferredCluster{*d, saved.DeferredDue}
	}
	if p := saved.Pending; p != nil {
		c.pending = &pendingChange{p.Start, p.Mode, p.Key, p.Due, p.Call}
	}
	s.clusters[c.id] = c
	return nil
}

func (i *instance) saved() savedInstance {
	saved := savedInstance{ID: i.id, ARN: i.arn, ResourceID: i.resourceID, Cluster: i.cluster.resourceID, Order: i.order,
		Created: i.created, Status: i.status, Class: i.class, Wire: i.wire, Tags: i.tags, Unsynced: i.unsynced}
	if d := i.deferred; d != nil {
		saved.Deferred, saved.DeferredDue = &d.instancePending, d.due
	}
	return saved
}

func (s *Server) restoreInstance(_, value []byte) error {
	var saved savedInstance
	if err := json.Unmarshal(value, &saved); err != nil {
		return err
	}
	i := &instance{id: saved.ID, arn: saved.ARN, resourceID: saved.ResourceID, order: saved.Order, created: saved.Created,
		status: saved.Status, class: saved.Class, wire: saved.Wire, tags: saved.Tags, unsynced: saved.Unsynced}
	if d := saved.Deferred; d != nil {
		i.deferred = &deferredInstance{*d, saved.DeferredDue}
	}
	for _, c := range s.clusters {
		if c.resourceID == saved.Cluster {
			i.cluster = c
		}
	}
	if i.cluster == nil {
		return fmt.Errorf("instance %s is of cluster %s, which is not there", i.id, saved.Cluster)
	}
	s.instances[i.id] = i
	s.order = max(s.order, i.order)
	return nil
}

func (b *subscription) saved() savedSubscription {
	return savedSubscription{b.name, b.arn, b.topic, b.sourceType, b.sources, b.categories, b.disabled, b.created, b.tags}
}

func (s *Server) restoreSubscription(_, value []byte) error {
	var b savedSubscription
	if err := json.Unmarshal(value, &b); err != nil {
		return err
	}
	s.subscriptions[b.Name] = &subscription{b.Name, b.ARN, b.Topic, b.SourceType, b.Sources, b.Categories, b.Disabled, b.Created, b.Tags}
	return nil
}

// restoreEvent reads an event. One that is damaged is kept aside: the others say when
// events might have been lost, and so does the one that says that this one is gone.
func (s *Server) restoreEvent(key, value []byte) error {
	seq, ok := store.Number(key, 0)
	if !ok || len(key) != len(store.Key(store.KindEvent, seq)) {
		return errors.New("it has no number")
	}
	s.eventSeq, s.disk.lastEvent = int(seq), int(seq)
	if s.disk.firstEvent == 0 {
		s.disk.firstEvent = int(seq)
	}
	var saved savedEvent
	if err := json.Unmarshal(value, &saved); err != nil {
		return s.setEventAside(key, value, err)
	}
	s.events = append(s.events, event{int(seq), saved.ID, saved.At, saved.Source, saved.SourceID, saved.ARN, saved.Category, saved.Message, nil})
	return nil
}

// setEventAside keeps a damaged event in a file; openDisk tells and removes it.
func (s *Server) setEventAside(key, value []byte, cause error) error {
	path, err := s.disk.store.KeepAside(key, value)
	if err != nil {
		return errors.Join(cause, err)
	}
	s.cfg.Logger.Error("a stored RDS event is damaged: it was set aside", "entry", store.Describe(key), "cause", cause, "kept", path)
	s.disk.aside, s.disk.asideDir = append(s.disk.aside, slices.Clone(key)), filepath.Dir(path)
	return nil
}

package rdsapi

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/das-local/das-local/internal/store"
)

// epoch is the time between two resets, and the jobs that Run has begun in it.
type epoch struct {
	ctx  context.Context // ends with it: the jobs give up
	end  context.CancelFunc
	jobs sync.WaitGroup
}

func newEpoch() *epoch {
	e := &epoch{}
	e.ctx, e.end = context.WithCancel(context.Background())
	return e
}

// run has a job done, unless the epoch ends before.
func (e *epoch) run(ctx context.Context, j job) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(e.ctx, cancel)()
	if e.ctx.Err() != nil { // the function comes some time later
		cancel()
	}
	j(ctx)
}

// mark is what Reset goes back to: clusters and instances as they are stored.
type mark struct{ clusters, instances [][]byte }

// Mark notes clusters, given by identifier, as they are now, with their instances and
// whether their streams are started: Reset goes back to them. Groups that were made for
// them are not kept: they have the default ones then.
func (s *Server) Mark(ids ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mark = mark{}
	for _, id := range ids {
		c := s.clusters[id]
		if c == nil || c.status == statusDeleting {
			continue
		}
		saved := c.saved()
		saved.StreamStatus, saved.StreamLoss = settledStream(c.stream.status), false
		saved.Wire.DBClusterParameterGroup = defaultPrefix + family(saved.Wire.EngineVersion)
		saved.Wire.DBSubnetGroup = defaultSubnetGroup
		value, err := json.Marshal(saved)
		if err != nil {
			return fmt.Errorf("mark cluster %s: %w", id, err)
		}
		s.mark.clusters = append(s.mark.clusters, value)
		for _, i := range s.members(c) {
			saved := i.saved()
			saved.Status = settledInstance(i.status)
			saved.Wire.DBParameterGroups = []parameterGroup{{defaultPrefix + family(c.wire.EngineVersion), "in-sync"}}
			value, err := json.Marshal(saved)
			if err != nil {
				return fmt.Errorf("mark instance %s: %w", i.id, err)
			}
			s.mark.instances = append(s.mark.instances, value)
		}
	}
	return nil
}

// settledStream is the status that a stream will have had.
func settledStream(status string) string {
	if status == streamStarted || status == streamStarting {
		return streamStarted
	}
	return streamStopped
}

func settledInstance(status string) string {
	if status == statusStopped || status == statusStopping {
		return statusStopped
	}
	return statusAvailable
}

// Reset goes back to what Mark noted. Transitions are given up; then the activity
// streams must be ended, which between does, with whatever else is to happen while
// there is nothing that could start one. Sessions of instances that were there at Mark,
// and are, stay. Events, subscriptions, snapshots and groups are gone. The caller keeps
// actions away.
func (s *Server) Reset(ctx context.Context, between func() error) error {
	s.giveUp()
	err := between()
	var gone, missing []*instance
	if err == nil {
		gone, missing, err = s.goBack(ctx)
	}
	if err == nil {
		err = s.bringUp(ctx, gone, missing)
	}
	if err == nil {
		err = s.startMarked(ctx)
	}
	s.mu.Lock()
	s.jobs, s.resetting = nil, false
	s.wakeRun()
	err = errors.Join(err, s.forgetEvents(ctx))
	s.mu.Unlock()
	return errors.Join(err, s.saved())
}

// endEpoch has who waits in the same process for a transition give up, with Run.
func (s *Server) endEpoch() {
	s.mu.Lock()
	over := s.epoch
	s.epoch = newEpoch()
	s.epoch.end()
	s.mu.Unlock()
	over.end()
	over.jobs.Wait()
}

// giveUp ends the jobs that are under way, and has Run begin none until Reset is over.
func (s *Server) giveUp() {
	s.mu.Lock()
	s.resetting = true
	over := s.epoch
	s.epoch = newEpoch()
	s.mu.Unlock()
	over.end()
	over.jobs.Wait()
}

// goBack puts the marked state in the place of what there is. It tells which instances
// run that are not in it, and which of it do not run.
func (s *Server) goBack(ctx context.Context) (gone, missing []*instance, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	running := make(map[string]*instance)
	for _, i := range s.instances {
		running[i.resourceID] = i
	}
	clear(s.clusters)
	clear(s.instances)
	clear(s.subscriptions)
	clear(s.snapshots)
	clear(s.clusterGroups)
	clear(s.instanceGroups)
	clear(s.subnetGroups)
	for _, value := range s.mark.clusters {
		err = errors.Join(err, s.restoreCluster(nil, value))
	}
	for _, value := range s.mark.instances {
		err = errors.Join(err, s.restoreInstance(nil, value))
	}
	now := s.cfg.Clock.Now().UTC()
	for _, c := range s.clusters {
		if c.created.After(now) {
			c.created = now
		}
	}
	for _, i := range s.instances {
		if was := running[i.resourceID]; was != nil {
			i.host, i.port = was.host, was.port
			delete(running, i.resourceID)
		} else {
			missing = append(missing, i)
		}
	}
	for _, i := range running {
		gone = append(gone, i)
	}
	slices.SortFunc(missing, func(a, b *instance) int { return cmp.Compare(a.order, b.order) })
	return gone, missing, err
}

// bringUp stops the instances that are gone, starts those that are missing, and lets
// clients into all that are not stopped.
func (s *Server) bringUp(ctx context.Context, gone, missing []*instance) error {
	for _, i := range gone {
		s.cfg.Sessions.RefuseSessions(i.identity(), ShuttingDown)
	}
	for _, i := range gone {
		s.cfg.Sessions.AwaitSessions(ctx, i.identity())
		if err := s.cfg.Instances.StopInstance(ctx, i.identity()); err != nil {
			return fmt.Errorf("stop instance %s: %w", i.id, err)
		}
	}
	for _, i := range missing {
		host, port, err := s.cfg.Instances.StartInstance(ctx, i.identity())
		if err != nil {
			return fmt.Errorf("start instance %s: %w", i.id, err)
		}
		s.mu.Lock()
		i.host, i.port = host, port
		s.mu.Unlock()
	}
	for _, i := range s.allInstances() {
		s.mu.Lock()
		who, shut := i.identity(), i.status == statusStopped
		if shut {
			s.cfg.Sessions.RefuseSessions(who, ShuttingDown)
		} else {
			s.cfg.Sessions.AdmitSessions(who)
		}
		s.mu.Unlock()
		if shut {
			s.cfg.Sessions.AwaitSessions(ctx, who)
		}
	}
	return nil
}

// startMarked starts the streams that ran at Mark.
func (s *Server) startMarked(ctx context.Context) error {
	s.mu.Lock()
	clusters := sortedValues(s.clusters)
	s.mu.Unlock()
	var errs []error
	for _, c := range clusters {
		s.mu.Lock()
		c.status = s.settledStatus(c)
		as, started := c.activityStream(), c.stream.status == streamStarted
		s.mu.Unlock()
		if !started {
			continue
		}
		if err := s.cfg.Streams.StartStream(ctx, as); err != nil {
			s.mu.Lock()
			c.stream = stream{status: streamStopped}
			s.mu.Unlock()
			errs = append(errs, fmt.Errorf("start the activity stream of %s: %w", as.ClusterID, err))
		}
	}
	return errors.Join(errs...)
}

// forgetEvents forgets all events, also those that wait to be delivered. The lock is
// held.
func (s *Server) forgetEvents(ctx context.Context) error {
	s.events = nil
	for _, t := range s.buses {
		t.forget()
	}
	for _, t := range s.topics {
		t.forget()
	}
	if s.disk.store == nil {
		return nil
	}
	var b store.Batch
	prefix := store.Key(store.KindEvent)
	b.DeleteRange(prefix, store.After(prefix))
	if err := s.disk.store.Commit(ctx, &b); err != nil {
		return fmt.Errorf("forget the stored RDS events: %w", err)
	}
	s.disk.firstEvent, s.disk.lastEvent = 0, s.eventSeq
	return nil
}

// forget drops what waits for an address.
func (t *target) forget() {
	for {
		select {
		case <-t.queue:
		default:
			return
		}
	}
}

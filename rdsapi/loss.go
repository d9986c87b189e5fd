package rdsapi

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Loss says how many activity events were lost, and the earliest and the latest
// logTime among them. The zero value is no loss.
type Loss struct {
	Lost        int64
	First, Last time.Time
}

// RecordLossBegin records the RDS event that activity events of a cluster, named
// by its resource id or its identifier, might be lost from now on. If the cluster
// is to be shut down then, its sessions have been told to end when this returns. A
// cluster that is not there is ignored.
func (s *Server) RecordLossBegin(id string, cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.streaming(id)
	if c == nil {
		return
	}
	c.stream.loss = true
	s.lookAtKeyLater(c)
	s.clusterEvent(c, eventLossBegins(cause))
	if c.mustNotServe() {
		s.clusterEvent(c, eventShutDown())
		s.shutDown(c)
	}
}

// RecordLossEnd records the RDS event that ends such a window. A cluster that was
// shut down stays so until somebody starts it.
func (s *Server) RecordLossEnd(id string, l Loss) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.streaming(id)
	if c == nil {
		return
	}
	c.stream.loss, c.stream.keyCheck = false, time.Time{}
	s.clusterEvent(c, eventLossEnds(l, c.stream.status == streamStopping))
}

// RecordDamage records the RDS events of a loss that has happened: entries of what the
// data directory keeps for a cluster's stream were damaged, and set aside in a directory.
// uncounted of them do not say how many activity events they held. No instance is shut
// down for it, for nothing more is lost.
func (s *Server) RecordDamage(id string, entries int, dir string, l Loss, uncounted int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.streaming(id)
	if c == nil {
		return
	}
	s.clusterEvent(c, eventLossBegins(fmt.Errorf("%d damaged entries of its queue on disk were set aside in %s", entries, dir)))
	end := eventLossEnds(l, false)
	if uncounted > 0 {
		end.message += fmt.Sprintf("; and those of %d damaged entries, which cannot be counted", uncounted)
	}
	s.clusterEvent(c, end)
}

// streaming finds a cluster; nil if there is none. The lock is held.
func (s *Server) streaming(id string) *cluster {
	for _, c := range s.clusters {
		if c.resourceID == id || c.id == id {
			return c
		}
	}
	return nil
}

// mustNotServe says that events would be lost, and that nobody may work then. What a
// stream loses that is being stopped is the will of whoever stops it. The lock is
// held.
func (c *cluster) mustNotServe() bool {
	return c.stream.loss && c.stopsOnFailure() && c.stream.status != streamStopping
}

// lookAtKeyLater sets the time at which a window of loss has lasted too long for a
// key that cannot be used. The lock is held.
func (s *Server) lookAtKeyLater(c *cluster) {
	if s.cfg.KeyPatience > 0 {
		c.stream.keyCheck = s.cfg.Clock.Now().Add(s.cfg.KeyPatience)
		s.wakeRun()
	}
}

// checkKey stops c's stream if its key cannot be used. AWS documents that for
// Aurora MySQL; for Aurora PostgreSQL it says nothing. Whatever the cause of the
// loss was at first, only the key counts: Kinesis may come back by itself.
func (s *Server) checkKey(ctx context.Context, c *cluster) {
	s.mu.Lock()
	arn := c.stream.key.ARN
	s.mu.Unlock()
	key, err := s.cfg.Keys.ResolveKey(ctx, arn)
	if ctx.Err() != nil {
		return
	}
	s.mu.Lock()
	if !c.stream.loss || c.stream.status != streamStarted {
		s.mu.Unlock()
		return
	}
	if err == nil && key.Enabled || errors.Is(err, context.DeadlineExceeded) || s.canStop(c) != nil {
		s.lookAtKeyLater(c)
		s.mu.Unlock()
		return
	}
	s.clusterEvent(c, eventKeyLost(arn, s.cfg.KeyPatience))
	s.cfg.Logger.Warn("the activity stream is stopped because its KMS key can't be used", "cluster", c.id, "key", arn)
	s.beginStop(c)
	s.mu.Unlock()
	_ = s.runStop(ctx, c, false) // it has said why
}

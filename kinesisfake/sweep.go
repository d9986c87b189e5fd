package kinesisfake

import (
	"context"
	"time"

	"github.com/das-local/das-local/internal/store"
)

// sweepInterval is how long records may outlive their retention on disk or in
// memory. Nobody reads them meanwhile: each call looks at their age.
const sweepInterval = time.Minute

// Run drops records whose retention is over where nobody calls, until ctx ends. It
// goes by Config.Clock and returns nil.
func (s *Server) Run(ctx context.Context) error {
	for {
		next := s.cfg.Clock.Now().Add(sweepInterval) // before the sweep: the clock may be put forward meanwhile
		s.sweep(ctx)
		if err := s.cfg.Clock.Wait(ctx, next); err != nil {
			return nil
		}
	}
}

func (s *Server) sweep(ctx context.Context) {
	now := s.now()
	s.mu.RLock()
	streams := make([]*stream, 0, len(s.streams))
	for _, st := range s.streams {
		streams = append(streams, st)
	}
	s.mu.RUnlock()
	for _, st := range streams {
		st.mu.RLock()
		horizon, shards := st.horizon(now), st.shards
		st.mu.RUnlock()
		for _, sh := range shards {
			s.expire(sh, horizon)
			s.shed(ctx, st, sh)
		}
	}
}

// shed has the store forget the records that a shard has dropped. A shard that is
// written to does so by itself.
func (s *Server) shed(ctx context.Context, st *stream, sh *shard) {
	if s.cfg.Store == nil || ctx.Err() != nil {
		return
	}
	pending, err := s.applyShed(st, sh)
	if err == nil && pending != nil {
		err = pending.Wait(ctx)
	}
	if err != nil && ctx.Err() == nil {
		s.cfg.Logger.Warn("dropped records could not be removed from the disk yet", "stream", st.key.name, "shard", sh.id(), "error", err)
	}
}

// applyShed returns nil if there is nothing to forget.
func (s *Server) applyShed(st *stream, sh *shard) (*store.Pending, error) {
	st.mu.RLock() // a stream that is deleted leaves nothing behind
	defer st.mu.RUnlock()
	sh.mu.Lock()
	defer sh.mu.Unlock()
	epoch := s.cfg.Store.Epoch()
	log := sh.log.(*diskLog)
	if err := log.refresh(); err != nil || st.deleted || log.deleted == log.first {
		return nil, err
	}
	var b store.Batch
	deleted := log.shed(&b)
	pending, err := s.cfg.Store.Apply(&b, epoch)
	if err == nil {
		log.deleted = deleted
	}
	return pending, err
}

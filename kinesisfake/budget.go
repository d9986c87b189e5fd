package kinesisfake

import (
	"fmt"
	"math"
)

// grow counts what was stored and, beyond the budget, drops the oldest records
// of all streams. It is called with no lock held.
func (s *Server) grow(bytes int64) {
	if s.used.Add(bytes) <= s.cfg.ByteBudget || !s.trimming.TryLock() {
		return
	}
	defer s.trimming.Unlock()
	s.told.Do(func() {
		s.cfg.Logger.Warn("the byte budget for Kinesis records is used up; the oldest records are dropped from now on",
			"budget", s.cfg.ByteBudget)
	})
	// A twentieth more than needed, so that it does not happen at each call.
	target := s.cfg.ByteBudget - s.cfg.ByteBudget/20
	shards := s.allShards()
	for s.used.Load() > target {
		from := int64(math.MaxInt64)
		for _, sh := range shards {
			if arrival, ok := sh.oldest(); ok {
				from = min(from, arrival)
			}
		}
		if from == math.MaxInt64 {
			return // nothing is left
		}
		// In steps of a part of the time that the records span: one
		// record at a time would look at all shards for each.
		to := from + max(s.now()-from, 0)/64
		for _, sh := range shards {
			if need := s.used.Load() - target; need > 0 {
				s.used.Add(-sh.trimBytes(need, to))
			}
		}
	}
}

// roomOnDisk is the budget where none is given: three quarters of what there is for
// records. The rest is for what the database needs to tidy up, and for others.
func (s *Server) roomOnDisk() (int64, error) {
	free, err := s.cfg.Store.Available()
	if err != nil {
		return 0, fmt.Errorf("see how much room Kinesis records have on disk: %w", err)
	}
	return (s.used.Load() + free) / 4 * 3, nil
}

// allShards are the shards of all streams, closed ones too.
func (s *Server) allShards() []*shard {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var all []*shard
	for _, st := range s.streams {
		st.mu.RLock()
		all = append(all, st.shards...)
		st.mu.RUnlock()
	}
	return all
}

// expire drops the records of a shard whose retention is over.
func (s *Server) expire(sh *shard, horizon int64) {
	for freed := sh.trimBefore(horizon); freed > 0; freed = sh.trimBefore(horizon) {
		s.used.Add(-freed)
	}
}

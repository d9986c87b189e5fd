package kinesisfake

import (
	"sync/atomic"
	"time"
)

// iteratorAge is the largest MillisBehindLatest that a reader of a stream was told since
// it was asked for.
type iteratorAge struct{ most atomic.Int64 }

func (a *iteratorAge) read(millis int64) {
	for {
		most := a.most.Load()
		if millis <= most || a.most.CompareAndSwap(most, millis) {
			return
		}
	}
}

// IteratorAge is how far behind the newest record the slowest GetRecords call was since
// IteratorAge was called last: what CloudWatch shows of a stream as
// GetRecords.IteratorAgeMilliseconds. It is zero for a stream that there is not.
func (s *Server) IteratorAge(name string) time.Duration {
	st, err := s.stream(streamKey{s.cfg.AccountID, s.cfg.Region, name})
	if err != nil {
		return 0
	}
	return time.Duration(st.age.most.Swap(0)) * time.Millisecond
}

package kinesisfake

import (
	"context"
	"time"
)

// Faults stand in for a service in trouble, where that shows in parts of a client's
// call. The Go methods are not asked about.
type Faults interface {
	// RefuseRecords tells which of the n records of a PutRecords call are not
	// stored: an error code for each, "" for those that are. nil: none is refused.
	RefuseRecords(n int) (codes []string)
	// Redeliver tells whether the page of records that GetRecords answers is
	// answered again next time, as a consumer meets it that goes back to its
	// checkpoint.
	Redeliver() bool
}

// storeSome stores the records of a client's PutRecords call that are not refused.
func (s *Server) storeSome(ctx context.Context, k streamKey, puts []put) (results []putResult, encryption string, err error) {
	var codes []string
	if s.cfg.Faults != nil {
		codes = s.cfg.Faults.RefuseRecords(len(puts))
	}
	if codes == nil {
		return s.store(ctx, k, puts, nil)
	}
	var kept []put
	for i, p := range puts {
		if codes[i] == "" {
			kept = append(kept, p)
		}
	}
	stored, encryption, err := s.store(ctx, k, kept, nil)
	if err != nil {
		return nil, "", err
	}
	results = make([]putResult, len(puts))
	for i, code := range codes {
		if code == "" {
			results[i], stored = stored[0], stored[1:]
			continue
		}
		results[i] = putResult{ErrorCode: code, ErrorMessage: "Internal service failure."}
		if code != codeInternal {
			results[i].ErrorMessage = "Rate exceeded for a shard of stream " + k.name + " under account " + k.account + "."
		}
	}
	return results, encryption, nil
}

// next is where a client reads on behind a page.
func (s *Server) next(it iterator, p page) uint64 {
	if len(p.entries) > 0 && s.cfg.Faults != nil && s.cfg.Faults.Redeliver() {
		return it.position
	}
	return p.next
}

// Reshard splits one of a stream's open shards in the middle, or merges two
// neighbours, as choose decides, which returns a number below n. The stream is
// UPDATING for the time d, on the server's clock, and takes no other change
// meanwhile.
func (s *Server) Reshard(_ context.Context, name string, d time.Duration, choose func(n int) int) error {
	k := streamKey{s.cfg.AccountID, s.cfg.Region, name}
	return s.change(k, 1, func(st *stream, now int64) error {
		if n := len(st.open); n > 1 && choose(2) == 0 {
			at := choose(n - 1)
			s.merge(st, st.open[at], st.open[at+1], now)
		} else {
			sh := st.open[choose(n)]
			s.split(st, sh, sh.hashes.middle(), now)
		}
		st.updating.Store(now + d.Milliseconds())
		return nil
	})
}

// Settle ends the time for which Reshard has a stream UPDATING.
func (s *Server) Settle(name string) {
	if st, err := s.stream(streamKey{s.cfg.AccountID, s.cfg.Region, name}); err == nil {
		st.updating.Store(0)
	}
}

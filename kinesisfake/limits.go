package kinesisfake

import (
	"context"
	"time"

	"github.com/das-local/das-local/internal/awsapi"
)

// The limits of one shard, with Config.Limits. See
// https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html
const (
	writeRecords = 1000    // a second
	writeBytes   = 1 << 20 // a second, data and keys
	readCalls    = 5       // GetRecords a second
	readBytes    = 2 << 20 // a second: of all GetRecords, and of each subscription
)

const codeThroughput = "ProvisionedThroughputExceededException"

// bucket admits so much a second, and at most a second's worth at once. The zero
// value is full.
type bucket struct {
	spent float64 // of a second's worth; less than 0 never, more than 1 after a giant
	at    int64   // when that was, in milliseconds since 1970
}

// refill is called before the other methods.
func (b *bucket) refill(perSecond float64, now int64) {
	if now > b.at {
		b.spent = max(0, b.spent-perSecond*float64(now-b.at)/1000)
		b.at = now
	}
}

// fits reports whether n may be taken. What is larger than a second's worth fits
// a full bucket, and is paid for by those who come later.
func (b *bucket) fits(n, perSecond float64) bool {
	return b.spent == 0 || b.spent+n <= perSecond
}

// usage is what a shard was used for lately. It is guarded by the shard's mu.
type usage struct{ records, bytes, calls, out bucket }

func errThroughput(k streamKey, sh *shard) *awsapi.Error {
	return awsapi.Errorf(codeThroughput, "Rate exceeded for shard %s in stream %s under account %s.", sh.id(), k.name, k.account)
}

// mayWrite takes a record's share of a shard, or reports that there is none.
func (s *shard) mayWrite(size int, now int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := &s.usage
	u.records.refill(writeRecords, now)
	u.bytes.refill(writeBytes, now)
	if !u.records.fits(1, writeRecords) || !u.bytes.fits(float64(size), writeBytes) {
		return false
	}
	u.records.spent++
	u.bytes.spent += float64(size)
	return true
}

// mayRead takes a call's share of a shard, or reports that there is none: too many
// calls, or what was read before is not paid for.
func (s *shard) mayRead(now int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := &s.usage
	u.calls.refill(readCalls, now)
	u.out.refill(readBytes, now)
	if !u.calls.fits(1, readCalls) || u.out.spent > readBytes {
		return false
	}
	u.calls.spent++
	return true
}

// mayRead refuses a call that the limits do not allow.
func (s *Server) mayRead(st *stream, shard int, now int64) error {
	if !s.cfg.Limits {
		return nil
	}
	st.mu.RLock()
	defer st.mu.RUnlock()
	if shard < 0 || shard >= len(st.shards) || st.shards[shard].mayRead(now) {
		return nil
	}
	return errThroughput(st.key, st.shards[shard])
}

// haveRead counts what a call has read.
func (s *shard) haveRead(bytes, now int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.usage.out.refill(readBytes, now)
	s.usage.out.spent += float64(bytes)
}

// throttle answers the records that their shards cannot take. It is called with the
// stream's mu held.
func (s *Server) throttle(st *stream, puts []put, results []putResult, now int64) {
	if !s.cfg.Limits {
		return
	}
	for i := range puts {
		p := &puts[i]
		sh := st.open[st.route(p.at())]
		if p.refused = !p.own && !sh.mayWrite(len(p.data)+len(p.key), now); p.refused {
			results[i] = putResult{ErrorCode: codeThroughput, ErrorMessage: errThroughput(st.key, sh).Message}
		}
	}
}

// pace holds a subscription back that was sent so many bytes.
func (s *Server) pace(ctx context.Context, bytes int64) error {
	if !s.cfg.Limits || bytes == 0 {
		return nil
	}
	pause := time.Duration(float64(bytes) / readBytes * float64(time.Second))
	if err := s.cfg.Clock.Wait(ctx, s.cfg.Now().Add(pause)); err != nil {
		return context.Cause(ctx)
	}
	return nil
}

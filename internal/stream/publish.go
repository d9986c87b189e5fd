package stream

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/google/uuid"

	"github.com/das-local/das-local/internal/activity"
)

// publishAll is the publisher: it seals and puts round after round. It returns
// when the stream drains and is empty, or when ctx ends.
func (s *Stream) publishAll(ctx context.Context) {
	var beats <-chan time.Time
	if s.config.Heartbeat > 0 {
		ticker := time.NewTicker(s.config.Heartbeat)
		defer ticker.Stop()
		beats = ticker.C
	}
	beat, drain := false, s.drain
	for ctx.Err() == nil {
		select {
		case <-beats: // also while there are events all the time
			beat = true
		default:
		}
		lost := s.lost()
		jobs := s.next(beat && s.config.Up())
		beat = false
		if len(jobs) > 0 {
			if !s.round(ctx, jobs, lost) {
				return
			}
			s.gather(ctx)
			continue
		}
		if !s.settleVoid(ctx) {
			return
		}
		s.roundBegan.Store(0)
		s.settle(lost)
		if drain == nil {
			return
		}
		select {
		case <-ctx.Done():
		case <-drain:
			drain = nil // once more through the queue, then out
		case <-beats:
			beat = true
		case <-s.wake:
			s.gather(ctx)
		}
	}
}

// gather lets events come together. It ends early when the queue fills up or
// nothing more will come. A sync stream only lets the sessions run that can:
// those that the last round released would else miss the next one but for the
// first, and every second put would be for one event.
func (s *Stream) gather(ctx context.Context) {
	if s.config.GatherDelay <= 0 {
		runtime.Gosched()
		return
	}
	timer := time.NewTimer(s.config.GatherDelay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.wake:
	case <-s.drain:
	case <-ctx.Done():
	}
}

// publish makes one round durable, however often it must try; records of a call
// that failed half-way are put again. It returns false if ctx ended before.
func (s *Stream) publish(ctx context.Context, jobs []sealJob, lostBefore int64) bool {
	s.roundBegan.Store(max(1, int64(time.Since(s.made))))
	var total Stats
	if s.hasVoid() && !s.settleVoid(ctx) {
		return false
	}
	records, sealed := make([]Record, 0, len(jobs)), make([]sealJob, 0, len(jobs))
	for _, job := range jobs {
		err, ok := s.unspool(ctx, job.batch)
		if !ok || !s.ensureKey(ctx, job.lane, &total) {
			return false
		}
		var data []byte
		if err == nil {
			data, err = s.seal(job, &total)
		}
		if err != nil {
			lostBefore += s.lose(job, err)
			if !s.dropSpooled(ctx, job.batch) {
				return false
			}
			s.settleLost(job)
			continue
		}
		id, err := uuid.NewRandomFromReader(s.config.Rand)
		if err != nil {
			s.config.Logger.Error("activity stream: cannot make a partition key", "error", err)
			return false
		}
		records, sealed = append(records, Record{PartitionKey: id.String(), Data: data, Lane: job.order()}), append(sealed, job)
	}
	for rest := records; len(rest) > 0; {
		n := firstPut(rest)
		call, of := rest[:n:n], sealed[:n:n]
		put := func(ctx context.Context) error { return s.put(ctx, call, of) }
		if !s.persist(ctx, "put records", put) {
			return false
		}
		total.Puts++
		rest, sealed = rest[n:], sealed[n:]
	}
	s.roundBegan.Store(0)
	s.window.setFailure(nil)
	s.landed(total)
	s.settle(lostBefore)
	return true
}

// lose counts a batch that cannot be published, and begins a window for it. It counts at
// once, since the batch is in no queue afterwards, even if the round does not end.
func (s *Stream) lose(job sealJob, err error) int64 {
	s.config.Logger.Error("activity stream: a batch of events is lost", "stream", s.config.StreamName, "error", err)
	s.window.begin(err)
	if job.batch == nil {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	lost := job.batch.span
	s.loseLocked(lost)
	job.batch.span = Loss{}
	return lost.Lost
}

// order is the lane of the job's record; a heartbeat has none.
func (job sealJob) order() int {
	if job.batch == nil {
		return 0
	}
	return job.lane.number
}

// firstPut is how many of the records one PutRecords call takes.
func firstPut(records []Record) int {
	size := 0
	for i, r := range records {
		size += len(r.Data) + len(r.PartitionKey)
		if i == kinesisPutRecords || (i > 0 && size > kinesisPutBytes) {
			return i
		}
	}
	return len(records)
}

// seal makes a record's data of a job. What cannot be sealed is lost.
func (s *Stream) seal(job sealJob, total *Stats) ([]byte, error) {
	b := job.batch
	if b == nil {
		data, err := s.sealEvents(job.lane, activity.AppendHeartbeat(nil))
		if err != nil {
			return nil, err
		}
		total.Heartbeats++
		total.Bytes += int64(len(data))
		return data, nil
	}
	data, err := s.sealEvents(job.lane, b.events)
	if errors.Is(err, errTooLarge) && b.cut != nil {
		data, err = s.sealEvents(job.lane, b.cut)
		total.Cut++
	}
	if err != nil {
		return nil, err
	}
	total.Published += b.span.Lost
	total.Records++
	total.Bytes += int64(len(data))
	return data, nil
}

func (s *Stream) sealEvents(l *lane, events []byte) ([]byte, error) {
	data, err := s.sealer.Seal(nil, l.key.data, s.config.ClusterID, l.instanceID, events)
	if err != nil {
		return nil, fmt.Errorf("seal batch: %w", err)
	}
	if len(data)+partitionKeyBytes > s.config.MaxRecordBytes {
		return nil, errTooLarge
	}
	return data, nil
}

// partitionKeyBytes is the length of a UUID as text.
const partitionKeyBytes = 36

// maxBackoffs is how far the pause between two tries grows.
const maxBackoffs = 20

// persist calls f until it succeeds. It returns false if ctx ended before.
func (s *Stream) persist(ctx context.Context, verb string, f func(context.Context) error) bool {
	pause := s.config.RetryBackoff
	for try := 1; ; try++ {
		callCtx, cancel := context.WithTimeout(ctx, s.config.PutTimeout)
		err := f(callCtx)
		cancel()
		if err == nil {
			return true
		}
		err = fmt.Errorf("%s: %w", verb, err)
		s.window.setFailure(err)
		s.mu.Lock()
		s.stats.Failures++
		s.mu.Unlock()
		if try == 1 {
			s.config.Logger.Warn("activity stream: trying again", "stream", s.config.StreamName, "error", err)
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return false
		case <-timer.C:
		}
		pause = min(2*pause, maxBackoffs*s.config.RetryBackoff)
	}
}

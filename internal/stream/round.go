package stream

import "context"

// Round is what the publisher makes durable at a time.
type Round struct {
	StreamName string
	Events     int64
	Records    int // heartbeats among them
}

// round publishes a round, and has it observed.
func (s *Stream) round(ctx context.Context, jobs []sealJob, lostBefore int64) bool {
	r := Round{StreamName: s.config.StreamName, Records: len(jobs)}
	if s.config.Observe == nil {
		return s.publish(ctx, jobs, lostBefore)
	}
	for _, job := range jobs {
		if job.batch != nil {
			r.Events += job.batch.span.Lost // nobody adds to a batch in flight
		}
	}
	if r.Events == 0 {
		return s.publish(ctx, jobs, lostBefore)
	}
	ctx, done := s.config.Observe(ctx, r)
	durable := s.publish(ctx, jobs, lostBefore)
	done(durable)
	return durable
}

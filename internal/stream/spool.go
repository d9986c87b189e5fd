package stream

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// spooled is what the spool has of a batch. stream.mu guards it.
type spooled struct {
	position uint64 // 0: nothing
	size     int64  // of its events
	away     bool   // the events are in the spool only
	waited   bool   // it was there when the spooler last looked
	settled  bool   // it was put, or may have been: it must not be spooled any more
}

// Limits of what is written to the spool at a time, and what a batch there counts
// beside its events.
const (
	spoolWriteBytes = 4 << 20
	spoolOverhead   = 512
)

// adopt queues what an earlier stream has left in the spool, each instance's
// batches in their order.
func (s *Stream) adopt() error {
	if s.config.Spool == nil {
		return nil
	}
	lanes := make(map[string]*lane)
	err := s.config.Spool.Each(func(b SpooledBatch) error {
		l := lanes[b.InstanceID]
		if l == nil {
			l = s.newLaneLocked(b.InstanceID) // nobody else has the stream yet
			l.closed, l.orphan = true, true
			lanes[b.InstanceID] = l
		}
		size := int64(len(b.Events)) + spoolOverhead
		l.full = append(l.full, &batch{span: b.Span, spool: spooled{position: b.Position, size: size, away: true}})
		s.position = b.Position
		s.spooled += size
		s.stats.Events += b.Span.Lost
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the spool of the activity stream: %w", err)
	}
	return nil
}

// spoolAll is the spooler: it looks at the queue twice in SpoolDelay, and writes to
// the spool what it has seen before.
func (s *Stream) spoolAll(ctx context.Context) {
	tick := time.NewTicker(max(s.config.SpoolDelay/2, time.Millisecond))
	defer tick.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := s.spoolWaiting(ctx, false)
		if err != nil && !failing {
			s.config.Logger.Warn("activity stream: the queue cannot be spooled", "stream", s.config.StreamName, "error", err)
		}
		failing = err != nil
	}
}

// lastSpoolWrite bounds the writing of what is left at the end.
const lastSpoolWrite = 2 * time.Second

// spoolRest writes all that is queued to the spool: the next stream publishes it.
func (s *Stream) spoolRest() {
	if s.config.Spool == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), lastSpoolWrite)
	defer cancel()
	if err := s.spoolWaiting(ctx, true); err != nil {
		s.config.Logger.Warn("activity stream: what is left cannot be spooled", "stream", s.config.StreamName, "error", err)
	}
}

// spoolWaiting writes batches that have waited, or all of them, in order.
func (s *Stream) spoolWaiting(ctx context.Context, all bool) error {
	s.spoolMu.Lock()
	defer s.spoolMu.Unlock()
	batches, lanes := s.waiting(all)
	for len(batches) > 0 {
		n, bytes := 0, 0
		var write []SpooledBatch
		for n < len(batches) && (n == 0 || bytes < spoolWriteBytes) {
			b := batches[n]
			bytes += len(b.events)
			write = append(write, s.toSpool(lanes[n], b, n))
			n++
		}
		s.afterIntents()
		if err := s.config.Spool.Append(ctx, write); err != nil {
			return err
		}
		s.written(batches[:n])
		batches, lanes = batches[n:], lanes[n:]
	}
	return nil
}

// waiting collects what is to be spooled, as far as there is room, and marks what
// was seen. Nobody changes the events of these batches any more. spoolMu is held.
func (s *Stream) waiting(all bool) (batches []*batch, lanes []*lane) {
	s.mu.Lock()
	defer s.mu.Unlock()
	room, full := s.config.SpoolBytes-s.spooled, map[*lane]bool{}
	take := func(l *lane, b *batch) {
		if b == nil || b.spool.position != 0 || b.spool.settled {
			return
		}
		due := all || b.spool.waited
		b.spool.waited = true
		if full[l] {
			return
		}
		if size := int64(len(b.events)) + spoolOverhead; due && room >= size {
			room -= size
			batches, lanes = append(batches, b), append(lanes, l)
		} else {
			full[l] = true // what comes later must not overtake it
		}
	}
	for _, job := range s.flying {
		take(job.lane, job.batch)
	}
	for _, l := range s.lanes {
		if l.recent != nil && (all || l.recent.spool.waited) {
			l.rotate()
		}
		for _, b := range l.full {
			take(l, b)
		}
		if l.recent != nil {
			l.recent.spool.waited = true
		}
	}
	return batches, lanes
}

// written notes that batches are in the spool. Those that the publisher does not
// work on leave the memory. spoolMu is held.
func (s *Stream) written(batches []*batch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	flying := make(map[*batch]bool, len(s.flying))
	for _, job := range s.flying {
		flying[job.batch] = true
	}
	for _, b := range batches {
		s.position++
		b.settled = nil
		b.spool.position = s.position
		b.spool.size = int64(len(b.events)) + spoolOverhead
		s.spooled += b.spool.size
		if !flying[b] {
			s.queued -= len(b.events)
			b.events, b.cut, b.spool.away = nil, nil, true
		}
	}
}

// unspool brings the events of a batch back into memory. It returns false if ctx
// ended before. damaged says that this is not possible: the batch is lost.
func (s *Stream) unspool(ctx context.Context, b *batch) (damaged error, ok bool) {
	if b == nil {
		return nil, true
	}
	s.mu.Lock()
	position, away := b.spool.position, b.spool.away
	s.mu.Unlock()
	if !away {
		return nil, true
	}
	ok = s.persist(ctx, "read the spool", func(context.Context) error {
		read, err := s.config.Spool.Read(position)
		if errors.Is(err, ErrDamaged) {
			damaged = err
			return nil
		}
		if err != nil {
			return err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		b.events, b.cut, b.spool.away = read.Events, read.Cut, false
		s.queued += len(b.events)
		return nil
	})
	return damaged, ok
}

// dropSpooled removes a batch that cannot be read or sealed from the spool.
func (s *Stream) dropSpooled(ctx context.Context, b *batch) bool {
	if b == nil || s.config.Spool == nil {
		return true
	}
	s.spoolMu.Lock()
	s.mu.Lock()
	position := b.spool.position
	b.spool.settled = true
	s.mu.Unlock()
	s.spoolMu.Unlock()
	return position == 0 || s.persist(ctx, "remove from the spool", func(ctx context.Context) error {
		return s.config.Spool.Remove(ctx, []uint64{position})
	})
}

// put stores records, and has the spool forget their batches by the same call. No
// batch is spooled meanwhile: it would be published twice.
func (s *Stream) put(ctx context.Context, call []Record, of []sealJob) error {
	if s.config.Spool != nil {
		s.spoolMu.Lock()
		defer s.spoolMu.Unlock()
		if err := s.spoolFirst(ctx, of); err != nil && !s.window.isOpen() {
			return err
		}
	}
	s.mu.Lock()
	for i, job := range of {
		if b := job.batch; b != nil { // it may have been spooled since it was sealed
			call[i].Spooled = b.spool.position
			call[i].Settled = b.settlements(job.lane.instanceID)
		}
	}
	s.mu.Unlock()
	s.afterIntents()
	if err := ctx.Err(); err != nil {
		return err // nothing is put for certain: what is left can be spooled
	}
	err := s.config.Publisher.PutRecords(ctx, s.config.StreamName, call)
	if err != nil && (ctx.Err() == nil || s.config.AtLeastOnce) {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, job := range of {
		if job.batch != nil {
			job.batch.spool.settled = true
		}
	}
	return err
}

// spoolFirst spools what settles intents before it is put, where a put and what it settles
// are not one: a process that is killed in between has a batch then that is put again as it
// is, and no intents, which would tell of an unknown outcome what has a known one. It does
// not look at SpoolBytes, for a round is bounded. spoolMu is held.
func (s *Stream) spoolFirst(ctx context.Context, of []sealJob) error {
	if !s.config.AtLeastOnce || s.config.Intents == nil {
		return nil
	}
	var batches []*batch
	var write []SpooledBatch
	settles := false
	s.mu.Lock()
	for _, job := range of {
		if b := job.batch; b != nil && b.spool.position == 0 {
			batches = append(batches, b)
			write = append(write, s.toSpool(job.lane, b, len(write)))
			settles = settles || len(b.settled) > 0
		}
	}
	s.mu.Unlock()
	if !settles {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.config.SyncTimeout)
	defer cancel()
	s.afterIntents()
	if err := s.config.Spool.Append(ctx, write); err != nil {
		return fmt.Errorf("spool before a put: %w", err)
	}
	s.written(batches)
	return nil
}

// toSpool is a batch as it is spooled behind so many others of the same write.
func (s *Stream) toSpool(l *lane, b *batch, behind int) SpooledBatch {
	return SpooledBatch{Position: s.position + uint64(behind) + 1, InstanceID: l.instanceID,
		Events: b.events, Span: b.span, Cut: b.cut, Settled: b.settlements(l.instanceID)}
}

package stream

import (
	"hash/crc32"
	"slices"
	"time"

	"github.com/das-local/das-local/internal/activity"
)

// lane is the part of a stream that one instance's events take. Its fields but
// the first two are guarded by stream.mu, key belongs to the publisher.
type lane struct {
	stream     *Stream
	instanceID string
	number     int     // from 1
	more       []*lane // of the first lane of an instance: the others
	further    bool    // it is one of these

	full   []*batch // in order, before current
	recent *batch   // takes events; nil: the next event begins one
	closed bool     // takes nothing more
	orphan bool     // its batches were spooled by an earlier stream

	key *sealingKey
}

// batch is what becomes one record.
type batch struct {
	events  []byte        // JSON, comma-separated
	span    Loss          // what is lost if the batch is
	cut     []byte        // see piece.cut
	durable chan struct{} // nil: nobody waits, or they have been released
	waiting time.Duration // since when, from stream.made on
	spool   spooled
	settled []activity.Settled // with the events
}

// size is what the batch takes of Config.QueueBytes.
func (b *batch) size() int { return len(b.events) + len(b.cut) }

// maxSpare and maxSpareBytes bound the batches kept for reuse.
const (
	maxSpare      = 16
	maxSpareBytes = 512 << 10
)

// open adds a lane, closed at once if the stream ends.
func (s *Stream) open(instanceID string) *lane {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.lanes {
		if l.orphan && l.instanceID == instanceID { // first what the earlier stream has left
			l.orphan, l.closed = false, s.ending
			return l
		}
	}
	l := s.newLaneLocked(instanceID)
	for range s.config.Lanes - 1 {
		further := s.newLaneLocked(instanceID)
		further.further = true
		l.more = append(l.more, further)
	}
	return l
}

// newLaneLocked adds a lane.
func (s *Stream) newLaneLocked(instanceID string) *lane {
	s.numbers++
	l := &lane{stream: s, instanceID: instanceID, number: s.numbers, closed: s.ending}
	if !s.ending {
		s.lanes = append(s.lanes, l)
	}
	return l
}

// of is the lane of a session: always the same one.
func (l *lane) of(session *activity.Session) *lane {
	if len(l.more) == 0 || session == nil {
		return l
	}
	if k := crc32.ChecksumIEEE([]byte(session.SessionID)) % uint32(len(l.more)+1); k > 0 {
		return l.more[k-1]
	}
	return l
}

func (l *lane) close() {
	l.stream.mu.Lock()
	defer l.stream.mu.Unlock()
	l.closed = true
	for _, further := range l.more {
		further.closed = true
	}
	l.stream.wakeLocked() // so that the empty lane is forgotten
}

// take copies a rendering into the queue.
func (l *lane) take(r *rendering) (durable <-chan struct{}) {
	s := l.stream
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.closed {
		return nil
	}
	var last *batch
	for i := range r.pieces {
		p := &r.pieces[i]
		if s.queued+p.end-p.start+len(p.cut) > s.config.QueueBytes {
			s.loseLocked(lossOf(r.pieces[i:]))
			for _, lost := range r.pieces[i:] {
				s.intents.voidLocked(l.instanceID, lost.settled)
			}
			return s.overflowLocked()
		}
		s.stats.Events += p.span.Lost
		last = l.addLocked(r, p)
	}
	if s.idle || s.queued > s.config.QueueBytes/2 {
		s.wakeLocked()
	}
	if s.config.Mode != Sync || s.window.isOpen() {
		return nil
	}
	if last.durable == nil {
		last.durable, last.waiting = make(chan struct{}), time.Since(s.made)
	}
	return last.durable
}

func (l *lane) addLocked(r *rendering, p *piece) *batch {
	s, events := l.stream, r.buf[p.start:p.end]
	s.queued += len(events) + len(p.cut)
	if p.cut != nil {
		l.rotate()
		b := &batch{events: append([]byte(nil), events...), span: p.span, cut: p.cut, settled: p.settled}
		l.full = append(l.full, b)
		return b
	}
	if b := l.recent; b != nil && len(b.events)+1+len(events) > s.config.BatchBytes {
		l.rotate()
	}
	if l.recent == nil {
		l.recent = s.newBatchLocked()
	}
	b := l.recent
	if b.span.Lost > 0 {
		b.events = append(b.events, ',')
		s.queued++
	}
	b.events = append(b.events, events...)
	b.span.Add(p.span)
	for _, n := range p.settled {
		b.settled = activity.Settle(b.settled, n)
	}
	return b
}

// rotate ends the batch that takes events.
func (l *lane) rotate() {
	if l.recent != nil {
		l.full = append(l.full, l.recent)
		l.recent = nil
	}
}

func (s *Stream) newBatchLocked() *batch {
	if n := len(s.spare); n > 0 {
		b := s.spare[n-1]
		s.spare = s.spare[:n-1]
		return b
	}
	return new(batch)
}

// wakeLocked wakes the publisher, once per sleep.
func (s *Stream) wakeLocked() {
	s.idle = false
	select {
	case s.wake <- struct{}{}:
	default: // it has been told
	}
}

// sealJob is a batch on its way to a record; a nil batch is a heartbeat.
type sealJob struct {
	lane  *lane
	batch *batch
	depth int // how many of its lane come before it
}

// maxRound bounds the batches that the publisher takes of one lane at a time.
const maxRound = 32

// next moves batches from the queue to the publisher, in order for each lane,
// with a heartbeat for each instance in front if beat is set. Lanes take turns. Without any, the
// publisher is idle from now on, and woken by the next event.
func (s *Stream) next(beat bool) []sealJob {
	s.mu.Lock()
	defer s.mu.Unlock()
	jobs := s.flying[:0]
	kept := s.lanes[:0]
	for _, l := range s.lanes {
		if beat && !l.closed && !l.further {
			jobs = append(jobs, sealJob{lane: l})
		}
		l.rotate()
		n := min(len(l.full), maxRound)
		for i, b := range l.full[:n] {
			jobs = append(jobs, sealJob{l, b, i})
		}
		if l.full = l.full[n:]; len(l.full) == 0 {
			l.full = nil
		}
		if l.closed && len(l.full) == 0 && n == 0 {
			l.dropKey()
			continue
		}
		kept = append(kept, l)
	}
	slices.SortStableFunc(jobs, func(a, b sealJob) int { return a.depth - b.depth })
	clear(s.lanes[len(kept):])
	s.lanes = kept
	s.flying = jobs
	s.idle = len(jobs) == 0
	return jobs
}

// landed takes note that the batches in flight are durable, and adds what they count.
func (s *Stream) landed(n Stats) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Published += n.Published
	s.stats.Cut += n.Cut
	s.stats.Records += n.Records
	s.stats.Heartbeats += n.Heartbeats
	s.stats.Bytes += n.Bytes
	s.stats.Puts += n.Puts
	s.stats.DataKeys += n.DataKeys
	for i, job := range s.flying {
		if job.batch != nil {
			s.queued -= job.batch.size()
			s.spooled -= job.batch.spool.size
			s.releaseLocked(job.batch)
			s.recycleLocked(job.batch)
		}
		s.flying[i] = sealJob{}
	}
	s.flying = s.flying[:0]
}

func (s *Stream) recycleLocked(b *batch) {
	if len(s.spare) < maxSpare && cap(b.events) <= maxSpareBytes && b.cut == nil {
		*b = batch{events: b.events[:0]}
		s.spare = append(s.spare, b)
	}
}

// releaseLocked lets those go who wait for the batch.
func (s *Stream) releaseLocked(b *batch) {
	if b.durable != nil {
		close(b.durable)
		b.durable = nil
		s.stats.SyncWaits++
		s.stats.SyncWait += time.Since(s.made) - b.waiting
	}
}

// releaseAll lets everybody go who waits.
func (s *Stream) releaseAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.eachBatchLocked(s.releaseLocked)
	s.intents.giveUpLocked()
}

func (s *Stream) eachBatchLocked(f func(*batch)) {
	for _, job := range s.flying {
		if job.batch != nil {
			f(job.batch)
		}
	}
	for _, l := range s.lanes {
		for _, b := range l.full {
			f(b)
		}
		if l.recent != nil {
			f(l.recent)
		}
	}
}

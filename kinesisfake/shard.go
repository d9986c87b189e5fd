package kinesisfake

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
)

// shard is one shard of a stream. The fields above mu are set when it is made.
type shard struct {
	number    int
	hashes    hashRange
	created   int64    // milliseconds since 1970
	createdID int64    // seconds; the time that its sequence numbers bear
	parents   []*shard // none, one (split) or two (merge)

	// closed and children are guarded by the stream's lock: a shard is
	// closed while nobody writes to the stream.
	closed   int64 // milliseconds since 1970; 0: open
	children []*shard

	mu          sync.Mutex // guards what follows
	log         recordLog
	lastArrival int64
	usage       usage
	news        chan struct{} // closed when readers should look again; nil while none waits
}

// changes is a channel that is closed when what a reader finds changes: a record is
// readable, the shard has ended, or nothing is on its way any more.
func (s *shard) changes() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.news == nil {
		s.news = make(chan struct{})
	}
	return s.news
}

// tell wakes the readers. It is called with mu held.
func (s *shard) tell() {
	if s.news != nil {
		close(s.news)
		s.news = nil
	}
}

func (s *shard) id() string { return shardID(s.number) }

func shardID(number int) string { return fmt.Sprintf("shardId-%012d", number) }

// parseShardID takes "shardId-000000000001", and as AWS does, "1".
func parseShardID(id string) (number int, ok bool) {
	if _, after, found := strings.Cut(id, "-"); found {
		id = after
	}
	if strings.HasPrefix(id, "+") || strings.HasPrefix(id, "-") {
		return 0, false
	}
	n, err := strconv.ParseInt(id, 10, 32)
	return int(n), err == nil
}

// sequence is the sequence number of the record at a position.
func (s *shard) sequence(position uint64, arrival int64) string {
	return sequence{created: s.createdID, shard: s.number, position: position, arrival: arrival / 1000}.String()
}

// starting and ending are the ends of the shard's sequence number range.
func (s *shard) starting() string {
	return sequence{created: s.createdID, shard: s.number, arrival: s.createdID}.String()
}

func (s *shard) ending() string {
	return sequence{created: s.createdID, shard: s.number, position: endPosition, arrival: s.closed / 1000}.String()
}

// append stores entries and returns the position of the first and by how much
// the shard has grown. It sets the entries' arrival.
func (s *shard) append(now int64, entries []entry) (position uint64, grown int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, position, err = s.log.bounds()
	if err != nil {
		return 0, 0, err
	}
	grown = s.arrive(now, entries)
	if err := s.log.append(entries); err != nil {
		return 0, 0, err
	}
	s.tell()
	return position, grown, nil
}

// arrive sets the entries' arrival and returns what they count for the budget. It
// is called with mu held.
func (s *shard) arrive(now int64, entries []entry) (grown int64) {
	s.lastArrival = max(now, s.lastArrival) // whatever the clock does
	for i := range entries {
		entries[i].arrival = s.lastArrival
		grown += entries[i].size()
	}
	return grown
}

// trimStep is how many records are dropped while nobody can read or write.
const trimStep = 1 << 16

// trimBefore drops what arrived before a time, a step at most, and returns the bytes
// freed; 0 is the end.
func (s *shard) trimBefore(arrival int64) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	first, next, err := s.log.bounds()
	if err != nil || first == next {
		return 0 // what cannot be read now is dropped later
	}
	if e, err := s.log.at(first); err != nil || e.arrival >= arrival {
		return 0
	}
	before, err := search(s.log, arrival)
	return s.drop(min(before, first+trimStep), err)
}

// trimBytes drops records that arrived at a time or earlier, oldest first, until
// it has freed enough. It returns the bytes freed.
func (s *shard) trimBytes(enough, arrival int64) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.drop(s.log.enough(enough, arrival))
}

// dropAll drops all records and returns the bytes freed.
func (s *shard) dropAll() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, next, err := s.log.bounds()
	return s.drop(next, err)
}

// drop is called with mu held.
func (s *shard) drop(before uint64, err error) (freed int64) {
	if err == nil {
		freed, err = s.log.trim(before)
	}
	if err != nil {
		return 0
	}
	return freed
}

// oldest is the arrival of the oldest record; ok is false if there is none.
func (s *shard) oldest() (arrival int64, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	first, next, err := s.log.bounds()
	if err != nil || first == next {
		return 0, false
	}
	e, err := s.log.at(first)
	if err != nil {
		return 0, false
	}
	return e.arrival, true
}

// positionAt is the position of the first record that arrived at a time or
// later.
func (s *shard) positionAt(arrival int64) (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return search(s.log, arrival)
}

// bounds are those of the log.
func (s *shard) bounds() (first, next uint64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.bounds()
}

// page is what one read of a shard gives.
type page struct {
	entries []entry // copies; their bytes are shared
	from    uint64  // the position of the first of them
	next    uint64  // the position to read on from
	atTip   bool    // nothing is stored behind
	settled bool    // and nothing is on its way
}

// read returns up to limit records and, but for the first, up to maxBytes of
// data and keys, from a position on; what is trimmed already is passed over.
func (s *shard) read(from uint64, limit int, maxBytes int64) (page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	first, next, err := s.log.bounds()
	if err != nil {
		return page{}, err
	}
	p := page{from: min(max(from, first), next)}
	if p.entries, err = s.log.scan(p.from, next, limit, maxBytes); err != nil {
		return page{}, err
	}
	p.next = p.from + uint64(len(p.entries))
	p.atTip = p.next == next
	p.settled = p.atTip && !s.log.pending()
	return p, nil
}

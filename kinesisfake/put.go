package kinesisfake

import (
	"context"
	"fmt"
	"slices"

	"github.com/das-local/das-local/internal/awsapi"
	"github.com/das-local/das-local/internal/store"
)

// The limits of one PutRecords call.
const (
	maxPutRecords = 500
	maxPutBytes   = 10 << 20
)

// Record is one record to store.
type Record struct {
	PartitionKey string // decides on the shard
	Data         []byte // is copied
}

// PutRecords stores records, in the order given within each shard. nil means
// that all of them are stored; with an error, some may be. There is no limit to
// their number.
func (s *Server) PutRecords(ctx context.Context, name string, records []Record) error {
	return s.PutRecordsAnd(ctx, name, records, nil)
}

// PutRecordsAnd is PutRecords with changes of the store's (Config.Store) that are
// made with the last 500 records, or not at all. An error is certain unless ctx
// has ended: what it is about is not stored, and may be put again.
func (s *Server) PutRecordsAnd(ctx context.Context, name string, records []Record, also *store.Batch) error {
	for done := 0; done < len(records); done += maxPutRecords {
		if err := ctx.Err(); err != nil {
			return err
		}
		batch := records[done:min(done+maxPutRecords, len(records))]
		puts := make([]put, len(batch))
		for i, r := range batch {
			puts[i] = put{key: r.PartitionKey, data: slices.Clone(r.Data), own: true}
		}
		with := also
		if done+len(batch) < len(records) {
			with = nil
		}
		results, _, err := s.store(ctx, streamKey{s.cfg.AccountID, s.cfg.Region, name}, puts, with)
		if err == nil {
			err = joinErrors(results)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// put is a record on its way in.
type put struct {
	key  string
	data []byte
	hash *hashKey // explicit; nil: the key's

	own     bool // no client's: the limits do not apply
	refused bool // by the limits
}

// at is where the record belongs.
func (p *put) at() hashKey {
	if p.hash != nil {
		return *p.hash
	}
	return hashOf(p.key)
}

type putResult struct {
	SequenceNumber string `json:"SequenceNumber,omitempty"`
	ShardID        string `json:"ShardId,omitempty"`
	ErrorCode      string `json:"ErrorCode,omitempty"`
	ErrorMessage   string `json:"ErrorMessage,omitempty"`
}

// store appends records to their shards, one append a shard. It keeps the data.
// also is for a store on disk.
func (s *Server) store(ctx context.Context, k streamKey, puts []put, also *store.Batch) (results []putResult, encryption string, err error) {
	now := s.now()
	st, err := s.readable(k, now)
	if err != nil {
		return nil, "", err
	}
	results, encryption, pending, grown, err := s.storeIn(st, puts, also, now)
	if pending != nil && !s.await(ctx, st, pending) {
		for i := range results {
			results[i] = failedPut()
		}
		grown = 0
	}
	s.grow(grown)
	return results, encryption, err
}

func (s *Server) storeIn(st *stream, puts []put, also *store.Batch, now int64) (results []putResult, encryption string, pending *write, grown int64, err error) {
	st.mu.RLock()
	defer st.mu.RUnlock()
	if st.deleted {
		return nil, "", nil, 0, errStreamNotFound(st.key)
	}
	for i := range puts {
		if size := int64(len(puts[i].data) + len(puts[i].key)); size > st.maxRecordBytes {
			return nil, "", nil, 0, errRecordSize(i, len(puts) == 1, len(puts[i].data), st.maxRecordBytes)
		}
	}
	if st.keyID != "" {
		encryption = encryptionKMS
	}
	results = make([]putResult, len(puts))
	s.throttle(st, puts, results, now)
	if s.cfg.Store != nil {
		pending, grown = s.storeDurably(st, puts, also, now, results)
		return results, encryption, pending, grown, nil
	}
	for open, members := range st.group(puts) {
		if len(members) == 0 {
			continue
		}
		sh := st.open[open]
		entries := entriesOf(puts, members, encryption != "")
		s.expire(sh, st.horizon(now))
		position, bytes, err := sh.append(now, entries)
		grown += bytes
		if err != nil {
			s.cfg.Logger.Error("records could not be stored", "stream", st.key.name, "shard", sh.id(), "error", err)
		}
		sh.answer(results, members, entries, position, err)
	}
	return results, encryption, nil, grown, nil
}

func entriesOf(puts []put, members []int, encrypted bool) []entry {
	entries := make([]entry, len(members))
	for i, m := range members {
		entries[i] = entry{partitionKey: puts[m].key, data: puts[m].data, encrypted: encrypted}
	}
	return entries
}

// answer fills in the results of the members of a call that went to the shard.
func (s *shard) answer(results []putResult, members []int, entries []entry, position uint64, err error) {
	id := s.id()
	for i, m := range members {
		if err != nil {
			results[m] = failedPut()
			continue
		}
		results[m] = putResult{ShardID: id, SequenceNumber: s.sequence(position+uint64(i), entries[i].arrival)}
	}
}

func failedPut() putResult {
	return putResult{ErrorCode: codeInternal, ErrorMessage: "Internal service failure."}
}

// group sorts records by the open shard that they go to: indexes into puts, in
// order. It is called with mu held.
func (st *stream) group(puts []put) [][]int {
	groups := make([][]int, len(st.open))
	for i := range puts {
		if puts[i].refused {
			continue
		}
		open := 0
		if len(st.open) > 1 {
			open = st.route(puts[i].at())
		}
		groups[open] = append(groups[open], i)
	}
	return groups
}

func errRecordSize(i int, single bool, size int, limit int64) error {
	member := "data"
	if !single {
		member = fmt.Sprintf("records.%d.member.data", i+1)
	}
	var v awsapi.Validation
	v.Fail(member, blobText(size), fmt.Sprintf("have length less than or equal to %d", limit))
	return v.Err()
}

// blobText is how AWS's messages show a blob.
func blobText(size int) string {
	return fmt.Sprintf("java.nio.HeapByteBuffer[pos=0 lim=%d cap=%d]", size, size)
}

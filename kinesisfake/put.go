package kinesisfake

import (
	"context"
	"fmt"
	"slices"

	"github.com/das-local/das-local/internal/awsapi"
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
	for batch := range slices.Chunk(records, maxPutRecords) {
		if err := ctx.Err(); err != nil {
			return err
		}
		puts := make([]put, len(batch))
		for i, r := range batch {
			puts[i] = put{key: r.PartitionKey, data: slices.Clone(r.Data)}
		}
		results, _, err := s.store(streamKey{s.cfg.AccountID, s.cfg.Region, name}, puts)
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
}

type putResult struct {
	SequenceNumber string `json:"SequenceNumber,omitempty"`
	ShardID        string `json:"ShardId,omitempty"`
	ErrorCode      string `json:"ErrorCode,omitempty"`
	ErrorMessage   string `json:"ErrorMessage,omitempty"`
}

// store appends records to their shards, one append a shard. It keeps the data.
func (s *Server) store(k streamKey, puts []put) (results []putResult, encryption string, err error) {
	now := s.now()
	st, err := s.readable(k, now)
	if err != nil {
		return nil, "", err
	}
	results, encryption, grown, err := s.storeIn(st, puts, now)
	s.grow(grown)
	return results, encryption, err
}

func (s *Server) storeIn(st *stream, puts []put, now int64) (results []putResult, encryption string, grown int64, err error) {
	st.mu.RLock()
	defer st.mu.RUnlock()
	if st.deleted {
		return nil, "", 0, errStreamNotFound(st.key)
	}
	for i := range puts {
		if size := int64(len(puts[i].data) + len(puts[i].key)); size > st.maxRecordBytes {
			return nil, "", 0, errRecordSize(i, len(puts) == 1, len(puts[i].data), st.maxRecordBytes)
		}
	}
	if st.keyID != "" {
		encryption = encryptionKMS
	}
	results = make([]putResult, len(puts))
	for open, members := range st.group(puts) {
		if len(members) == 0 {
			continue
		}
		sh := st.open[open]
		entries := make([]entry, len(members))
		for i, m := range members {
			entries[i] = entry{partitionKey: puts[m].key, data: puts[m].data, encrypted: encryption != ""}
		}
		s.expire(sh, st.horizon(now))
		position, bytes, err := sh.append(now, entries)
		grown += bytes
		if err != nil {
			s.cfg.Logger.Error("records could not be stored", "stream", st.key.name, "shard", sh.id(), "error", err)
		}
		id := sh.id()
		for i, m := range members {
			if err != nil {
				results[m] = putResult{ErrorCode: codeInternal, ErrorMessage: "Internal service failure."}
				continue
			}
			results[m] = putResult{ShardID: id, SequenceNumber: sh.sequence(position+uint64(i), entries[i].arrival)}
		}
	}
	return results, encryption, grown, nil
}

// group sorts records by the open shard that they go to: indexes into puts, in
// order. It is called with mu held.
func (st *stream) group(puts []put) [][]int {
	groups := make([][]int, len(st.open))
	for i := range puts {
		open := 0
		switch {
		case puts[i].hash != nil:
			open = st.route(*puts[i].hash)
		case len(st.open) > 1:
			open = st.route(hashOf(puts[i].key))
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

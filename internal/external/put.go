package external

import (
	"context"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// Limits of one PutRecords call. AWS takes 10 MiB since 2025; others, and AWS before,
// take 5.
const (
	maxCallRecords = 500
	maxCallBytes   = 5 << 20
)

// Record is one record to put.
type Record struct {
	PartitionKey string // no two records have the same one
	Data         []byte
	Lane         int // from 1; records of the same lane keep their order. 0: no order
}

// Writer puts the records of one stream. One goroutine uses it at a time.
type Writer struct {
	kinesis *Kinesis
	stream  string
	hashes  []*string // explicit hash keys: lane n takes the one with number (n-1) mod their count

	// stored are the partition keys of records that were stored by a Put that has
	// failed: it is repeated with the same records.
	stored map[string]bool
}

// NewWriter makes a writer whose lanes are spread evenly over the hash keys of a
// stream: over its shards, if these share them evenly. offset, from 0 to 1, tells
// writers apart that have fewer lanes than the stream has shards.
func (k *Kinesis) NewWriter(stream string, lanes int, offset float64) *Writer {
	w := &Writer{kinesis: k, stream: stream, stored: map[string]bool{}}
	all := new(big.Int).Lsh(big.NewInt(1), 128)
	const parts = 1 << 20
	for i := range lanes {
		at := new(big.Int).Mul(all, big.NewInt(int64((float64(i)+offset)*parts)))
		at.Div(at, big.NewInt(int64(lanes)*parts))
		w.hashes = append(w.hashes, aws.String(at.Mod(at, all).String()))
	}
	return w
}

// Put stores records, in order for each lane. It returns nil when all are stored. After
// an error the same records must be given again: those that are stored are left out
// then, as far as Kinesis has said so.
func (w *Writer) Put(ctx context.Context, records []Record) error {
	rest := w.missing(records)
	for pause := firstPause; len(rest) > 0; {
		call := w.next(rest)
		refusal, stored, err := w.put(ctx, call)
		if err != nil {
			return err
		}
		rest = w.missing(rest)
		switch {
		case refusal == nil:
			pause = firstPause
		case stored == 0:
			return refusal // whoever called knows how long to wait
		default:
			if err := sleep(ctx, pause); err != nil {
				return fmt.Errorf("%w, and then: %w", refusal, err)
			}
			pause = min(2*pause, maxPause)
		}
	}
	clear(w.stored)
	return nil
}

// Pauses while Kinesis refuses a part of what is put.
const (
	firstPause = 25 * time.Millisecond
	maxPause   = 250 * time.Millisecond
)

// missing are the records that are not known to be stored.
func (w *Writer) missing(records []Record) []Record {
	return slices.DeleteFunc(slices.Clone(records), func(r Record) bool { return w.stored[r.PartitionKey] })
}

// next chooses what one call puts: the first record of each lane, and those that are in
// no order, up to the limits.
func (w *Writer) next(records []Record) (call []Record) {
	taken, size := map[int]bool{}, 0
	for _, r := range records {
		if r.Lane != 0 && taken[r.Lane] {
			continue
		}
		n := len(r.Data) + len(r.PartitionKey)
		if len(call) == maxCallRecords || len(call) > 0 && size+n > maxCallBytes {
			break
		}
		taken[r.Lane] = true
		call, size = append(call, r), size+n
	}
	return call
}

// put is one call. It notes which records are stored, and returns how many, and why
// others were refused.
func (w *Writer) put(ctx context.Context, call []Record) (refusal error, stored int, err error) {
	ctx, cancel := context.WithTimeout(ctx, w.kinesis.callTimeout)
	defer cancel()
	in := &kinesis.PutRecordsInput{StreamName: &w.stream, Records: make([]types.PutRecordsRequestEntry, len(call))}
	for i, r := range call {
		in.Records[i] = types.PutRecordsRequestEntry{PartitionKey: aws.String(r.PartitionKey), Data: r.Data}
		if r.Lane > 0 {
			in.Records[i].ExplicitHashKey = w.hashes[(r.Lane-1)%len(w.hashes)]
		}
	}
	out, err := w.kinesis.client.PutRecords(ctx, in)
	if err != nil {
		return nil, 0, err
	}
	if len(out.Records) != len(call) {
		return nil, 0, fmt.Errorf("PutRecords answered %d of %d records", len(out.Records), len(call))
	}
	for i, r := range out.Records {
		if code := aws.ToString(r.ErrorCode); code != "" {
			refusal = fmt.Errorf("PutRecords refused records, the last one with %s: %s", code, aws.ToString(r.ErrorMessage))
			continue
		}
		w.stored[call[i].PartitionKey] = true
		stored++
	}
	return refusal, stored, nil
}

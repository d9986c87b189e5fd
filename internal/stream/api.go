package stream

import (
	"context"
	"errors"
	"time"
)

// Mode is the mode of an activity stream.
type Mode string

// The two modes of StartActivityStream.
const (
	Sync  Mode = "sync"
	Async Mode = "async"
)

// Record is one record for the Kinesis stream.
type Record struct {
	PartitionKey string // a random UUID
	Data         []byte
	Lane         int          // from 1; records of the same lane have an order; 0: in none
	Spooled      uint64       // the position of the batch in the spool; 0: it is not there
	Settled      []Settlement // what the IntentLog forgets with it
}

// Publisher stores records. When PutRecords returns nil, all of them are
// durable and will be read in the order given for each lane, and the
// spooled batches that they were made of are gone, and the intents that they settle. With a spool, a call stores all
// or nothing, and its error is certain unless ctx has ended or Config.AtLeastOnce is
// set. After an error the same records come again, before any others.
type Publisher interface {
	PutRecords(ctx context.Context, streamName string, records []Record) error
}

// KeyService makes data keys: AES-256 keys in the clear and as a KMS
// ciphertext blob bound to the encryption context.
type KeyService interface {
	GenerateDataKey(ctx context.Context, keyID string, encryptionContext map[string]string) (plaintext, ciphertext []byte, err error)
}

// Spool keeps batches that wait for the publisher on disk.
type Spool interface {
	// Append stores batches behind all others. When it returns nil they are
	// durable; else none is.
	Append(ctx context.Context, batches []SpooledBatch) error
	// Read returns a batch by its position. ErrDamaged says that it will never be there:
	// it is lost then, and removed.
	Read(position uint64) (SpooledBatch, error)
	// Remove drops batches.
	Remove(ctx context.Context, positions []uint64) error
	// Each calls f with all batches, in order. The batch's bytes are f's only
	// until it returns.
	Each(f func(SpooledBatch) error) error
}

// ErrDamaged is the error of a Spool for a batch that cannot be read, however often one
// tries.
var ErrDamaged = errors.New("a batch of the queue on disk is damaged")

// SpooledBatch is a batch in a spool.
type SpooledBatch struct {
	Position   uint64 // from 1; greater than those of all before
	InstanceID string
	Events     []byte // JSON, comma-separated
	Span       Loss   // its events: what is lost if the batch is
	Cut        []byte // shorter JSON of an event that may be too large; nil: it is not
	// Settled is what the IntentLog forgets when the batch is appended. It is not stored.
	Settled []Settlement
}

// Notice tells the owner of a stream about windows in which events may have
// been lost. Each beginning is followed by one end.
type Notice struct {
	Begin bool
	Err   error // what began the window; nil at its end
	Loss        // in the window, known at its end
}

// Loss says how many events were lost, and the earliest and the latest logTime
// among them. The zero value is no loss.
type Loss struct {
	Lost        int64
	First, Last time.Time
}

// Add counts what was lost as well.
func (l *Loss) Add(more Loss) {
	if more.Lost == 0 {
		return
	}
	if l.Lost == 0 || more.First.Before(l.First) {
		l.First = more.First
	}
	if l.Lost == 0 || more.Last.After(l.Last) {
		l.Last = more.Last
	}
	l.Lost += more.Lost
}

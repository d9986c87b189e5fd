package stream

import (
	"context"
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
}

// Publisher stores records. When PutRecords returns nil, all of them are
// durable and will be read in the order given for each partition key.
type Publisher interface {
	PutRecords(ctx context.Context, streamName string, records []Record) error
}

// KeyService makes data keys: AES-256 keys in the clear and as a KMS
// ciphertext blob bound to the encryption context.
type KeyService interface {
	GenerateDataKey(ctx context.Context, keyID string, encryptionContext map[string]string) (plaintext, ciphertext []byte, err error)
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

// add counts what was lost as well.
func (l *Loss) add(more Loss) {
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

package stream

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/das-local/das-local/internal/activity"
)

// Limits of Kinesis: a record's data with its partition key, and one
// PutRecords call.
// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
const (
	kinesisRecordBytes = 1 << 20
	kinesisPutRecords  = 500
	kinesisPutBytes    = 5 << 20
)

// Config says what to record and where it goes. ClusterID, StreamName, KeyID,
// Publisher and KeyService are required; the rest works when empty.
type Config struct {
	ClusterID  string // resource id, "cluster-…"
	StreamName string // of the Kinesis stream
	KeyID      string // KMS key that wraps the data keys
	Publisher  Publisher
	KeyService KeyService

	Mode    Mode             // empty: Async
	Version activity.Version // empty: 1.1

	// Heartbeat is the time between two heartbeats of an instance; 0: none.
	Heartbeat time.Duration
	// Up says whether the instances are up: they send heartbeats. It is asked once for
	// each, and must not wait. nil: they are.
	Up func() bool
	// KeyReuse is how long an instance uses one data key; 0: 5 minutes,
	// negative: a key per record.
	KeyReuse time.Duration
	// SyncTimeout is how long publishing may fail or stall before a loss
	// window begins; in sync mode sessions stop waiting then. 0: 10 seconds.
	SyncTimeout time.Duration
	// GatherDelay is how long the publisher of an async stream waits between
	// two batches; 0: 10 ms, negative: not at all. A sync stream never waits.
	GatherDelay time.Duration
	// QueueBytes bounds the events that wait, as JSON, with their cut forms; what comes on top is
	// dropped and counted. 0: 64 MiB.
	QueueBytes int
	// Spool takes batches that have waited for SpoolDelay, so that they neither
	// take memory nor are lost with the process: what is left there is published
	// by the next stream with this spool. nil: all batches wait in memory.
	Spool Spool
	// SpoolBytes bounds the events in the spool, as JSON; 0: 1 GiB.
	SpoolBytes int64
	// SpoolDelay is how long events wait in memory at most, but for the time that
	// the spool itself takes; 0: 100 ms.
	SpoolDelay time.Duration
	// Intents stores what a sync stream's sessions are about to do, before they do it;
	// it shares its disk with the Publisher and the Spool. nil: nobody has to tell.
	Intents IntentLog
	// BatchBytes is the JSON that one record takes at most, unless a single
	// event is larger; 0: 256 KiB. It is lowered to what surely fits.
	BatchBytes int
	// MaxRecordBytes bounds a record with its partition key; 0: 1 MiB.
	MaxRecordBytes int
	// PutTimeout bounds one call of Publisher or KeyService; 0: 5 seconds.
	PutTimeout time.Duration
	// Lanes is how many lanes the events of an instance take, each session's all the
	// same one: order is kept in each lane only, so that a publisher may put as many
	// records at a time. 0: one.
	Lanes int
	// AtLeastOnce says that records may be stored although Publisher has returned an
	// error. Their batches stay in the spool then, to be published again.
	AtLeastOnce bool
	// RetryBackoff is the pause after the first failure; it doubles up to 20
	// times that. 0: 100 ms.
	RetryBackoff time.Duration

	// Notify is called at both ends of each loss window, one call at a time: at
	// the beginning before any session is let go for it, so that the owner may
	// end the sessions first. It must not call the stream. nil: nobody is told.
	Notify func(Notice)
	// Observe is told of each round of the publisher that has events, as it begins. It
	// gives the context of the round's calls, and a function to call at its end. nil:
	// nobody is told.
	Observe func(ctx context.Context, r Round) (context.Context, func(durable bool))
	// Rand is the source of partition keys and of what encryption needs;
	// nil: crypto/rand.
	Rand io.Reader
	// Logger never gets SQL text or keys; nil: nothing is logged.
	Logger *slog.Logger
}

func (c Config) withDefaults() (Config, error) {
	switch {
	case c.ClusterID == "" || c.StreamName == "" || c.KeyID == "":
		return c, errors.New("a stream needs a cluster id, a stream name and a key id")
	case c.Publisher == nil || c.KeyService == nil:
		return c, errors.New("a stream needs a publisher and a key service")
	}
	c.Mode = cmp.Or(c.Mode, Async)
	if c.Mode != Sync && c.Mode != Async {
		return c, fmt.Errorf("a stream is sync or async, not %q", c.Mode)
	}
	c.Version = cmp.Or(c.Version, activity.V11)
	c.KeyReuse = cmp.Or(c.KeyReuse, 5*time.Minute)
	c.SyncTimeout = cmp.Or(c.SyncTimeout, 10*time.Second)
	c.GatherDelay = cmp.Or(c.GatherDelay, 10*time.Millisecond)
	if c.Mode == Sync {
		c.GatherDelay = 0
	}
	c.QueueBytes = cmp.Or(c.QueueBytes, 64<<20)
	c.SpoolBytes = cmp.Or(c.SpoolBytes, 1<<30)
	c.SpoolDelay = cmp.Or(c.SpoolDelay, 100*time.Millisecond)
	c.MaxRecordBytes = cmp.Or(c.MaxRecordBytes, kinesisRecordBytes)
	c.BatchBytes = cmp.Or(c.BatchBytes, 256<<10)
	c.PutTimeout = cmp.Or(c.PutTimeout, 5*time.Second)
	c.RetryBackoff = cmp.Or(c.RetryBackoff, 100*time.Millisecond)
	c.Lanes = cmp.Or(c.Lanes, 1)
	if c.Heartbeat < 0 || c.SyncTimeout < 0 || c.PutTimeout < 0 || c.RetryBackoff < 0 || c.QueueBytes < 0 || c.BatchBytes < 0 ||
		c.SpoolBytes < 0 || c.SpoolDelay < 0 || c.Lanes < 0 {
		return c, errors.New("a stream's times and sizes are not negative")
	}
	if surelyFits(c.MaxRecordBytes) <= 0 {
		return c, fmt.Errorf("records of %d bytes are too small", c.MaxRecordBytes)
	}
	c.BatchBytes = min(c.BatchBytes, surelyFits(c.MaxRecordBytes))
	if c.Spool != nil && c.Lanes > 1 {
		return c, errors.New("a stream with a spool has one lane: what is read back from there has lost its lane")
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	if c.Up == nil {
		c.Up = func() bool { return true }
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c, nil
}

// recordOverhead is more than a record has besides its events: partition key,
// outer JSON, wrapped key, message header, the inner object.
const recordOverhead = 2048

// surelyFits is the JSON that fits a record even if gzip gains nothing: base64
// makes 4 bytes of 3, and frames and gzip blocks add less than 2 %.
func surelyFits(maxRecord int) int { return (maxRecord - recordOverhead) / 4 * 3 / 51 * 50 }

package emulator

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/das-local/das-local/internal/awsapi"
	"github.com/das-local/das-local/internal/store"
	"github.com/das-local/das-local/internal/stream"
	"github.com/das-local/das-local/kinesisfake"
	"github.com/das-local/das-local/rdsapi"
)

// runningStream is a started activity stream and the goroutine that runs it.
type runningStream struct {
	stream *stream.Stream
	name   string // of the Kinesis stream
	ended  chan struct{}
	cancel context.CancelFunc
	muted  *atomic.Bool // its notices are not told: it is being thrown away
}

// StartStream implements rdsapi.StreamController: it creates the Kinesis
// stream and attaches the cluster's instances to it.
func (e controller) StartStream(ctx context.Context, s rdsapi.ActivityStream) error {
	err := e.createStream(ctx, s.StreamName)
	var answer *awsapi.Error
	kept := e.resuming.Load() && errors.As(err, &answer) && answer.Code == "ResourceInUseException"
	if err != nil && !kept { // the data directory has it
		return fmt.Errorf("create the Kinesis stream %s: %w", s.StreamName, err)
	}
	err = e.runStream(ctx, s)
	if err != nil && !kept { // its records are not this start's to delete
		err = errors.Join(err, e.deleteStream(context.WithoutCancel(ctx), s.StreamName))
	}
	return err
}

// runStream runs an activity stream whose Kinesis stream is there.
func (e *Emulator) runStream(ctx context.Context, s rdsapi.ActivityStream) error {
	if err := e.recoverQueue(ctx, s); err != nil {
		return err
	}
	muted := new(atomic.Bool)
	config := stream.Config{
		ClusterID:   s.ClusterResourceID,
		StreamName:  s.StreamName,
		KeyID:       s.KMSKeyARN,
		Mode:        stream.Mode(s.Mode),
		Version:     recordVersion(e.engineVersion),
		Heartbeat:   max(e.opts.Heartbeat, 0),
		Up:          func() bool { return !e.down.Load() },
		KeyReuse:    e.opts.KeyReuse,
		SyncTimeout: e.opts.SyncTimeout,
		QueueBytes:  e.opts.queueBytes,
		PutTimeout:  e.putTimeout(),
		Publisher:   tracedPublisher{faultyPublisher{publisher{e.kinesis, spool{e.disk, s.StreamName}}, e}, e.traces},
		Spool:       e.spool(s.StreamName),
		SpoolBytes:  e.opts.SpoolBytes,
		Intents:     e.intents(s.StreamName),
		KeyService:  tracedKeys{faultyKeys{serviceKeys{e.kms, e.keyService()}, e}, e.traces},
		Notify:      e.notifier(s, muted),
		Observe:     e.traces.rounds(),
		Rand:        e.rand,
		Logger:      e.log,
	}
	if err := e.publishExternally(ctx, &config); err != nil {
		return err
	}
	st, err := stream.New(config)
	if err != nil {
		return fmt.Errorf("set the stream up: %w", err)
	}
	// The stream outlives the call that started it: Close or StopStream ends it.
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r := &runningStream{stream: st, name: s.StreamName, ended: make(chan struct{}), cancel: cancel, muted: muted}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ending {
		cancel()
		return errEnding
	}
	go func() {
		defer close(r.ended)
		err := st.Run(run)
		// Whoever stops the stream is told what was left; all else is fatal.
		if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
			e.fail(fmt.Errorf("run the activity stream %s: %w", s.StreamName, err))
		}
	}()
	e.streams[s.ClusterResourceID] = r
	for _, i := range e.instances {
		if i.ClusterResourceID == s.ClusterResourceID && !i.shut {
			i.source.Attach(st)
		}
	}
	e.recordCall(s)
	return nil
}

// putTimeout bounds a put. On disk a put that is given up may be stored all the
// same, and trying again would store its events twice: only the stream's end gives
// it up.
func (e *Emulator) putTimeout() time.Duration {
	if e.disk == nil {
		return 0
	}
	return 24 * time.Hour
}

// createStream makes the Kinesis stream in the embedded Kinesis.
func (e *Emulator) createStream(ctx context.Context, name string) error {
	if e.external.kinesis != nil {
		return nil // publishExternally finds or makes it
	}
	return e.kinesis.CreateStream(ctx, name, e.opts.Shards)
}

// deleteStream deletes it. The stream of an external Kinesis stays: other processes
// may publish to it, and its records are the audit.
func (e *Emulator) deleteStream(ctx context.Context, name string) error {
	if e.external.kinesis != nil {
		return nil
	}
	return e.kinesis.DeleteStream(ctx, name)
}

// stopTime is how long a stopped stream can be read. The stream of an external
// Kinesis stays: nothing is waited for.
func (e *Emulator) stopTime() time.Duration {
	if e.external.kinesis != nil {
		return 0
	}
	return e.opts.StopTime
}

// stopPatience bounds how long a stream that is being stopped may go on
// publishing. A full queue takes less than a second.
const stopPatience = 5 * time.Second

// closePatience is stopPatience for a stream that is not stopped, but started again
// by the next process, which publishes what is left.
func (e *Emulator) closePatience() time.Duration {
	if e.disk == nil {
		return e.external.patience(stopPatience)
	}
	return time.Second
}

// StopStream implements rdsapi.StreamController: it publishes what is queued. A
// stream stops also if that is not possible, because its key is disabled, say, or
// somebody has deleted the Kinesis stream: the events that are left are lost then, and
// a notice says so.
func (e controller) StopStream(ctx context.Context, s rdsapi.ActivityStream) error {
	e.mu.Lock()
	e.recordCall(s)
	e.mu.Unlock()
	e.endStream(ctx, s.ClusterResourceID, e.external.patience(stopPatience))
	return e.discardSpool(ctx, s)
}

// DeleteStream implements rdsapi.StreamController. The stream of an external Kinesis
// stays.
func (e controller) DeleteStream(ctx context.Context, s rdsapi.ActivityStream) error {
	err := e.deleteStream(context.WithoutCancel(ctx), s.StreamName)
	var answer *awsapi.Error
	if errors.As(err, &answer) && answer.Code == "ResourceNotFoundException" {
		return nil
	}
	return err
}

// endStream detaches the instances, publishes what is queued and ends the
// stream's goroutine. The Kinesis stream stays. What cannot be published in time
// goes to the data directory or, without one, is lost: a notice and the log tell,
// and the stream ends.
func (e *Emulator) endStream(ctx context.Context, clusterResourceID string, patience time.Duration) {
	e.mu.Lock()
	r := e.streams[clusterResourceID]
	delete(e.streams, clusterResourceID)
	for _, i := range e.instances {
		if i.ClusterResourceID == clusterResourceID {
			i.source.Detach()
		}
	}
	e.mu.Unlock()
	if r == nil {
		return
	}
	bound, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := r.stream.Drain(bound); err != nil {
		e.log.Warn("the activity stream ends with events left", "cluster", clusterResourceID, "error", err)
	}
	r.cancel()
	<-r.ended
}

// notifier tells the stream's notices, unless they are muted.
func (e *Emulator) notifier(s rdsapi.ActivityStream, muted *atomic.Bool) func(stream.Notice) {
	return func(n stream.Notice) {
		if !muted.Load() {
			e.notice(s, n)
		}
	}
}

// notice tells of a window of possible loss by an RDS event and in the log. When it
// returns from a beginning, the sessions that must not go on have been told so.
func (e *Emulator) notice(s rdsapi.ActivityStream, n stream.Notice) {
	if n.Begin {
		e.log.Warn("activity stream records might be lost", "stream", s.StreamName, "cause", n.Err)
		e.rds.RecordLossBegin(s.ClusterResourceID, n.Err)
		return
	}
	e.log.Warn("the activity stream is healthy again", "stream", s.StreamName, "lost", n.Lost, "first", n.First, "last", n.Last)
	e.rds.RecordLossEnd(s.ClusterResourceID, rdsapi.Loss(n.Loss))
}

// publisher stores a stream's records in the embedded Kinesis, and removes what
// they were made of from the spool with them.
type publisher struct {
	kinesis *kinesisfake.Server
	spool   spool
}

// PutRecords implements stream.Publisher.
func (p publisher) PutRecords(ctx context.Context, streamName string, records []stream.Record) error {
	put := make([]kinesisfake.Record, len(records))
	for i, r := range records {
		put[i] = kinesisfake.Record{PartitionKey: r.PartitionKey, Data: r.Data}
	}
	published := p.spool.published(records)
	return p.kinesis.PutRecordsAnd(ctx, streamName, put, &published)
}

// published is what the data directory forgets when records are stored.
func (s spool) published(records []stream.Record) (b store.Batch) {
	for _, r := range records {
		if r.Spooled != 0 {
			b.Delete(s.key(r.Spooled))
		}
		intents(s).settle(&b, r.Settled)
	}
	return b
}

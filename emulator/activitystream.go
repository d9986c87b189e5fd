package emulator

import (
	"context"
	"fmt"
	"sync"

	"github.com/das-local/das-local/internal/stream"
)

// Mode is how sessions meet the activity stream, as RDS's StartActivityStream has it.
// See https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_StartActivityStream.html
type Mode = stream.Mode

// The modes.
const (
	Sync  Mode = stream.Sync  // "sync": a statement returns when its events are durable
	Async Mode = stream.Async // "async": sessions do not wait for their events
)

// StartActivityStream starts the first cluster's stream with the key KeyARN and
// returns when it is started. Sessions stay, other than with the API's
// StartActivityStream, which restarts the instances. A stream that is not stopped is an
// error.
func (e *Emulator) StartActivityStream(ctx context.Context, mode Mode) error {
	defer e.gate.enter()()
	return e.rds.StartStream(ctx, e.first.ID, string(mode), e.keyARN)
}

// StopActivityStream stops the first cluster's stream and returns when it is
// stopped: what was queued is published, and the Kinesis stream is deleted, after
// Options.StopTime. Sessions stay. A stream that does not run is an error.
func (e *Emulator) StopActivityStream(ctx context.Context) error {
	defer e.gate.enter()()
	ctx, cancel := context.WithCancel(ctx)
	var watch sync.WaitGroup
	defer watch.Wait()
	defer cancel()
	hurried := e.hurrying()
	watch.Go(func() { // a reset does not wait for the stop time
		select {
		case <-hurried:
			cancel()
		case <-ctx.Done():
		}
	})
	return e.rds.StopStream(ctx, e.first.ID)
}

// WaitFor reads the first cluster's stream from its oldest record on and returns
// the first event for which match is true: Match.Matches is one. Give ctx a deadline;
// when it ends, the error wraps ctx's and says how many events there were and which was
// the last. In async mode an event may come a moment after its statement, so that an
// event that must not come is looked for in sync mode, or before a later one.
func (e *Emulator) WaitFor(ctx context.Context, match func(Event) bool) (Event, error) {
	var last Event
	seen := 0
	for event, err := range e.Events(ctx) {
		switch {
		case ctx.Err() != nil:
		case err != nil:
			return Event{}, fmt.Errorf("wait for an event: %w", err)
		case match(event):
			return event, nil
		default:
			seen, last = seen+1, event
		}
	}
	switch {
	case ctx.Err() == nil:
		return Event{}, fmt.Errorf("wait for an event: the stream %s ended after %d that do not match", e.StreamName(), seen)
	case seen == 0:
		return Event{}, fmt.Errorf("wait for an event: there is none at all: %w", ctx.Err())
	}
	return Event{}, fmt.Errorf("wait for an event: none of %d matches, the last is %s: %w", seen, last.JSON, ctx.Err())
}

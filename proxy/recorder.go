package proxy

import (
	"time"

	"github.com/das-local/das-local/internal/activity"
)

// Recorder takes the events of sessions. It is safe for concurrent use.
type Recorder interface {
	// Recording says whether anybody wants events now. While it is false,
	// sessions follow the protocol but classify nothing. It is one atomic load.
	Recording() bool

	// Record takes the events of one session, in order, and renders them at
	// once: it keeps neither the slice nor what the events point at.
	//
	// In async mode it returns nil, and never blocks. In sync mode it returns a
	// channel that is closed when the events are durable, or when the stream
	// has given up waiting for that; many sessions may share one channel.
	Record(events []activity.Event) (durable <-chan struct{})
}

// Holding may be implemented by a Recorder to say whether it is in sync mode,
// as far as it knows: whether the next Record may return a channel. Without it
// sessions always record a completion before they pass it on; with it they
// pass it on first while nobody holds them. It is one atomic load.
type Holding interface {
	Holding() bool
}

// Losing may be implemented by a Recorder that tells of losses: n events will never
// come, of statements that ended between first and last. Nothing is recorded of them.
type Losing interface {
	Lose(n int64, first, last time.Time)
}

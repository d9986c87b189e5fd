package console

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/das-local/das-local/internal/consumer"
)

// feeds are the streams that somebody looks at. Each is read by one goroutine, from
// the first look until a while after the last.
type feeds struct {
	read func(stream string) func(context.Context, time.Time, func(consumer.Event, error)) error

	ctx  context.Context  // ends all reading
	now  func() time.Time // of the services
	runs sync.WaitGroup

	mu   sync.Mutex // guards the rest
	open map[string]*openFeed
}

type openFeed struct {
	*feed
	lookers int
	cancel  context.CancelFunc
	idle    *time.Timer // runs while nobody looks
}

// maxFeeds bounds the streams that are read at a time.
const maxFeeds = 16

// look gives the feed of a stream, and what to call when one has looked enough.
func (all *feeds) look(stream string) (f *feed, done func(), err error) {
	all.mu.Lock()
	defer all.mu.Unlock()
	if all.ctx.Err() != nil {
		return nil, nil, errors.New("it is ending")
	}
	o := all.open[stream]
	if o == nil {
		if len(all.open) >= maxFeeds {
			return nil, nil, fmt.Errorf("%d streams are being looked at; more are not read at a time", maxFeeds)
		}
		ctx, cancel := context.WithCancel(all.ctx)
		o = &openFeed{feed: newFeed(time.Now().UnixMicro(), all.read(stream)), cancel: cancel}
		all.open[stream] = o
		all.runs.Go(func() {
			o.run(ctx, all.now().Add(-lookBack))
			all.mu.Lock()
			if all.open[stream] == o {
				delete(all.open, stream) // the next look reads anew
			}
			all.mu.Unlock()
		})
	}
	if o.idle != nil {
		o.idle.Stop()
		o.idle = nil
	}
	o.lookers++
	return o.feed, sync.OnceFunc(func() { all.leave(o) }), nil
}

func (all *feeds) leave(o *openFeed) {
	all.mu.Lock()
	defer all.mu.Unlock()
	if o.lookers--; o.lookers > 0 {
		return
	}
	o.idle = time.AfterFunc(linger, func() {
		all.mu.Lock()
		defer all.mu.Unlock()
		if o.lookers == 0 {
			o.cancel()
		}
	})
}

// close ends all reading. The context has been cancelled.
func (all *feeds) close() {
	all.mu.Lock()
	for _, o := range all.open {
		if o.idle != nil {
			o.idle.Stop()
		}
		o.cancel()
	}
	all.mu.Unlock()
	all.runs.Wait()
}

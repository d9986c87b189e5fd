package kinesisfake

import (
	"context"
	"math"
	"time"

	"github.com/das-local/das-local/internal/awsapi"
)

// What a subscription is bound to. See
// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_SubscribeToShard.html
const (
	subscriptionLife = 5 * time.Minute
	takeOverAfter    = 5 * time.Second // since the last successful call
	idleEvent        = 5 * time.Second // between events without records, which carry checkpoints
	maxEventBytes    = 1 << 20
	maxEventRecords  = 1000
)

// subscription is one consumer's connection to one shard, or the last that it had.
type subscription struct {
	began int64 // milliseconds since 1970
	end   context.CancelCauseFunc
}

// end ends all subscriptions of a consumer, and tells its clients why. It is called
// with the stream's mu held for writing.
func (c *consumer) end(cause error) {
	for _, sub := range c.subscriptions {
		sub.end(cause)
	}
	c.subscriptions = nil
}

type startingPosition struct {
	Type           *string      `json:"Type"`
	SequenceNumber *string      `json:"SequenceNumber"`
	Timestamp      *awsapi.Time `json:"Timestamp"`
}

type subscribeInput struct {
	ConsumerARN      *string           `json:"ConsumerARN"`
	StreamID         *string           `json:"StreamId"`
	ShardID          *string           `json:"ShardId"`
	StartingPosition *startingPosition `json:"StartingPosition"`
}

// subscribeEvent has a number to subscribe again behind, or the children of a shard
// whose end was reached, and never both.
type subscribeEvent struct {
	Records                    []recordOutput `json:"Records"`
	ContinuationSequenceNumber string         `json:"ContinuationSequenceNumber,omitempty"`
	MillisBehindLatest         int64          `json:"MillisBehindLatest"`
	ChildShards                []childShard   `json:"ChildShards,omitempty"`
}

func (in *subscribeInput) validate() error {
	var v awsapi.Validation
	v.Required("consumerARN", in.ConsumerARN != nil)
	v.String("consumerARN", in.ConsumerARN, consumerRule)
	v.String("streamId", in.StreamID, streamIDRule)
	v.Required("shardId", in.ShardID != nil)
	v.String("shardId", in.ShardID, nameRule)
	v.Required("startingPosition", in.StartingPosition != nil)
	if p := in.StartingPosition; p != nil {
		v.Required("startingPosition.type", p.Type != nil)
		v.String("startingPosition.type", p.Type, iteratorTypes)
		v.String("startingPosition.sequenceNumber", p.SequenceNumber, sequenceRule)
	}
	return v.Err()
}

func (s *Server) subscribeToShard(ctx context.Context, _ *awsapi.Request, in *subscribeInput) (*awsapi.EventStream, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	id, err := parseConsumerARN(*in.ConsumerARN)
	if err != nil {
		return nil, err
	}
	number, ok := parseShardID(*in.ShardID)
	if !ok {
		return nil, errShardNotFound(id.stream, *in.ShardID)
	}
	st, err := s.readable(id.stream, s.now())
	if err != nil {
		return nil, err
	}
	// The place is fixed before the client hears that it is subscribed: what is
	// put from then on is behind LATEST.
	start := getShardIteratorInput{ShardIteratorType: in.StartingPosition.Type,
		StartingSequenceNumber: in.StartingPosition.SequenceNumber, Timestamp: in.StartingPosition.Timestamp}
	it, err := s.locate(st, number, &start, "SubscribeToShard")
	if err != nil {
		return nil, err
	}
	// Of the caller's context the subscription has the end only.
	own, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	sub := &subscription{began: it.made, end: cancel}
	if err := s.attach(id, number, sub); err != nil {
		cancel(nil)
		return nil, err
	}
	context.AfterFunc(ctx, func() { cancel(nil) }) // whether or not events were ever sent
	return &awsapi.EventStream{Run: func(ctx context.Context, send func(string, any) error) error {
		defer cancel(nil)
		defer context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })()
		return s.push(own, st, it, func(e *subscribeEvent) error { return send("SubscribeToShardEvent", e) })
	}}, nil
}

// attach makes a subscription the one of its consumer and shard. Within five seconds of
// the call before, it is refused, even if the connection of that has ended; then it takes
// over from one that stands, whose client is told.
func (s *Server) attach(id consumerID, shard int, sub *subscription) error {
	return s.withConsumer(id, func(st *stream, c *consumer) error {
		if status := c.status(sub.began); status != statusActive {
			return awsapi.Errorf(codeInUse, "Consumer %s, under stream %s under account %s is not ACTIVE, instead in state %s",
				c.name, st.key.name, st.key.account, status)
		}
		if before := c.subscriptions[shard]; before != nil {
			if sub.began-before.began < takeOverAfter.Milliseconds() {
				return awsapi.Errorf(codeInUse, "Another active subscription exists for this consumer: %s:%s:%s:%s",
					st.key.account, st.key.name, shardID(shard), c.name)
			}
			before.end(awsapi.Errorf(codeInUse, "Another subscription of consumer %s to %s has taken over.", c.name, shardID(shard)))
		}
		if c.subscriptions == nil {
			c.subscriptions = make(map[int]*subscription)
		}
		c.subscriptions[shard] = sub
		return nil
	})
}

// push sends what is in the shard and what arrives, as soon as it does, until the
// subscription's life is over, the shard ends, or ctx does.
func (s *Server) push(ctx context.Context, st *stream, it iterator, send func(*subscribeEvent) error) error {
	end := time.UnixMilli(it.made).Add(subscriptionLife)
	last, sh := it.made, st.shardNumber(it.shard)
	for {
		news := sh.changes() // before the look: what comes after it is news
		now := s.now()
		if now >= end.UnixMilli() {
			return nil
		}
		p, sh, children, err := s.readPage(st, it, maxEventRecords, maxEventBytes, now)
		if err != nil {
			return err
		}
		if len(p.entries) > 0 || children != nil || now-last >= idleEvent.Milliseconds() {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if err := send(sh.event(&p, children, now)); err != nil || children != nil {
				return err
			}
			it.position, last = p.next, now
			if err := s.pace(ctx, p.bytes()); err != nil {
				return err
			}
		}
		if !p.atTip {
			continue
		}
		next := time.UnixMilli(last).Add(idleEvent)
		if next.After(end) {
			next = end
		}
		if err := s.awaitNews(ctx, news, next); err != nil {
			return err
		}
	}
}

// event makes an event of a page. The number to go on from is that of the last
// record, or of the place where the next will be.
func (s *shard) event(p *page, children []childShard, now int64) *subscribeEvent {
	e := &subscribeEvent{Records: s.outputs(p), MillisBehindLatest: p.behind(now), ChildShards: children}
	if children != nil {
		return e
	}
	if n := len(e.Records); n > 0 {
		e.ContinuationSequenceNumber = e.Records[n-1].SequenceNumber
	} else {
		e.ContinuationSequenceNumber = s.sequence(min(p.next-1, math.MaxInt64), now)
	}
	return e
}

// awaitNews returns when news is closed or the clock reaches a time.
func (s *Server) awaitNews(ctx context.Context, news <-chan struct{}, until time.Time) error {
	for {
		left, moved := s.cfg.Clock.Until(until)
		if left <= 0 {
			return nil
		}
		timer := time.NewTimer(left)
		select {
		case <-news:
			timer.Stop()
			return nil
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		case <-moved:
		case <-timer.C:
		}
		timer.Stop()
	}
}

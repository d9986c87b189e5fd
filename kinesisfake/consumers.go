package kinesisfake

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/das-local/das-local/internal/awsapi"
)

// The limits of a stream's consumers.
const (
	maxConsumers = 20
	maxCreating  = 5
)

// consumer is a registered consumer of a stream. All of it is guarded by the
// stream's mu.
type consumer struct {
	name    string
	created int64 // milliseconds since 1970
	ready   int64 // when it becomes ACTIVE
	tags    map[string]string
	policy  string // its resource policy; empty: none

	subscriptions map[int]*subscription // the last of each shard
}

func (c *consumer) arn(st *stream) string {
	return st.key.arn() + "/consumer/" + c.name + ":" + strconv.FormatInt(c.created/1000, 10)
}

func (c *consumer) status(now int64) string {
	if now < c.ready {
		return statusCreating
	}
	return statusActive
}

// consumersByName is called with mu held.
func (st *stream) consumersByName() []*consumer {
	return slices.SortedFunc(maps.Values(st.consumers), func(a, b *consumer) int { return cmp.Compare(a.name, b.name) })
}

type consumerOutput struct {
	ConsumerName              string      `json:"ConsumerName"`
	ConsumerARN               string      `json:"ConsumerARN"`
	ConsumerStatus            string      `json:"ConsumerStatus"`
	ConsumerCreationTimestamp awsapi.Time `json:"ConsumerCreationTimestamp"`
	StreamARN                 string      `json:"StreamARN,omitempty"` // of a description only
}

// output is called with mu held.
func (c *consumer) output(st *stream, now int64) consumerOutput {
	return consumerOutput{ConsumerName: c.name, ConsumerARN: c.arn(st), ConsumerStatus: c.status(now), ConsumerCreationTimestamp: wireTime(c.created)}
}

// consumerRef is how operations name a consumer: by its ARN, or by the stream's
// and its name.
type consumerRef struct {
	StreamARN    *string `json:"StreamARN"`
	ConsumerName *string `json:"ConsumerName"`
	ConsumerARN  *string `json:"ConsumerARN"`
	StreamID     *string `json:"StreamId"`
}

func (r *consumerRef) validate(v *awsapi.Validation) {
	v.String("streamARN", r.StreamARN, arnRule)
	v.String("consumerName", r.ConsumerName, nameRule)
	v.String("consumerARN", r.ConsumerARN, consumerRule)
	v.String("streamId", r.StreamID, streamIDRule)
}

// consumerID is what a consumer is known by. Two of one name, one after the other,
// have ARNs of their own.
type consumerID struct {
	stream  streamKey
	name    string
	created string // seconds, as the ARN has it; empty: any
}

func parseConsumerARN(text string) (consumerID, error) {
	arn, err := awsapi.ParseARN(text)
	resource, isStream := strings.CutPrefix(arn.Resource, "stream/")
	stream, rest, isConsumer := strings.Cut(resource, "/consumer/")
	name, created, isWhole := strings.Cut(rest, ":")
	if err != nil || !isStream || !isConsumer || !isWhole {
		return consumerID{}, errInvalid("Invalid ConsumerARN %s.", text)
	}
	return consumerID{stream: streamKey{arn.AccountID, arn.Region, stream}, name: name, created: created}, nil
}

func (id consumerID) matches(c *consumer) bool {
	return c != nil && (id.created == "" || id.created == strconv.FormatInt(c.created/1000, 10))
}

func (id consumerID) notFound() error {
	return awsapi.Errorf(codeNotFound, "Consumer %s, under stream %s under account %s not found.", id.name, id.stream.name, id.stream.account)
}

// id checks a reference and resolves it.
func (r *consumerRef) id(req *awsapi.Request) (consumerID, error) {
	var v awsapi.Validation
	r.validate(&v)
	if err := v.Err(); err != nil {
		return consumerID{}, err
	}
	var named consumerID
	if r.StreamARN != nil && r.ConsumerName != nil {
		k, err := (&streamRef{StreamARN: r.StreamARN}).key(req)
		if err != nil {
			return consumerID{}, err
		}
		named = consumerID{stream: k, name: *r.ConsumerName}
	}
	if r.ConsumerARN == nil {
		if named == (consumerID{}) {
			return consumerID{}, errInvalid("Either ConsumerARN or both StreamARN and ConsumerName must be given.")
		}
		return named, nil
	}
	id, err := parseConsumerARN(*r.ConsumerARN)
	if err == nil && named != (consumerID{}) && (id.stream != named.stream || id.name != named.name) {
		err = errInvalid("ConsumerARN %s is not that of consumer %s of stream %s.", *r.ConsumerARN, named.name, *r.StreamARN)
	}
	return id, err
}

// withConsumer runs f with a consumer that exists, and the stream's mu held for
// writing.
func (s *Server) withConsumer(id consumerID, f func(st *stream, c *consumer) error) error {
	st, err := s.stream(id.stream)
	if err != nil {
		return err
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	c := st.consumers[id.name]
	if st.deleted {
		return errStreamNotFound(id.stream)
	}
	if !id.matches(c) {
		return id.notFound()
	}
	return f(st, c)
}

type registerConsumerInput struct {
	StreamARN    *string           `json:"StreamARN"`
	ConsumerName *string           `json:"ConsumerName"`
	StreamID     *string           `json:"StreamId"`
	Tags         map[string]string `json:"Tags"`
}

type registerConsumerOutput struct {
	Consumer consumerOutput `json:"Consumer"`
}

func (s *Server) registerConsumer(_ context.Context, r *awsapi.Request, in *registerConsumerInput) (*registerConsumerOutput, error) {
	ref := streamRef{StreamARN: in.StreamARN, StreamID: in.StreamID}
	var v awsapi.Validation
	v.Required("streamARN", in.StreamARN != nil)
	v.Required("consumerName", in.ConsumerName != nil)
	v.String("consumerName", in.ConsumerName, nameRule)
	validateTags(&v, in.Tags)
	st, err := s.find(r, &ref, &v)
	if err != nil {
		return nil, err
	}
	if len(in.Tags) > maxTags {
		return nil, errTooManyTags(st.key)
	}
	now := s.now()
	st.mu.Lock()
	defer st.mu.Unlock()
	switch {
	case st.deleted:
		return nil, errStreamNotFound(st.key)
	case st.status(now) != statusActive:
		return nil, errStreamNotActive(st.key, st.status(now))
	case st.consumers[*in.ConsumerName] != nil:
		return nil, awsapi.Errorf(codeInUse, "Consumer %s, under stream %s under account %s already exists.", *in.ConsumerName, st.key.name, st.key.account)
	case len(st.consumers) >= maxConsumers:
		return nil, awsapi.Errorf(codeLimit, "Stream %s under account %s has %d consumers, and may have no more.", st.key.name, st.key.account, maxConsumers)
	}
	creating := 0
	for _, c := range st.consumers {
		if c.status(now) == statusCreating {
			creating++
		}
	}
	if creating >= maxCreating {
		return nil, awsapi.Errorf(codeLimit, "Stream %s under account %s has %d consumers in state CREATING, and may have no more.", st.key.name, st.key.account, maxCreating)
	}
	c := &consumer{name: *in.ConsumerName, created: now, ready: now + s.cfg.CreateDelay.Milliseconds(), tags: maps.Clone(in.Tags)}
	if st.consumers == nil {
		st.consumers = make(map[string]*consumer)
	}
	st.consumers[c.name] = c
	if err := s.save(st); err != nil {
		return nil, err
	}
	out := c.output(st, now)
	out.ConsumerStatus = statusCreating // as AWS answers, however soon it is ACTIVE
	return &registerConsumerOutput{Consumer: out}, nil
}

type describeConsumerOutput struct {
	ConsumerDescription consumerOutput `json:"ConsumerDescription"`
}

func (s *Server) describeConsumer(_ context.Context, r *awsapi.Request, in *consumerRef) (*describeConsumerOutput, error) {
	id, err := in.id(r)
	if err != nil {
		return nil, err
	}
	var out describeConsumerOutput
	err = s.withConsumer(id, func(st *stream, c *consumer) error {
		out.ConsumerDescription = c.output(st, s.now())
		out.ConsumerDescription.StreamARN = st.key.arn()
		return nil
	})
	return &out, err
}

func (s *Server) deregisterConsumer(_ context.Context, r *awsapi.Request, in *consumerRef) (*struct{}, error) {
	id, err := in.id(r)
	if err != nil {
		return nil, err
	}
	return nil, s.withConsumer(id, func(st *stream, c *consumer) error {
		delete(st.consumers, c.name)
		c.end(id.notFound())
		return s.save(st)
	})
}

package rdsapi

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"sync"
	"time"
)

const (
	maxQueued       = 1000 // deliveries that wait for one address; what comes on top is dropped
	deliveryTries   = 4    // of each delivery
	deliveryBackoff = 200 * time.Millisecond
	deliveryTimeout = 5 * time.Second // of one try
)

// delivery is one request to an address.
type delivery struct {
	body   []byte
	header map[string]string
}

// target is an address that events are posted to, one after the other.
type target struct {
	url   string
	name  string // the URL without a password, for the log
	queue chan delivery
	log   *slog.Logger
}

func newTarget(address string, log *slog.Logger) (*target, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, errors.New("an address of RDS events is not of the form http://HOST:PORT/PATH")
	}
	return &target{url: address, name: u.Redacted(), queue: make(chan delivery, maxQueued), log: log}, nil
}

// put queues a delivery, or drops it if too many wait. It never blocks.
func (t *target) put(d delivery) {
	select {
	case t.queue <- d:
	default:
		t.log.Warn("an RDS event is not delivered: too many wait for the address", "url", t.name)
	}
}

// run delivers until ctx ends.
func (t *target) run(ctx context.Context, client *http.Client) {
	for {
		select {
		case <-ctx.Done():
			return
		case d := <-t.queue:
			if err := t.deliver(ctx, client, d); err != nil && ctx.Err() == nil {
				t.log.Warn("an RDS event is not delivered", "url", t.name, "error", err)
			}
		}
	}
}

// deliver tries a few times.
func (t *target) deliver(ctx context.Context, client *http.Client, d delivery) error {
	for try, wait := 1, deliveryBackoff; ; try, wait = try+1, 4*wait {
		err := t.post(ctx, client, d)
		if err == nil || try == deliveryTries {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

func (t *target) post(ctx context.Context, client *http.Client, d delivery) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url, bytes.NewReader(d.body))
	if err != nil {
		return err
	}
	for name, value := range d.header {
		r.Header.Set(name, value)
	}
	resp, err := client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // so that the connection can be used again
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return errors.New("it answers " + resp.Status)
	}
	return nil
}

var isTopicName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`).MatchString

// openTargets makes the addresses of the configuration.
func (s *Server) openTargets() error {
	s.topics = make(map[string]*target)
	for _, name := range slices.Sorted(maps.Keys(s.cfg.Topics)) {
		if !isTopicName(name) {
			return fmt.Errorf("the name %q of an SNS topic must be 1 to 256 letters, digits, hyphens and underscores", name)
		}
		t, err := newTarget(s.cfg.Topics[name], s.cfg.Logger)
		if err != nil {
			return fmt.Errorf("SNS topic %s: %w", name, err)
		}
		s.topics["arn:aws:sns:"+s.cfg.Region+":"+s.cfg.AccountID+":"+name] = t
	}
	for _, address := range s.cfg.EventBuses {
		t, err := newTarget(address, s.cfg.Logger)
		if err != nil {
			return fmt.Errorf("event bus: %w", err)
		}
		s.buses = append(s.buses, t)
	}
	return nil
}

// deliverAll posts what is queued for all addresses until ctx ends.
func (s *Server) deliverAll(ctx context.Context) {
	transport := &http.Transport{MaxIdleConnsPerHost: 1, IdleConnTimeout: time.Minute}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: cmp.Or(s.cfg.deliveryTimeout, deliveryTimeout),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	var wg sync.WaitGroup
	for t := range maps.Values(s.topics) {
		wg.Go(func() { t.run(ctx, client) })
	}
	for _, t := range s.buses {
		wg.Go(func() { t.run(ctx, client) })
	}
	wg.Wait()
}

// publish queues an event for every address that wants it. The lock is held.
func (s *Server) publish(e event) {
	for _, t := range s.buses {
		t.put(s.busEvent(e))
	}
	for _, b := range sortedValues(s.subscriptions) {
		if t := s.topics[b.topic]; t != nil && b.wants(e) {
			t.put(s.snsEvent(b.topic, e, s.cfg.Clock.Now()))
		}
	}
}

// announce tells a topic of a new subscription, in a text that is no JSON, as RDS
// does. The lock is held.
func (s *Server) announce(b *subscription) {
	source := b.sourceType
	if source == "" {
		source = "all"
	}
	text := "This is a message to notify that RDS will attempt to send you event notifications of type " + source + " to the topic " + b.topic
	s.topics[b.topic].put(s.snsDelivery(b.topic, text, s.cfg.Clock.Now(), nil))
}

package console

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"github.com/das-local/das-local/internal/consumer"
)

// Source says what only the process knows. It is asked once a second.
type Source interface {
	Sample() Sample
}

// Sample is the state of all instances and streams at one moment. Counts only grow, but
// begin anew when an instance or a stream is started again.
type Sample struct {
	Instances []InstanceSample
	Streams   []StreamSample
}

// InstanceSample is one instance that runs.
type InstanceSample struct {
	ID, Cluster string           // resource ids
	Classes     map[string]int64 // events so far while a stream ran, by class
}

// StreamSample is one activity stream that runs.
type StreamSample struct {
	Cluster     string // resource id; a cluster has one stream at most
	Bytes       int64  // of records so far
	Lost        int64  // events so far
	Queued      int64  // bytes that are not durable yet, in memory and on disk
	Waits       int64  // batches that sessions have waited for so far
	Waited      time.Duration
	IteratorAge time.Duration // the largest that a reader has had since the last sample
	LossWindow  bool          // events might be lost now
}

// Config says what a console shows. AWS and Source are needed.
type Config struct {
	AWS aws.Config // reaches the emulator
	// Kinesis and KMS are those that the streams use; nil: the emulator's own.
	Kinesis *kinesis.Client
	KMS     *kms.Client
	Source  Source
	Faults  Faults           // nil: the page says that there are none
	Now     func() time.Time // the clock of the services; nil: time.Now
	Hosts   []string         // names that the console may be opened by, besides those of this machine
	Logger  *slog.Logger     // nil: nobody is told
}

// Console is the handler of all pages. Close ends what it reads.
type Console struct {
	cfg     Config
	token   string
	kinesis *kinesis.Client
	kms     *kms.Client
	rds     *rds.Client
	feeds   *feeds
	history *history
	cancel  context.CancelFunc
	idle    func() // ends idle connections
	http.Handler
}

// New makes a console, which samples its source from now on. It reads streams when
// somebody looks.
func New(cfg Config) *Console {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := &Console{cfg: cfg, token: rand.Text(), cancel: cancel, idle: func() {}}
	if cfg.AWS.HTTPClient == nil {
		transport := &http.Transport{MaxIdleConnsPerHost: 8}
		c.cfg.AWS.HTTPClient, c.idle = &http.Client{Transport: transport}, transport.CloseIdleConnections
	}
	if c.kinesis = cfg.Kinesis; c.kinesis == nil {
		c.kinesis = kinesis.NewFromConfig(c.cfg.AWS)
	}
	if c.kms = cfg.KMS; c.kms == nil {
		c.kms = kms.NewFromConfig(c.cfg.AWS)
	}
	c.rds = rds.NewFromConfig(c.cfg.AWS)
	c.feeds = &feeds{ctx: ctx, now: cfg.Now, read: c.reader, open: map[string]*openFeed{}}
	c.history = newHistory(ctx, cfg.Source)
	c.Handler = c.Guard(c.routes())
	return c
}

// Close ends all reading, and with it the live pages.
func (c *Console) Close() {
	c.cancel()
	c.feeds.close()
	c.history.close()
	c.idle()
}

// reader reads a stream as any consumer does.
func (c *Console) reader(stream string) func(context.Context, time.Time, func(consumer.Event, error)) error {
	return func(ctx context.Context, since time.Time, each func(consumer.Event, error)) error {
		r, err := consumer.New(consumer.Config{Kinesis: c.kinesis, KMS: c.kms, StreamName: stream,
			From: consumer.AtTimestamp, Timestamp: since, Follow: true, Logger: c.cfg.Logger})
		if err != nil {
			return err
		}
		for event, err := range r.Events(ctx) {
			each(event, err)
		}
		return nil
	}
}

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
	"github.com/go-chi/chi/v5"

	"github.com/das-local/das-local/internal/consumer"
)

// Source says what only the process knows. It is asked once a second, and is safe for
// concurrent use.
type Source interface {
	Sample() Sample
}

// Sample is the state of all streams at one moment. Counts only grow, but begin anew
// when a stream is started again.
type Sample struct {
	Classes map[string]int64 // events so far, by class
	Failed  int64            // events with an error message
	Streams []StreamSample
}

// StreamSample is one activity stream that runs.
type StreamSample struct {
	Cluster    string // identifier
	Stream     string // name
	Mode       string
	Bytes      int64         // of records so far
	Records    int64         // so far
	Lost       int64         // events so far
	Queued     int64         // bytes that are not durable yet, in memory and on disk
	SyncWait   time.Duration // of all batches that sessions waited for, so far
	SyncWaits  int64         // such batches
	LossWindow bool          // events might be lost now
}

// Config says what a console shows. AWS and Source are needed.
type Config struct {
	AWS    aws.Config // reaches the emulator
	Source Source
	Hosts  []string // names that the console may be opened by, besides addresses and localhost
	Logger *slog.Logger
}

// Console is the handler of all its pages. Close ends what it reads.
type Console struct {
	cfg     Config
	token   string
	kinesis *kinesis.Client
	kms     *kms.Client
	rds     *rds.Client
	feeds   *feeds
	history *history
	cancel  context.CancelFunc
	http.Handler
}

// New makes a console. It reads nothing until somebody looks.
func New(cfg Config) *Console {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := &Console{
		cfg:     cfg,
		token:   rand.Text(),
		kinesis: kinesis.NewFromConfig(cfg.AWS),
		kms:     kms.NewFromConfig(cfg.AWS),
		rds:     rds.NewFromConfig(cfg.AWS),
		cancel:  cancel,
	}
	c.feeds = &feeds{ctx: ctx, read: c.reader, open: map[string]*openFeed{}}
	c.history = newHistory(ctx, cfg.Source)
	c.Handler = c.guard(c.routes())
	return c
}

// Close ends all reading, and with it the live pages.
func (c *Console) Close() {
	c.cancel()
	c.feeds.close()
	c.history.close()
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

// Prefix is the path under which all but the first page is.
const Prefix = "/_das/console"

func (c *Console) routes() http.Handler {
	r := chi.NewRouter()
	r.Get("/", c.databases)
	r.Route(Prefix, func(r chi.Router) {
		r.Get("/activity", c.activity)
		r.Get("/activity/feed", c.activityFeed)
		r.Get("/activity/event", c.activityEvent)
		r.Get("/monitoring", c.monitoring)
		r.Get("/monitoring/charts", c.charts)
		r.Get("/events", c.events)
		r.Get("/stream", c.stream)
		r.Get("/keys", c.keys)
		r.Get("/assets/{name}", assets)
		r.Post("/do/{action}", c.do)
	})
	return r
}

package emulator

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/das-local/das-local/internal/access"
	"github.com/das-local/das-local/internal/awsapi"
	"github.com/das-local/das-local/internal/catalog"
	"github.com/das-local/das-local/internal/clock"
	"github.com/das-local/das-local/internal/console"
	"github.com/das-local/das-local/internal/faults"
	"github.com/das-local/das-local/internal/store"
	"github.com/das-local/das-local/internal/stream"
	"github.com/das-local/das-local/kinesisfake"
	"github.com/das-local/das-local/kmsfake"
	"github.com/das-local/das-local/proxy"
	"github.com/das-local/das-local/rdsapi"
)

// The parts meet through interfaces that the caller declares.
var (
	_ proxy.Recorder            = counting{}
	_ proxy.Holding             = counting{}
	_ proxy.Losing              = counting{}
	_ stream.KeyService         = serviceKeys{}
	_ proxy.Intending           = (*stream.Source)(nil)
	_ stream.Publisher          = publisher{}
	_ stream.IntentLog          = intents{}
	_ rdsapi.StreamController   = controller{}
	_ rdsapi.InstanceController = controller{}
	_ rdsapi.SessionController  = controller{}
	_ rdsapi.KeyResolver        = controller{}
)

// Emulator is a running emulator.
type Emulator struct {
	opts          Options
	log           *slog.Logger
	rand          io.Reader
	engineVersion string
	keyARN        string

	disk     *store.Store // nil: the state is in memory
	used     usage
	resuming atomic.Bool // clusters of the data directory are being started
	upstream *upstream
	catalog  *catalog.Catalog
	tls      *tls.Config // nil: the proxy makes a certificate
	kinesis  *kinesisfake.Server
	kms      *kmsfake.Server
	external externals
	ids      givenIDs
	rds      *rdsapi.Server
	clock    clock.Clock // of schedules
	services []awsapi.Service
	calls    *prometheus.CounterVec // of AWS operations
	traces   *tracing               // nil: none
	aws      net.Listener
	identity identity         // who may call, and what becomes of calls for others
	listen   net.Addr         // of the first cluster's writer
	console  *console.Console // nil: not made yet
	login    login
	ready    atomic.Bool

	runs  sync.WaitGroup     // the HTTP server, the RDS transitions, the catalogue
	stop  context.CancelFunc // ends them
	done  chan struct{}      // closed when a part failed
	once  sync.Once
	cause error // why done is closed

	closing sync.Once
	closed  error

	first rdsapi.Cluster // the first cluster as it was made

	faults    *faults.Set
	down      atomic.Bool // an upstream-crash fault keeps the upstream down
	advancing sync.Mutex  // held while the clock is put forward
	happening sync.Mutex  // held while a fault happens, and while what lasts of one is undone

	resetting sync.Mutex // held by Reset and Close; before gate
	gate      gate       // entered while an action changes something, locked by Reset

	mu            sync.Mutex         // guards the following
	faultDice     *rand.Rand         // for what faults leave open
	faultsChanged context.CancelFunc // wakes runFaults
	hurried       chan struct{}      // closed while Reset is at work
	reserved      net.Listener
	instances     map[string]*instance      // by resource id
	streams       map[string]*runningStream // by the cluster's resource id
	ending        bool                      // Close has begun: nothing more is started
}

// controller is the emulator as package rdsapi knows it, which asks for the work and
// keeps the state: instances.go, sessions.go, streams.go and servicekeys.go have its
// methods.
type controller struct{ *Emulator }

// errEnding answers who would start something while Close is at work.
var errEnding = errors.New("the emulator is ending")

// Start runs an emulator and returns when every listener accepts and, if
// Options.StartStream is set, the first cluster's stream is started. A start
// that fails leaves nothing behind.
func Start(ctx context.Context, o Options) (*Emulator, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	e := &Emulator{
		opts:      o,
		log:       o.Logger,
		done:      make(chan struct{}),
		hurried:   make(chan struct{}),
		instances: map[string]*instance{},
		streams:   map[string]*runningStream{},
		stop:      func() {},
		calls:     newCalls(),
	}
	e.openFaults()
	if err := e.start(ctx); err != nil {
		return nil, errors.Join(err, e.Close(context.WithoutCancel(ctx)))
	}
	return e, nil
}

func (e *Emulator) start(ctx context.Context) (err error) {
	// The addresses first: a taken port is told before a server is started.
	if e.reserved, err = net.Listen("tcp", e.opts.Listen); err != nil {
		return fmt.Errorf("listen for PostgreSQL clients: %w", listenCause(err, "--listen"))
	}
	e.listen = e.reserved.Addr()
	if e.aws, err = net.Listen("tcp", e.opts.AWSListen); err != nil {
		return fmt.Errorf("listen for AWS clients: %w", listenCause(err, "--aws-listen"))
	}
	if e.tls, err = loadTLS(e.opts); err != nil {
		return err
	}
	if err := e.openIdentity(); err != nil {
		return err
	}
	if e.traces, err = openTracing(ctx, e.opts); err != nil {
		return err
	}
	if err := e.openDataDir(); err != nil {
		return err
	}
	if err := e.openAWSTLS(); err != nil {
		return err
	}
	if err := e.openExternal(ctx); err != nil {
		return err
	}
	e.rand = newSource(e.used.seed(e.opts.Seed))
	if e.upstream, err = openUpstream(ctx, e.opts); err != nil {
		return err
	}
	if e.engineVersion = e.opts.EngineVersion; e.engineVersion == "" {
		e.engineVersion = e.upstream.version
	}
	if e.catalog, err = catalog.New(catalog.Config{Connect: e.upstream.connect, Home: e.upstream.config.Database, MaxWait: lookupPatience, Logger: e.log}); err != nil {
		return fmt.Errorf("set the catalogue up: %w", err)
	}
	if err := e.startServices(); err != nil {
		return err
	}
	if err := e.firstCluster(ctx); err != nil {
		return err
	}
	if err := e.declare(ctx); err != nil {
		return err
	}
	if err := e.markReset(); err != nil {
		return err
	}
	e.ready.Store(true)
	return nil
}

// startServices makes Kinesis, KMS and RDS and serves them on one address.
func (e *Emulator) startServices() (err error) {
	o := e.opts
	e.kinesis, err = kinesisfake.New(kinesisfake.Config{Region: o.Region, AccountID: o.AccountID, Rand: e.rand, Store: e.disk, Faults: e.faults, Logger: e.log,
		Clock: &e.clock, ByteBudget: o.KinesisBytes, Limits: o.KinesisLimits})
	if err != nil {
		return fmt.Errorf("set Kinesis up: %w", err)
	}
	e.kms, err = kmsfake.New(kmsfake.Config{Region: o.Region, AccountID: o.AccountID, Rand: e.rand, Store: e.disk, Now: e.clock.Now})
	if err != nil {
		return fmt.Errorf("set KMS up: %w", err)
	}
	e.rds, err = rdsapi.New(rdsapi.Config{
		Region:        o.Region,
		AccountID:     o.AccountID,
		NewResourceID: e.newResourceID,
		Clock:         &e.clock,
		Streams:       controller{e},
		Instances:     controller{e},
		Sessions:      controller{e},
		Keys:          faultyResolver{e.externalKeys(controller{e}), e},
		RestartTime:   o.RestartTime,
		StopTime:      e.stopTime(),
		KeyPatience:   max(o.KeyPatience, 0),
		Topics:        o.SNSTopics,
		EventBuses:    o.EventBuses,
		EngineVersion: e.engineVersion,
		Store:         e.disk,
		Logger:        e.log,
	})
	if err != nil {
		return fmt.Errorf("set RDS up: %w", err)
	}
	e.services = e.served(e.kinesis, e.kms, e.rds)
	e.login = newLogin(o)
	e.openConsole()
	handler := awsapi.NewHandler(awsapi.Config{
		Services:  append(e.faulty(e.services...), access.STS{}),
		Guard:     e.guard(),
		Region:    o.Region,
		AccountID: o.AccountID,
		OneRegion: true,
		Logger:    e.log,
		Fallback:  e.control(),
		Observe:   e.observeCall,
	})
	ctx, stop := context.WithCancel(context.Background())
	e.stop = stop
	e.runs.Go(func() { e.report("time the faults", e.runFaults(ctx)) })
	e.runs.Go(func() { e.report("look names up", e.catalog.Run(ctx)) })
	e.runs.Go(func() {
		e.report("serve the AWS endpoint", awsapi.Serve(ctx, e.identity.listener(e.aws), e.front(handler)))
	})
	e.runs.Go(func() { e.report("trim the Kinesis streams", e.kinesis.Run(ctx)) })
	e.runs.Go(func() { e.report("run the RDS transitions", e.rds.Run(ctx)) })
	return nil
}

// report ends the emulator if a part ended by an error.
func (e *Emulator) report(what string, err error) {
	if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, http.ErrServerClosed) {
		e.fail(fmt.Errorf("%s: %w", what, err))
	}
}

// fail tells Done that the emulator cannot go on.
func (e *Emulator) fail(err error) {
	e.once.Do(func() {
		e.log.Error("the emulator cannot go on", "cause", err)
		e.cause = err
		close(e.done)
	})
}

// Done is closed when the emulator cannot go on; Close then returns the cause.
func (e *Emulator) Done() <-chan struct{} { return e.done }

// Close ends the emulator: sessions finish or are ended within Options.Grace,
// queued events are published, the listeners and the embedded server stop.
// ctx bounds all of it.
func (e *Emulator) Close(ctx context.Context) error {
	e.closing.Do(func() { e.closed = e.close(ctx) })
	return e.closed
}

func (e *Emulator) close(ctx context.Context) error {
	e.resetting.Lock()
	defer e.resetting.Unlock()
	var errs []error
	e.ready.Store(false)
	e.mu.Lock()
	e.ending = true
	if e.reserved != nil {
		e.reserved.Close()
	}
	var clusters []string
	for id := range e.streams {
		clusters = append(clusters, id)
	}
	e.mu.Unlock()
	e.stopInstances()
	for _, id := range clusters {
		e.endStream(ctx, id, e.closePatience())
	}
	if e.console != nil {
		e.console.Close() // it reads from the endpoint, which ends now
	}
	e.stop()
	e.runs.Wait()
	if e.aws != nil {
		e.aws.Close()
	}
	errs = append(errs, e.identity.close())
	if e.upstream != nil {
		errs = append(errs, e.upstream.close(context.WithoutCancel(ctx)))
	}
	e.external.close()
	errs = append(errs, e.closeDataDir())
	e.traces.close(ctx)
	select {
	case <-e.done:
		errs = append(errs, e.cause)
	default:
	}
	return errors.Join(errs...)
}

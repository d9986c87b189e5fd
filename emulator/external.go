package emulator

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"time"

	"github.com/das-local/das-local/internal/awsapi"
	"github.com/das-local/das-local/internal/external"
	"github.com/das-local/das-local/internal/stream"
	"github.com/das-local/das-local/rdsapi"
)

var (
	_ stream.Publisher   = (*externalPublisher)(nil)
	_ stream.KeyService  = (*external.KMS)(nil)
	_ rdsapi.KeyResolver = externalResolver{}
)

// externals are the services that are used in place of the embedded ones; nil: the
// embedded one is used.
type externals struct {
	kinesis *external.Kinesis
	kms     *external.KMS
}

var (
	clusterResourcePattern  = regexp.MustCompile(`^cluster-[A-Z0-9]{26}$`)
	instanceResourcePattern = regexp.MustCompile(`^db-[A-Z0-9]{26}$`)
)

// checkExternal refuses what cannot work, or would leave streams behind.
func (o Options) checkExternal() error {
	var errs []error
	for name, endpoint := range map[string]string{"Kinesis": o.KinesisEndpoint, "KMS": o.KMSEndpoint} {
		if err := external.CheckEndpoint(endpoint); err != nil {
			errs = append(errs, fmt.Errorf("the %s endpoint %q: %w", name, endpoint, err))
		}
	}
	if id := o.ClusterResourceID; id != "" && !clusterResourcePattern.MatchString(id) {
		errs = append(errs, fmt.Errorf("the cluster's resource id %q must be cluster- and 26 capitals and digits", id))
	}
	if id := o.InstanceResourceID; id != "" && !instanceResourcePattern.MatchString(id) {
		errs = append(errs, fmt.Errorf("the instance's resource id %q must be db- and 26 capitals and digits", id))
	}
	if o.KinesisEndpoint != "" && o.ClusterResourceID == "" && o.DataDir == "" && o.Seed == 0 {
		errs = append(errs, errors.New("an external Kinesis needs a cluster resource id (--cluster-resource-id), or a data directory that keeps it: "+
			"with a new one each start would leave a stream behind"))
	}
	if o.KMSEndpoint != "" && o.KMSKeyID == "" && o.StartStream != "" {
		errs = append(errs, errors.New("an external KMS needs the key of the activity stream: its id, ARN or alias (--kms-key-id); "+
			"or start no stream at boot"))
	}
	if o.KMSKeyID != "" && o.KMSEndpoint == "" {
		errs = append(errs, errors.New("the KMS key id is of an external KMS: give its endpoint too"))
	}
	return errors.Join(errs...)
}

// openExternal makes the clients. It calls nobody.
func (e *Emulator) openExternal(ctx context.Context) error {
	if endpoint := e.opts.KinesisEndpoint; endpoint != "" {
		cfg, err := external.Load(ctx, endpoint, e.opts.Region)
		if err != nil {
			return fmt.Errorf("set the external Kinesis up: %w", err)
		}
		e.external.kinesis = external.NewKinesis(cfg)
	}
	if endpoint := e.opts.KMSEndpoint; endpoint != "" {
		cfg, err := external.Load(ctx, endpoint, e.opts.Region)
		if err != nil {
			return fmt.Errorf("set the external KMS up: %w", err)
		}
		e.external.kms = external.NewKMS(cfg)
	}
	return nil
}

func (x externals) close() {
	if x.kinesis != nil {
		x.kinesis.Close()
	}
	if x.kms != nil {
		x.kms.Close()
	}
}

// states are the services' as the health page shows them.
func (x externals) states() map[string]string {
	states := map[string]string{"kinesis": "running", "kms": "running", "rds": "running"}
	if x.kinesis != nil {
		states["kinesis"] = "external"
	}
	if x.kms != nil {
		states["kms"] = "external"
	}
	return states
}

// externalStopPatience is stopPatience where each put takes a way through a network.
const externalStopPatience = 15 * time.Second

func (x externals) patience(embedded time.Duration) time.Duration {
	if x.kinesis == nil {
		return embedded
	}
	return externalStopPatience
}

// maxLanes bounds the records that one round puts at least: with more shards than
// that, each lane's records are on one of them.
const maxLanes = 16

// publishExternally has a stream use the external services, as far as there are any,
// and finds or makes its Kinesis stream.
func (e *Emulator) publishExternally(ctx context.Context, c *stream.Config) error {
	if e.external.kms != nil {
		c.KeyService = tracedKeys{faultyKeys{e.external.kms, e}, e.traces}
	}
	if e.external.kinesis == nil {
		return nil
	}
	name := c.StreamName
	open := func(ctx context.Context) (external.Stream, error) {
		return e.external.kinesis.Open(ctx, name, e.opts.Shards)
	}
	p := &externalPublisher{spool: spool{e.disk, name}}
	found, err := open(ctx)
	switch {
	case err != nil && !e.resuming.Load():
		return err
	case err != nil: // a restart in an outage: sessions go on as before it
		e.log.Warn("the external Kinesis cannot be used yet: events are queued until it can", "stream", name, "error", err)
		found = external.Stream{Name: name, Shards: 1, MaxRecordBytes: c.MaxRecordBytes}
		p.open = func(ctx context.Context) error { _, err := open(ctx); return err }
	default:
		e.log.Info("publishing to an external Kinesis", "endpoint", e.opts.KinesisEndpoint, "stream", found.Name, "shards", found.Shards, "made", found.Made)
	}
	if c.Spool == nil {
		c.Lanes = min(found.Shards, maxLanes)
	}
	c.MaxRecordBytes = found.MaxRecordBytes
	c.BatchBytes = 1 << 20 // fewer records, since a lane's are put one after the other
	c.AtLeastOnce = true
	// A put that is given up may be stored: the publisher's own calls have a bound.
	c.PutTimeout = 24 * time.Hour
	p.writer = e.external.kinesis.NewWriter(name, max(c.Lanes, 1), rand.Float64())
	c.Publisher = tracedPublisher{faultyPublisher{p, e}, e.traces}
	return nil
}

// checkResourceID refuses a data directory whose first cluster is another one.
func (e *Emulator) checkResourceID(id string) error {
	c, ok := e.rds.Cluster(id)
	if want := e.opts.ClusterResourceID; ok && want != "" && c.ResourceID != want {
		return fmt.Errorf("the cluster %s of the data directory has the resource id %s, not %s: leave the id out, or give another directory",
			id, c.ResourceID, want)
	}
	return nil
}

// firstExternalKey finds the key of the first cluster's stream.
func (e *Emulator) firstExternalKey(ctx context.Context) error {
	if e.opts.KMSKeyID == "" {
		return nil
	}
	key, err := e.external.kms.Key(ctx, e.opts.KMSKeyID)
	if err != nil {
		return err
	}
	e.keyARN = key.ARN
	return nil
}

// externalKeys resolves keys at the external KMS, if there is one.
func (e *Emulator) externalKeys(embedded rdsapi.KeyResolver) rdsapi.KeyResolver {
	if e.external.kms == nil {
		return embedded
	}
	return externalResolver{e.external.kms}
}

type externalResolver struct{ kms *external.KMS }

// ResolveKey implements rdsapi.KeyResolver.
func (r externalResolver) ResolveKey(ctx context.Context, id string) (rdsapi.KMSKey, error) {
	key, err := r.kms.Key(ctx, id)
	return rdsapi.KMSKey(key), err
}

// served are the services as clients see them: one that is somewhere else says so to
// whoever calls it here, rather than having no streams and keys.
func (e *Emulator) served(services ...awsapi.Service) []awsapi.Service {
	for i, s := range services {
		switch {
		case s.Name() == "kinesis" && e.external.kinesis != nil:
			services[i] = elsewhere{s, "InvalidArgumentException", e.opts.KinesisEndpoint}
		case s.Name() == "kms" && e.external.kms != nil:
			services[i] = elsewhere{s, "UnsupportedOperationException", e.opts.KMSEndpoint}
		}
	}
	return services
}

// elsewhere is a service that answers each call with its address.
type elsewhere struct {
	awsapi.Service
	code, endpoint string
}

// Operation implements awsapi.Service.
func (s elsewhere) Operation(name string) awsapi.Operation {
	if s.Service.Operation(name) == nil {
		return nil
	}
	return func(context.Context, *awsapi.Request, func(any) error) (any, error) {
		return nil, awsapi.Errorf(s.code, "das-local uses an external %s: call that at %s.", s.Name(), s.endpoint)
	}
}

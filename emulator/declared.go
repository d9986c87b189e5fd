package emulator

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/das-local/das-local/internal/stream"
	"github.com/das-local/das-local/kmsfake"
	"github.com/das-local/das-local/rdsapi"
)

// Key is a KMS key to make at start. One whose id or alias is there already, in
// Options.DataDir, is left as it is.
type Key struct {
	ID          string // empty: a new one
	Alias       string // "alias/audit"; may be empty if ID is given
	Description string
	// Material is the key itself, 32 bytes; empty: random. What such a key has
	// encrypted opens wherever a key is made of the same id and bytes.
	Material []byte
}

// Cluster is a cluster to make at start, besides the first one. One that is there
// already, in Options.DataDir, is left as it is. The instances of all clusters stand in
// front of the same PostgreSQL.
type Cluster struct {
	ID            string
	EngineVersion string            // empty: Options.EngineVersion
	Instances     []string          // identifiers, the writer first; none: ID-instance-1
	InstanceClass string            // empty: db.r5.large
	Tags          map[string]string // das-local:on-stream-failure among them
	Stream        Mode              // empty: its stream is not started
	Key           string            // of the stream: id, ARN or alias; empty: the first cluster's
}

func (o Options) checkDeclared() error {
	for _, k := range o.Keys {
		if k.ID == "" && k.Alias == "" {
			return errors.New("a declared KMS key has neither id nor alias")
		}
	}
	seen := map[string]bool{}
	for _, c := range o.Clusters {
		switch {
		case len(c.ID) > 63 || !clusterIDPattern.MatchString(c.ID):
			return fmt.Errorf("the cluster id %q must be 1 to 63 lower-case letters, digits and single hyphens, beginning with a letter", c.ID)
		case seen[c.ID]:
			return fmt.Errorf("the cluster %s is declared twice", c.ID)
		case c.Stream != "" && c.Stream != stream.Sync && c.Stream != stream.Async:
			return fmt.Errorf("the stream of cluster %s is %q; it must be sync or async", c.ID, c.Stream)
		}
		seen[c.ID] = true
	}
	return nil
}

// declare makes the keys and clusters of the options that are not there yet.
func (e *Emulator) declare(ctx context.Context) error {
	for _, k := range e.opts.Keys {
		if _, err := e.kms.SeedKey(ctx, kmsfake.KeyOptions(k)); err != nil {
			return fmt.Errorf("make the key %s: %w", cmp.Or(k.ID, k.Alias), err)
		}
	}
	for _, c := range e.opts.Clusters {
		if _, ok := e.rds.Cluster(c.ID); ok {
			continue
		}
		if err := e.declareCluster(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

func (e *Emulator) declareCluster(ctx context.Context, c Cluster) error {
	instances := c.Instances
	if len(instances) == 0 {
		instances = []string{c.ID + "-instance-1"}
	}
	version := c.EngineVersion
	if version == "" {
		version = e.engineVersion
	}
	if _, err := e.rds.CreateCluster(ctx, rdsapi.ClusterOptions{
		ID:            c.ID,
		EngineVersion: version,
		DatabaseName:  e.upstream.config.Database,
		MasterUser:    e.upstream.config.User,
		Instances:     instances,
		InstanceClass: c.InstanceClass,
		Tags:          c.Tags,
	}); err != nil {
		return err
	}
	if c.Stream == "" {
		return nil
	}
	key := c.Key
	if key == "" {
		key = e.keyARN
	}
	return e.rds.StartStream(ctx, c.ID, string(c.Stream), key)
}

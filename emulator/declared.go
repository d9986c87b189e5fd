package emulator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/das-local/das-local/internal/store"
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
// already, in Options.DataDir, is left as it is, unless a start that made it failed: then
// the next one goes on. The instances of all clusters stand in
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
		case c.ID == o.ClusterID:
			return fmt.Errorf("the cluster %s is declared, but it is the first one, which das-local makes by itself: declare others, or give the first one another id (--cluster-id)", c.ID)
		case seen[c.ID]:
			return fmt.Errorf("the cluster %s is declared twice", c.ID)
		case c.Stream != "" && c.Stream != stream.Sync && c.Stream != stream.Async:
			return fmt.Errorf("the stream of cluster %s is %q; it must be sync or async", c.ID, c.Stream)
		}
		seen[c.ID] = true
	}
	return nil
}

// declare makes the keys and clusters of the options that are not there yet, and injects
// the faults, which no start keeps for the next.
func (e *Emulator) declare(ctx context.Context) error {
	for _, k := range e.opts.Keys {
		if _, err := e.kms.SeedKey(ctx, kmsfake.KeyOptions(k)); err != nil {
			return fmt.Errorf("make the key %s: %w", cmp.Or(k.ID, k.Alias), err)
		}
	}
	for _, c := range e.opts.Clusters {
		if _, there := e.rds.Cluster(c.ID); there {
			half, err := e.halfMade(c.ID)
			if err != nil {
				return err
			}
			if !half {
				continue
			}
		}
		if err := e.declareCluster(ctx, c); err != nil {
			return err
		}
	}
	for i, f := range e.opts.Faults {
		if _, err := e.Faults().Add(ctx, f); err != nil {
			return fmt.Errorf("inject fault %d (%s): %w", i+1, f.Kind, err)
		}
	}
	return nil
}

// declareCluster makes a cluster, or what is missing of one that an earlier start has
// left half-made.
func (e *Emulator) declareCluster(ctx context.Context, c Cluster) error {
	if err := e.noteHalfMade(c.ID, true); err != nil {
		return err
	}
	made, there := e.rds.Cluster(c.ID)
	if !there {
		var err error
		if made, err = e.rds.CreateCluster(ctx, rdsapi.ClusterOptions{
			ID:            c.ID,
			EngineVersion: cmp.Or(c.EngineVersion, e.engineVersion),
			DatabaseName:  e.upstream.config.Database,
			MasterUser:    e.upstream.config.User,
			Tags:          c.Tags,
		}); err != nil {
			return err
		}
	}
	instances := c.Instances
	if len(instances) == 0 {
		instances = []string{c.ID + "-instance-1"}
	}
	for _, id := range instances {
		if slices.ContainsFunc(made.Instances, func(i rdsapi.InstanceStatus) bool { return i.ID == strings.ToLower(id) }) {
			continue
		}
		if err := e.rds.CreateInstance(ctx, c.ID, id, c.InstanceClass); err != nil {
			return err
		}
	}
	if c.Stream != "" && made.StreamStatus == "stopped" {
		if err := e.rds.StartStream(ctx, c.ID, string(c.Stream), cmp.Or(c.Key, e.keyARN)); err != nil {
			return err
		}
	}
	return e.noteHalfMade(c.ID, false)
}

// metaHalfMade is there while a declared cluster is being made.
func metaHalfMade(id string) []byte { return store.Name(store.KindMeta, "making "+id) }

// halfMade reports whether an earlier start began to make a cluster and did not end.
func (e *Emulator) halfMade(id string) (half bool, err error) {
	if e.disk == nil {
		return false, nil
	}
	if _, half, err = e.disk.Get(metaHalfMade(id)); err != nil {
		return false, fmt.Errorf("read what the data directory has of cluster %s: %w", id, err)
	}
	return half, nil
}

func (e *Emulator) noteHalfMade(id string, half bool) error {
	if e.disk == nil {
		return nil
	}
	var b store.Batch
	if half {
		b.Set(metaHalfMade(id), []byte{1})
	} else {
		b.Delete(metaHalfMade(id))
	}
	if err := e.disk.Commit(context.Background(), &b); err != nil {
		return fmt.Errorf("note in the data directory how far cluster %s is: %w", id, err)
	}
	return nil
}

package emulator

import (
	"context"
	"fmt"

	"github.com/das-local/das-local/kmsfake"
	"github.com/das-local/das-local/rdsapi"
)

// keyAlias names the key that is made for the first cluster's activity stream.
const keyAlias = "alias/das-local"

// firstCluster makes the key and the cluster that every emulator has, and starts
// its stream if asked to. What the data directory has of these is started as it was
// instead.
func (e *Emulator) firstCluster(ctx context.Context) error {
	if err := e.firstKey(ctx); err != nil {
		return err
	}
	id := e.rds.FindCluster(e.opts.ClusterID)
	if id == "" {
		id = e.opts.ClusterID
		e.ids.give(clusterPrefix, e.opts.ClusterResourceID)
		var tags map[string]string
		if e.opts.OnStreamFailure != rdsapi.Continue {
			tags = map[string]string{rdsapi.TagOnStreamFailure: e.opts.OnStreamFailure}
		}
		if _, err := e.rds.CreateCluster(ctx, rdsapi.ClusterOptions{
			ID:            id,
			EngineVersion: e.engineVersion,
			DatabaseName:  e.upstream.config.Database,
			MasterUser:    e.upstream.config.User,
			Tags:          tags,
		}); err != nil {
			return err
		}
	}
	if err := e.checkResourceID(id); err != nil {
		return err
	}
	if err := e.resume(ctx); err != nil {
		return err
	}
	if !e.used.complete {
		if err := e.complete(ctx, id); err != nil {
			return err
		}
	}
	e.first, _ = e.rds.Cluster(id)
	return nil
}

// firstKey finds or makes the key of the first cluster's activity stream.
func (e *Emulator) firstKey(ctx context.Context) error {
	if e.external.kms != nil {
		return e.firstExternalKey(ctx)
	}
	key, err := e.kms.LookupKey(ctx, keyAlias)
	if err != nil {
		key, err = e.kms.CreateKey(ctx, kmsfake.KeyOptions{Alias: keyAlias, Description: "activity streams of das-local"})
	}
	if err != nil {
		return fmt.Errorf("make the key of the activity stream: %w", err)
	}
	e.keyARN = key.ARN
	return nil
}

// complete gives a new cluster its instance and its stream, and notes that.
func (e *Emulator) complete(ctx context.Context, id string) error {
	c, _ := e.rds.Cluster(id)
	if len(c.Instances) == 0 {
		e.ids.give(instancePrefix, e.opts.InstanceResourceID)
		if err := e.rds.CreateInstance(ctx, id, id+"-instance-1", ""); err != nil {
			return err
		}
	}
	if e.opts.StartStream != "" && c.StreamStatus == "stopped" {
		if err := e.rds.StartStream(ctx, id, string(e.opts.StartStream), e.keyARN); err != nil {
			return err
		}
	}
	return e.noteComplete()
}

package emulator

import (
	"context"
	"fmt"

	"github.com/das-local/das-local/kmsfake"
	"github.com/das-local/das-local/rdsapi"
)

// keyAlias names the key that is made for the first cluster's activity stream.
const keyAlias = "alias/das-local"

// firstCluster makes the key and the cluster that every emulator has, and
// starts its stream if asked to.
func (e *Emulator) firstCluster(ctx context.Context) error {
	key, err := e.kms.CreateKey(ctx, kmsfake.KeyOptions{Alias: keyAlias, Description: "activity streams of das-local"})
	if err != nil {
		return fmt.Errorf("make the key of the activity stream: %w", err)
	}
	e.keyARN = key.ARN
	var tags map[string]string
	if e.opts.OnStreamFailure != rdsapi.Continue {
		tags = map[string]string{rdsapi.TagOnStreamFailure: e.opts.OnStreamFailure}
	}
	e.first, err = e.rds.CreateCluster(ctx, rdsapi.ClusterOptions{
		ID:            e.opts.ClusterID,
		Instances:     []string{e.opts.ClusterID + "-instance-1"},
		EngineVersion: e.engineVersion,
		DatabaseName:  e.upstream.config.Database,
		MasterUser:    e.upstream.config.User,
		Tags:          tags,
	})
	if err != nil {
		return err
	}
	if e.opts.StartStream == "" {
		return nil
	}
	return e.rds.StartStream(ctx, e.first.ID, string(e.opts.StartStream), key.ARN)
}

// keys resolves key ids for rdsapi.
type keys struct{ kms *kmsfake.Server }

// ResolveKey implements rdsapi.KeyResolver.
func (k keys) ResolveKey(ctx context.Context, id string) (rdsapi.KMSKey, error) {
	key, err := k.kms.LookupKey(ctx, id)
	if err != nil {
		return rdsapi.KMSKey{}, err
	}
	return rdsapi.KMSKey(key), nil
}

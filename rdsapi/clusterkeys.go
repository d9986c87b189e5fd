package rdsapi

import (
	"context"

	"github.com/google/uuid"
)

// clusterKeys finds the KMS keys of a new cluster.
func (s *Server) clusterKeys(ctx context.Context, c *cluster, in *createDBClusterInput) (err error) {
	w := &c.wire
	if w.KmsKeyId, err = s.storageKey(ctx, in.KmsKeyId, is(in.StorageEncrypted)); err != nil {
		return err
	}
	w.StorageEncrypted = w.KmsKeyId != ""
	if in.ManageMasterUserPassword {
		if err := s.manageSecret(ctx, c, in.MasterUserSecretKmsKeyId); err != nil {
			return err
		}
	}
	if is(in.EnablePerformanceInsights) && w.PerformanceInsightsRetentionPeriod == nil {
		week := 7
		w.PerformanceInsightsRetentionPeriod = &week
	}
	w.PerformanceInsightsKMSKeyId, err = s.insightsKey(ctx, in.EnablePerformanceInsights, in.PerformanceInsightsKMSKeyId)
	return err
}

// manageSecret shows the secret in which RDS would keep the master user's password.
// It does not exist: there is no Secrets Manager here.
func (s *Server) manageSecret(ctx context.Context, c *cluster, key string) error {
	arn, err := s.storageKey(ctx, key, key != "")
	if err != nil {
		return err
	}
	id := uuid.NewString()
	c.wire.MasterUserSecret = &masterUserSecret{"arn:aws:secretsmanager:" + s.cfg.Region + ":" + s.cfg.AccountID + ":secret:rds!cluster-" + id + "-" + id[:6], "active", arn}
	return nil
}

// insightsKey is the key of Performance Insights, if that is on: the one given must be
// there, the default one may be missing.
func (s *Server) insightsKey(ctx context.Context, on *bool, id string) (string, error) {
	if !is(on) {
		return "", nil
	}
	arn, err := s.storageKey(ctx, id, true)
	if id == "" {
		return arn, nil
	}
	return arn, err
}

// storageKey is the ARN of a key that would encrypt something: the one given, or
// the default key if it is wanted, or none.
func (s *Server) storageKey(ctx context.Context, id string, wanted bool) (string, error) {
	switch {
	case id == "" && !wanted:
		return "", nil
	case id == "":
		id = "alias/aws/rds"
	}
	key, err := s.cfg.Keys.ResolveKey(ctx, id)
	if err != nil || !key.Enabled || !key.Symmetric {
		return "", keyNotAccessible(id)
	}
	return key.ARN, nil
}

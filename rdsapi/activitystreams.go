package rdsapi

import (
	"context"
	"errors"
	"strings"
)

type startActivityStreamInput struct {
	ResourceArn                     string
	Mode                            string
	KmsKeyId                        string
	ApplyImmediately                bool
	EngineNativeAuditFieldsIncluded bool `json:",omitempty"`
}

type startActivityStreamOutput struct {
	KmsKeyId                        string // the key's ARN
	KinesisStreamName               string
	Status                          string
	Mode                            string
	EngineNativeAuditFieldsIncluded bool
	ApplyImmediately                bool
}

func (s *Server) startActivityStream(ctx context.Context, in *startActivityStreamInput) (*startActivityStreamOutput, error) {
	if err := s.checkStart(in); err != nil {
		return nil, err
	}
	key, err := s.streamKey(ctx, in.KmsKeyId)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.streamCluster(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	if err := s.canStart(c); err != nil {
		return nil, err
	}
	if in.ApplyImmediately {
		s.beginStart(c, in.Mode, key)
		c.stream.call = s.call(ctx, c.arn, in)
		s.enqueue(func(ctx context.Context) { _ = s.runStart(ctx, c, true) }) // it has said why
	} else {
		s.postpone(c, &pendingChange{start: true, mode: in.Mode, key: key, call: s.call(ctx, c.arn, in)})
	}
	return &startActivityStreamOutput{KmsKeyId: key.ARN, KinesisStreamName: c.streamName(), Status: c.stream.status,
		Mode: in.Mode, ApplyImmediately: in.ApplyImmediately}, nil
}

// checkStart checks what needs no state.
func (s *Server) checkStart(in *startActivityStreamInput) error {
	switch {
	case in.ResourceArn == "":
		return missing("ResourceArn")
	case in.Mode == "":
		return missing("Mode")
	case in.KmsKeyId == "":
		return missing("KmsKeyId")
	case in.Mode != "sync" && in.Mode != "async":
		return invalidValue("Invalid value %s for Mode. Valid values: sync, async", in.Mode)
	case excludedRegion(s.cfg.Region):
		return unsupportedConfiguration("database activity streams aren't supported in the Region " + s.cfg.Region + ".")
	case in.EngineNativeAuditFieldsIncluded:
		return invalidCombination("EngineNativeAuditFieldsIncluded isn't supported for engine %s.", engine)
	}
	return nil
}

// excludedRegion has the Regions that the Aurora user guide (2019) excludes.
func excludedRegion(region string) bool {
	return strings.HasPrefix(region, "cn-") || strings.HasPrefix(region, "us-gov-")
}

// streamKey resolves the key of an activity stream: a symmetric, enabled one of
// the customer's own.
func (s *Server) streamKey(ctx context.Context, id string) (KMSKey, error) {
	key, err := s.cfg.Keys.ResolveKey(ctx, id)
	switch {
	case err != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)):
		return KMSKey{}, err
	case err != nil:
		s.cfg.Logger.Info("activity stream key was refused", "key", id, "error", err)
		return KMSKey{}, keyNotAccessible(id)
	case key.AWSManaged:
		return KMSKey{}, managedKeyRefused(id)
	case !key.Enabled, !key.Symmetric:
		return KMSKey{}, keyNotAccessible(id)
	}
	return key, nil
}

// streamCluster finds the cluster of an activity stream: by ARN only. The lock is held.
func (s *Server) streamCluster(arn string) (*cluster, error) {
	kind, id, ok := s.splitARN(arn)
	switch {
	case !ok:
		return nil, invalidValue("Invalid ARN: %s", arn)
	case kind == "db" && s.instances[id] == nil:
		return nil, instanceNotFound(id)
	}
	return s.findCluster(arn, "ResourceArn")
}

// canStart tells whether c's stream can be started. The lock is held.
func (s *Server) canStart(c *cluster) error {
	if c.stream.status != streamStopped {
		return streamExpected(streamStopped, c.stream.status)
	}
	if c.status != statusAvailable {
		return notAvailable(c)
	}
	if v := c.wire.EngineVersion; !versionStreams(v) {
		return unsupportedConfiguration("DB cluster " + c.id + " has the engine version " + v + ", which doesn't support database activity streams.")
	}
	members := s.members(c)
	if len(members) == 0 {
		return clusterState("DB cluster %s has no DB instances.", c.id)
	}
	for _, i := range members {
		switch {
		case i.status != statusAvailable:
			return instanceState("DB instance %s is not in the available state: it is %s.", i.id, i.status)
		case !supportsStreams(i.class):
			return unsupportedConfiguration("DB instance " + i.id + " is of class " + i.class + ", which doesn't support database activity streams.")
		}
	}
	return nil
}

// postpone makes a change wait. The lock is held.
func (s *Server) postpone(c *cluster, p *pendingChange) {
	p.due = c.nextWindow(s.cfg.Clock.Now())
	c.pending = p
	s.wakeRun()
	s.cfg.Logger.Info("activity stream will change in the maintenance window or when an instance is rebooted: the request had no ApplyImmediately",
		"cluster", c.id, "start", p.start, "window", p.due)
}

// beginStart makes c's stream starting. The lock is held.
func (s *Server) beginStart(c *cluster, mode string, key KMSKey) {
	s.configuring(c)
	c.stream = stream{status: streamStarting, mode: mode, key: key}
}

type stopActivityStreamInput struct {
	ResourceArn      string
	ApplyImmediately bool
}

type stopActivityStreamOutput struct {
	KmsKeyId          string
	KinesisStreamName string
	Status            string
}

func (s *Server) stopActivityStream(ctx context.Context, in *stopActivityStreamInput) (*stopActivityStreamOutput, error) {
	if in.ResourceArn == "" {
		return nil, missing("ResourceArn")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.streamCluster(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	if c.stream.status == streamStopped && c.pending != nil {
		// The start that waits for a reboot is taken back.
		out := &stopActivityStreamOutput{c.pending.key.ARN, c.streamName(), streamStopped}
		c.pending = nil
		return out, nil
	}
	if err := s.canStop(c); err != nil {
		return nil, err
	}
	if in.ApplyImmediately {
		s.beginStop(c)
		c.stream.call = s.call(ctx, c.arn, in)
		s.enqueue(func(ctx context.Context) { _ = s.runStop(ctx, c, true) }) // it has said why
	} else {
		s.postpone(c, &pendingChange{call: s.call(ctx, c.arn, in)})
	}
	return &stopActivityStreamOutput{c.stream.key.ARN, c.streamName(), c.stream.status}, nil
}

// canStop tells whether c's stream can be stopped; that of a stopped cluster can,
// for it may be the reason why the cluster is stopped. The lock is held.
func (s *Server) canStop(c *cluster) error {
	if c.stream.status != streamStarted {
		return streamExpected(streamStarted, c.stream.status)
	}
	if c.status != statusAvailable && c.status != statusStopped {
		return notAvailable(c)
	}
	return nil
}

// beginStop makes c's stream stopping. The lock is held.
func (s *Server) beginStop(c *cluster) {
	s.configuring(c)
	c.stream.status, c.stream.call = streamStopping, nil
}

// applyPending begins what c is waiting for, if there is anything and it can be
// done now. The lock is held.
func (s *Server) applyPending(c *cluster) bool {
	p := c.pending
	switch {
	case p == nil:
		return false
	case p.start && s.canStart(c) == nil:
		s.beginStart(c, p.mode, p.key)
		c.stream.call = p.call
		s.enqueue(func(ctx context.Context) { _ = s.runStart(ctx, c, true) })
	case !p.start && s.canStop(c) == nil:
		s.beginStop(c)
		c.stream.call = p.call
		s.enqueue(func(ctx context.Context) { _ = s.runStop(ctx, c, true) })
	default:
		return false
	}
	return true
}

type modifyActivityStreamInput struct {
	ResourceArn      string
	AuditPolicyState string
}

// modifyActivityStream refuses: RDS has it for Oracle and SQL Server only.
func (s *Server) modifyActivityStream(_ context.Context, in *modifyActivityStreamInput) (*none, error) {
	if in.ResourceArn == "" {
		return nil, missing("ResourceArn")
	}
	kind, id, ok := s.splitARN(in.ResourceArn)
	if !ok {
		return nil, invalidValue("Invalid ARN: %s", in.ResourceArn)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case kind == "db" && s.instances[id] == nil:
		return nil, instanceNotFound(id)
	case kind == "cluster" && s.clusters[id] == nil:
		return nil, clusterNotFound(id)
	}
	return nil, invalidCombination("ModifyActivityStream isn't supported for engine %s.", engine)
}

package rdsapi

import (
	"cmp"
	"context"
	"fmt"
	"strings"
)

// Cluster is what a caller in the same process may know of a cluster.
type Cluster struct {
	ID, ARN, ResourceID string
	EngineVersion       string
	Status              string
	StreamStatus        string // stopped, starting, started, stopping
	StreamName          string // also while the stream is stopped
	StreamMode          string // empty while the stream is stopped
	KMSKeyARN           string // empty while the stream is stopped
	Instances           []InstanceStatus
}

// InstanceStatus is an instance and where its clients connect. The first one of
// a cluster is the writer.
type InstanceStatus struct {
	Instance
	ARN    string
	Status string
	Class  string
	Host   string
	Port   int
}

// ClusterOptions describes a cluster to make. Only ID is needed.
type ClusterOptions struct {
	ID            string
	Instances     []string // identifiers; they are started in this order
	InstanceClass string   // empty: db.r5.large
	EngineVersion string   // empty: the server's
	DatabaseName  string
	MasterUser    string            // empty: postgres
	Tags          map[string]string // TagOnStreamFailure among them
}

// defaultClass is the class of instances that are made without one.
const defaultClass = "db.r5.large"

// CreateCluster makes a cluster with its instances and returns when they are
// available. It needs no Run. If an instance does not start, the ones before it
// stay.
func (s *Server) CreateCluster(ctx context.Context, o ClusterOptions) (Cluster, error) {
	if o.MasterUser == "" {
		o.MasterUser = "postgres"
	}
	password := ""
	in := &createDBClusterInput{DBClusterIdentifier: o.ID, Engine: engine, EngineVersion: o.EngineVersion,
		DatabaseName: o.DatabaseName, MasterUsername: o.MasterUser, MasterUserPassword: &password, Tags: tagList(o.Tags)}
	if _, err := s.makeCluster(ctx, in); err != nil {
		return Cluster{}, fmt.Errorf("create cluster %s: %w", o.ID, err)
	}
	for _, id := range o.Instances {
		if err := s.newInstance(ctx, o.ID, id, cmp.Or(o.InstanceClass, defaultClass)); err != nil {
			return Cluster{}, err
		}
	}
	c, _ := s.Cluster(o.ID)
	return c, s.saved()
}

// CreateInstance makes an instance in a cluster and returns when it is available. An
// empty class is db.r5.large.
func (s *Server) CreateInstance(ctx context.Context, clusterID, id, class string) error {
	if err := s.newInstance(ctx, clusterID, id, cmp.Or(class, defaultClass)); err != nil {
		return err
	}
	return s.saved()
}

func (s *Server) newInstance(ctx context.Context, clusterID, id, class string) error {
	in := &createDBInstanceInput{DBInstanceIdentifier: id, DBInstanceClass: class, Engine: engine, DBClusterIdentifier: clusterID}
	if _, err := s.createDBInstance(ctx, in); err != nil {
		return fmt.Errorf("create instance %s: %w", id, err)
	}
	return nil
}

// Cluster finds a cluster by identifier or ARN.
func (s *Server) Cluster(id string) (Cluster, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.findCluster(id, "DBClusterIdentifier")
	if err != nil {
		return Cluster{}, false
	}
	out := Cluster{ID: c.id, ARN: c.arn, ResourceID: c.resourceID, EngineVersion: c.wire.EngineVersion, Status: c.status,
		StreamStatus: c.stream.status, StreamName: c.streamName(), StreamMode: c.stream.mode, KMSKeyARN: c.stream.key.ARN}
	for _, i := range s.members(c) {
		out.Instances = append(out.Instances, InstanceStatus{i.identity(), i.arn, i.status, i.class, i.host, i.port})
	}
	return out, true
}

// StartStream starts the activity stream of a cluster and returns when it is
// started, or has failed to start. It needs no Run. Other than StartActivityStream
// it restarts nothing: sessions that are open stay.
func (s *Server) StartStream(ctx context.Context, clusterID, mode, keyID string) error {
	c, err := s.claimStart(ctx, clusterID, mode, keyID)
	if err != nil {
		return fmt.Errorf("start activity stream of %s: %w", clusterID, err)
	}
	if err := s.runStart(ctx, c, false); err != nil {
		return fmt.Errorf("start activity stream of %s: %w", clusterID, err)
	}
	return nil
}

func (s *Server) claimStart(ctx context.Context, clusterID, mode, keyID string) (*cluster, error) {
	arn := clusterID
	if !strings.HasPrefix(arn, "arn:") {
		arn = s.arn("cluster", strings.ToLower(clusterID))
	}
	in := &startActivityStreamInput{ResourceArn: arn, Mode: mode, KmsKeyId: keyID}
	if err := s.checkStart(in); err != nil {
		return nil, err
	}
	key, err := s.streamKey(ctx, keyID)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.streamCluster(arn)
	if err != nil {
		return nil, err
	}
	if err := s.canStart(c); err != nil {
		return nil, err
	}
	s.beginStart(c, mode, key)
	return c, nil
}

// StopStream stops the activity stream of a cluster and returns when it is
// stopped, or has failed to stop. It needs no Run, and restarts nothing. When ctx
// ends, or Run, or at a Reset, the stream may be stopping still: Run goes on with that.
func (s *Server) StopStream(ctx context.Context, clusterID string) error {
	s.mu.Lock()
	c, err := s.findCluster(clusterID, "ResourceArn")
	if err == nil {
		err = s.canStop(c)
	}
	if err != nil {
		s.mu.Unlock()
		return fmt.Errorf("stop activity stream of %s: %w", clusterID, err)
	}
	s.beginStop(c)
	e := s.epoch
	e.jobs.Add(1)
	s.mu.Unlock()
	defer e.jobs.Done()
	e.run(ctx, func(ctx context.Context) { err = s.runStop(ctx, c, false) })
	if err != nil {
		return fmt.Errorf("stop activity stream of %s: %w", clusterID, err)
	}
	return nil
}

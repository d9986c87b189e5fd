package rdsapi

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/das-local/das-local/internal/awsapi"
)

type createDBInstanceInput struct {
	DBInstanceIdentifier       string
	DBInstanceClass            string
	Engine                     string
	EngineVersion              string
	DBClusterIdentifier        string
	AvailabilityZone           string
	DBParameterGroupName       string
	PreferredMaintenanceWindow string
	Tags                       []tag `member:"Tag"`
	PromotionTier              *int
	PubliclyAccessible         bool
	AutoMinorVersionUpgrade    *bool
	CopyTagsToSnapshot         bool
	MonitoringInterval         int
	EnablePerformanceInsights  bool
	CACertificateIdentifier    string
}

type instanceOutput struct{ DBInstance dbInstance }

// createDBInstance starts the instance before it answers; the answer says
// creating, as RDS's does.
func (s *Server) createDBInstance(ctx context.Context, in *createDBInstanceInput) (*instanceOutput, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	i, err := s.addInstance(in)
	if err != nil {
		return nil, err
	}
	if err := s.startInstance(ctx, i); err != nil {
		s.mu.Lock()
		delete(s.instances, i.id)
		s.mu.Unlock()
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.instanceEvent(i, event{id: "RDS-EVENT-0005", category: "creation", message: "DB instance created"})
	w := s.instanceShape(i)
	w.DBInstanceStatus = statusCreating
	return &instanceOutput{w}, nil
}

func (in *createDBInstanceInput) check() error {
	switch {
	case in.DBInstanceIdentifier == "":
		return missing("DBInstanceIdentifier")
	case in.DBInstanceClass == "":
		return missing("DBInstanceClass")
	case in.Engine == "":
		return missing("Engine")
	case in.Engine != engine:
		return invalidValue("Invalid DB engine: %s. This is an emulator of %s.", in.Engine, engine)
	case in.DBClusterIdentifier == "":
		return invalidValue("The parameter DBClusterIdentifier must be provided for engine %s.", engine)
	case !isClass(in.DBInstanceClass):
		return invalidValue("Invalid DB Instance class: %s", in.DBInstanceClass)
	case in.PromotionTier != nil && (*in.PromotionTier < 0 || *in.PromotionTier > 15):
		return invalidValue("Invalid promotion tier: %d. Must be between 0 and 15.", *in.PromotionTier)
	}
	return checkWindow(in.PreferredMaintenanceWindow)
}

// addInstance reserves the identifier: the instance is in the state, creating.
func (s *Server) addInstance(in *createDBInstanceInput) (*instance, error) {
	id, err := newIdentifier(in.DBInstanceIdentifier, "DBInstanceIdentifier")
	if err != nil {
		return nil, err
	}
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.clusters[strings.ToLower(in.DBClusterIdentifier)]
	switch {
	case s.instances[id] != nil:
		return nil, awsapi.Errorf("DBInstanceAlreadyExists", "DB instance already exists")
	case c == nil:
		return nil, clusterNotFound(in.DBClusterIdentifier)
	case c.status != statusAvailable:
		return nil, clusterState("DB cluster %s is not in the available state: it is %s.", c.id, c.status)
	case in.EngineVersion != "" && in.EngineVersion != c.wire.EngineVersion:
		return nil, invalidCombination("The engine version that you requested for your DB instance (%s) does not match the engine version of your DB cluster (%s).",
			in.EngineVersion, c.wire.EngineVersion)
	}
	s.order++
	i := &instance{id: id, arn: s.arn("db", id), resourceID: s.cfg.NewResourceID("db-"), cluster: c, order: s.order,
		created: s.cfg.Clock.Now().UTC(), status: statusCreating, class: in.DBInstanceClass, tags: tags}
	i.wire = dbInstance{AvailabilityZone: cmp.Or(in.AvailabilityZone, s.cfg.Region+"a"),
		PreferredMaintenanceWindow: cmp.Or(in.PreferredMaintenanceWindow, c.wire.PreferredMaintenanceWindow),
		DBParameterGroups:          []parameterGroup{{cmp.Or(in.DBParameterGroupName, "default."+family(c.wire.EngineVersion)), "in-sync"}},
		PromotionTier:              1, AutoMinorVersionUpgrade: true, PubliclyAccessible: in.PubliclyAccessible,
		CopyTagsToSnapshot: in.CopyTagsToSnapshot, MonitoringInterval: in.MonitoringInterval,
		PerformanceInsightsEnabled: in.EnablePerformanceInsights,
		CACertificateIdentifier:    cmp.Or(in.CACertificateIdentifier, "rds-ca-rsa2048-g1")}
	set(&i.wire.PromotionTier, in.PromotionTier)
	set(&i.wire.AutoMinorVersionUpgrade, in.AutoMinorVersionUpgrade)
	s.instances[id] = i
	return i, nil
}

// startInstance starts what an instance stands for and makes it available.
func (s *Server) startInstance(ctx context.Context, i *instance) error {
	s.mu.Lock()
	identity := i.identity()
	s.mu.Unlock()
	host, port, err := s.cfg.Instances.StartInstance(ctx, identity)
	if err != nil {
		return fmt.Errorf("start instance %s: %w", i.id, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i.host, i.port, i.status = host, port, statusAvailable
	if i.cluster.mustNotServe() {
		s.shutDown(i.cluster) // it came too late to be told
	}
	return nil
}

package rdsapi

import "context"

type modifyDBInstanceInput struct {
	DBInstanceIdentifier       string
	DBInstanceClass            *string
	PreferredMaintenanceWindow *string
	DBParameterGroupName       *string
	PromotionTier              *int
	PubliclyAccessible         *bool
	AutoMinorVersionUpgrade    *bool
	CopyTagsToSnapshot         *bool
	MonitoringInterval         *int
	EnablePerformanceInsights  *bool
	CACertificateIdentifier    *string
}

// modifyDBInstance changes at once, with or without ApplyImmediately.
func (s *Server) modifyDBInstance(_ context.Context, in *modifyDBInstanceInput) (*instanceOutput, error) {
	if in.DBInstanceIdentifier == "" {
		return nil, missing("DBInstanceIdentifier")
	}
	if in.DBInstanceClass != nil && !isClass(*in.DBInstanceClass) {
		return nil, invalidValue("Invalid DB Instance class: %s", *in.DBInstanceClass)
	}
	if w := in.PreferredMaintenanceWindow; w != nil {
		if err := checkWindow(*w); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.findInstance(in.DBInstanceIdentifier, "DBInstanceIdentifier")
	if err != nil {
		return nil, err
	}
	if i.status != statusAvailable {
		return nil, instanceState("Instance %s is not in the available state: it is %s.", i.id, i.status)
	}
	set(&i.class, in.DBInstanceClass)
	set(&i.wire.PreferredMaintenanceWindow, in.PreferredMaintenanceWindow)
	set(&i.wire.PromotionTier, in.PromotionTier)
	set(&i.wire.PubliclyAccessible, in.PubliclyAccessible)
	set(&i.wire.AutoMinorVersionUpgrade, in.AutoMinorVersionUpgrade)
	set(&i.wire.CopyTagsToSnapshot, in.CopyTagsToSnapshot)
	set(&i.wire.MonitoringInterval, in.MonitoringInterval)
	set(&i.wire.PerformanceInsightsEnabled, in.EnablePerformanceInsights)
	set(&i.wire.CACertificateIdentifier, in.CACertificateIdentifier)
	if in.DBParameterGroupName != nil {
		i.wire.DBParameterGroups = []parameterGroup{{*in.DBParameterGroupName, "in-sync"}}
	}
	return &instanceOutput{s.instanceShape(i)}, nil
}

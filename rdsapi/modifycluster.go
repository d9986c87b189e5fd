package rdsapi

import (
	"context"
	"strings"
)

type modifyDBClusterInput struct {
	DBClusterIdentifier                string
	NewDBClusterIdentifier             *string
	ApplyImmediately                   bool
	BackupRetentionPeriod              *int
	DBClusterParameterGroupName        *string
	VpcSecurityGroupIds                []string `member:"VpcSecurityGroupId"`
	Port                               *int
	MasterUserPassword                 *string
	OptionGroupName                    string
	PreferredBackupWindow              *string
	PreferredMaintenanceWindow         *string
	EnableIAMDatabaseAuthentication    *bool
	BacktrackWindow                    int64
	CloudwatchLogsExportConfiguration  *logExports
	EngineVersion                      *string
	AllowMajorVersionUpgrade           bool
	DBInstanceParameterGroupName       string
	Domain                             string
	ScalingConfiguration               *struct{}
	DeletionProtection                 *bool
	EnableHttpEndpoint                 *bool
	CopyTagsToSnapshot                 *bool
	EnableGlobalWriteForwarding        *bool
	DBClusterInstanceClass             string
	AllocatedStorage                   *int
	StorageType                        *string
	Iops                               *int
	AutoMinorVersionUpgrade            *bool
	NetworkType                        *string
	ServerlessV2ScalingConfiguration   *scalingConfiguration
	MonitoringInterval                 *int
	MonitoringRoleArn                  *string
	DatabaseInsightsMode               *string
	EnablePerformanceInsights          *bool
	PerformanceInsightsKMSKeyId        *string
	PerformanceInsightsRetentionPeriod *int
	ManageMasterUserPassword           *bool
	RotateMasterUserPassword           *bool
	EnableLocalWriteForwarding         *bool
	MasterUserSecretKmsKeyId           string
	EngineMode                         string
	EnableLimitlessDatabase            *bool
	CACertificateIdentifier            *string
}

type logExports struct{ EnableLogTypes, DisableLogTypes []string }

// modifyDBCluster changes at once; a new identifier, a new engine version and IAM
// authentication wait for the maintenance window unless ApplyImmediately is given.
func (s *Server) modifyDBCluster(ctx context.Context, in *modifyDBClusterInput) (*clusterOutput, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	id := ""
	set(&id, in.PerformanceInsightsKMSKeyId)
	insightsKey, err := s.insightsKey(ctx, in.EnablePerformanceInsights, id)
	if err != nil {
		return nil, err
	}
	secretOf := &cluster{}
	if is(in.ManageMasterUserPassword) || in.MasterUserSecretKmsKeyId != "" {
		if err := s.manageSecret(ctx, secretOf, in.MasterUserSecretKmsKeyId); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.availableCluster(in.DBClusterIdentifier)
	if err != nil {
		return nil, err
	}
	change, err := s.checkModify(c, in)
	if err != nil {
		return nil, err
	}
	before := c.wire.PreferredMaintenanceWindow
	in.apply(&c.wire, insightsKey)
	s.modifySecret(c, in, secretOf.wire.MasterUserSecret)
	if c.wire.PreferredMaintenanceWindow != before {
		s.moveToWindow(c)
	}
	s.modifyGroupOf(c, change.group)
	c.deferred = c.deferred.with(change)
	if in.ApplyImmediately {
		s.applyDeferred(c)
	} else if c.deferred != nil {
		c.deferred.due = c.nextWindow(s.cfg.Clock.Now())
		s.wakeRun()
	}
	return &clusterOutput{s.shape(c)}, nil
}

// apply changes what is changed at once.
func (in *modifyDBClusterInput) apply(w *dbCluster, insightsKey string) {
	set(&w.BackupRetentionPeriod, in.BackupRetentionPeriod)
	set(&w.Port, in.Port)
	set(&w.PreferredBackupWindow, in.PreferredBackupWindow)
	set(&w.DeletionProtection, in.DeletionProtection)
	set(&w.HttpEndpointEnabled, in.EnableHttpEndpoint)
	set(&w.CopyTagsToSnapshot, in.CopyTagsToSnapshot)
	set(&w.StorageType, in.StorageType)
	set(&w.AutoMinorVersionUpgrade, in.AutoMinorVersionUpgrade)
	set(&w.NetworkType, in.NetworkType)
	set(&w.MonitoringRoleArn, in.MonitoringRoleArn)
	set(&w.DatabaseInsightsMode, in.DatabaseInsightsMode)
	if in.PreferredMaintenanceWindow != nil {
		w.PreferredMaintenanceWindow = strings.ToLower(*in.PreferredMaintenanceWindow)
	}
	if in.VpcSecurityGroupIds != nil {
		w.VpcSecurityGroups = securityGroups(in.VpcSecurityGroupIds)
	}
	if in.ServerlessV2ScalingConfiguration != nil {
		w.ServerlessV2ScalingConfiguration = in.ServerlessV2ScalingConfiguration
	}
	if in.MonitoringInterval != nil {
		w.MonitoringInterval = in.MonitoringInterval
	}
	if in.PerformanceInsightsRetentionPeriod != nil {
		w.PerformanceInsightsRetentionPeriod = in.PerformanceInsightsRetentionPeriod
	}
	if on := in.EnablePerformanceInsights; on != nil {
		w.PerformanceInsightsEnabled, w.PerformanceInsightsKMSKeyId = on, insightsKey
		if !*on {
			w.PerformanceInsightsRetentionPeriod = nil
		}
	}
	if in.EnableLocalWriteForwarding != nil {
		w.LocalWriteForwardingStatus = map[bool]string{true: "enabled", false: "disabled"}[*in.EnableLocalWriteForwarding]
	}
	if id := in.CACertificateIdentifier; id != nil {
		w.CertificateDetails = &certificateDetails{*id, validTill(*id)}
	}
	if e := in.CloudwatchLogsExportConfiguration; e != nil {
		w.EnabledCloudwatchLogsExports = e.apply(w.EnabledCloudwatchLogsExports)
	}
}

// modifySecret has RDS manage the password or no longer. The lock is held.
func (s *Server) modifySecret(c *cluster, in *modifyDBClusterInput, secret *masterUserSecret) {
	if in.ManageMasterUserPassword != nil && (!*in.ManageMasterUserPassword || c.wire.MasterUserSecret == nil) {
		c.wire.MasterUserSecret = secret
	}
	if in.MasterUserPassword != nil {
		s.clusterEvent(c, event{id: "RDS-EVENT-0016", category: "configuration change", message: "Reset master credentials"})
	}
}

// modifyGroupOf gives a cluster another parameter group, which its instances have
// when they are rebooted. The lock is held.
func (s *Server) modifyGroupOf(c *cluster, group string) {
	if group == c.wire.DBClusterParameterGroup {
		return
	}
	c.wire.DBClusterParameterGroup = group
	for _, i := range s.members(c) {
		i.unsynced = true
	}
}

// moveToWindow moves what waits for the maintenance window to the new one. The lock
// is held.
func (s *Server) moveToWindow(c *cluster) {
	next := c.nextWindow(s.cfg.Clock.Now())
	if c.pending != nil && !c.pending.due.IsZero() {
		c.pending.due = next
	}
	if c.deferred != nil {
		c.deferred.due = next
	}
	s.wakeRun()
}

func (e *logExports) apply(on []string) []string {
	all := make(map[string]string)
	for _, l := range append(on[:len(on):len(on)], e.EnableLogTypes...) {
		all[l] = l
	}
	for _, l := range e.DisableLogTypes {
		delete(all, l)
	}
	return sortedValues(all)
}

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
	insightsKey := ""
	if is(in.EnablePerformanceInsights) {
		id := ""
		set(&id, in.PerformanceInsightsKMSKeyId)
		var err error
		if insightsKey, err = s.insightsKey(ctx, id); err != nil {
			return nil, err
		}
	}
	secretOf := &cluster{}
	if is(in.ManageMasterUserPassword) || in.MasterUserSecretKmsKeyId != "" {
		if err := s.manageSecret(ctx, secretOf, in.MasterUserSecretKmsKeyId); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.findCluster(in.DBClusterIdentifier, "DBClusterIdentifier")
	if err != nil {
		return nil, err
	}
	if c.status != statusAvailable {
		return nil, notAvailable(c)
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

// check refuses what is wrong whatever the state is.
func (in *modifyDBClusterInput) check() error {
	if err := required("DBClusterIdentifier", in.DBClusterIdentifier); err != nil {
		return err
	}
	switch {
	case in.Domain != "":
		return notFound("DomainNotFoundFault", "Domain %s not found. There are no directories here.", in.Domain)
	case !isOptionGroup(in.OptionGroupName):
		return noOptionGroup(in.OptionGroupName)
	}
	if err := checkPassword(in.MasterUserPassword); err != nil {
		return err
	}
	const multiAZ = " can only be specified for Multi-AZ DB clusters, not for " + engine + "."
	if err := refuse(
		refused{in.EngineMode != "" && in.EngineMode != "provisioned", "The engine mode " + in.EngineMode + " you requested is currently unavailable."},
		refused{in.ScalingConfiguration != nil, "ScalingConfiguration can only be specified with the engine mode serverless."},
		refused{in.BacktrackWindow != 0, "Backtrack is not supported for the engine " + engine + "."},
		refused{in.DBClusterInstanceClass != "", "DBClusterInstanceClass" + multiAZ},
		refused{in.AllocatedStorage != nil && *in.AllocatedStorage > 1, "AllocatedStorage" + multiAZ},
		refused{in.Iops != nil && *in.Iops != 0, "Iops" + multiAZ},
		refused{is(in.EnableGlobalWriteForwarding), "EnableGlobalWriteForwarding can only be specified for a DB cluster of a global database."},
		refused{is(in.EnableLimitlessDatabase), "Aurora Limitless Database is not emulated."},
		refused{in.MasterUserPassword != nil && is(in.ManageMasterUserPassword), "You can't specify MasterUserPassword when ManageMasterUserPassword is true."},
	); err != nil {
		return err
	}
	return in.checkSettings()
}

func (in *modifyDBClusterInput) checkSettings() error {
	if n := in.BackupRetentionPeriod; n != nil {
		if err := checkRetention(*n); err != nil {
			return err
		}
	}
	if in.Port != nil {
		if err := checkPort(*in.Port); err != nil {
			return err
		}
	}
	if in.CACertificateIdentifier != nil {
		if checkAuthority(*in.CACertificateIdentifier) != nil {
			return invalidValue("Invalid CA certificate identifier: %s", *in.CACertificateIdentifier)
		}
	}
	if w := in.PreferredMaintenanceWindow; w != nil && *w == "" {
		return invalidValue("The parameter PreferredMaintenanceWindow must not be blank.")
	}
	if e := in.CloudwatchLogsExportConfiguration; e != nil {
		if err := checkLogs(e.EnableLogTypes); err != nil {
			return err
		}
	}
	storage, network := "", ""
	set(&storage, in.StorageType)
	set(&network, in.NetworkType)
	for _, err := range []error{
		checkScaling(in.ServerlessV2ScalingConfiguration),
		oneOfValues("StorageType", storage, "aurora", "aurora-iopt1"),
		oneOfValues("NetworkType", network, "IPV4", "DUAL"),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

// clusterChange is what of a modification may have to wait, and the parameter group
// that the cluster has from now on.
type clusterChange struct {
	id, version *string
	iam         *bool
	group       string
}

// checkModify checks a modification against the state. The lock is held.
func (s *Server) checkModify(c *cluster, in *modifyDBClusterInput) (clusterChange, error) {
	w := c.wire // as it will be
	in.apply(&w, "")
	change := clusterChange{iam: in.EnableIAMDatabaseAuthentication}
	insights := w.DatabaseInsightsMode
	if err := checkMonitoring(w.MonitoringInterval, w.MonitoringRoleArn, w.PerformanceInsightsRetentionPeriod, insights); err != nil {
		return change, err
	}
	if err := checkWindows(w.PreferredBackupWindow, w.PreferredMaintenanceWindow); err != nil {
		return change, err
	}
	if err := s.checkUpgrade(c, in, &change); err != nil {
		return change, err
	}
	if is(in.RotateMasterUserPassword) && c.wire.MasterUserSecret == nil {
		return change, invalidCombination("RotateMasterUserPassword can only be specified when the master user password is managed by RDS.")
	}
	if in.MasterUserPassword != nil && c.wire.MasterUserSecret != nil && in.ManageMasterUserPassword == nil {
		return change, invalidCombination("You can't specify MasterUserPassword for an instance with ManageMasterUserPassword enabled.")
	}
	if in.NewDBClusterIdentifier == nil {
		return change, nil
	}
	id, err := newIdentifier(*in.NewDBClusterIdentifier, "NewDBClusterIdentifier")
	if err != nil {
		return change, err
	}
	if other := s.clusters[id]; other != nil && other != c {
		return change, clusterExists()
	}
	change.id = &id
	return change, nil
}

// checkUpgrade checks a new engine version and the parameter group, which have to
// fit each other. The lock is held.
func (s *Server) checkUpgrade(c *cluster, in *modifyDBClusterInput, change *clusterChange) error {
	version, major := c.wire.EngineVersion, false
	if in.EngineVersion != nil && !versionMatches(version, *in.EngineVersion) {
		v, err := s.wholeVersion(*in.EngineVersion)
		if err != nil {
			return err
		}
		major = family(v) != family(version)
		switch {
		case compareVersions(v, version) < 0:
			return invalidCombination("Cannot upgrade %s from %s to %s", engine, version, v)
		case major && !in.AllowMajorVersionUpgrade:
			return invalidCombination("The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.")
		case major && c.stream.status != streamStopped:
			return invalidCombination("Stop the database activity stream of DB cluster %s before a major version upgrade.", c.id)
		}
		version, change.version = v, &v
	}
	if in.DBInstanceParameterGroupName != "" {
		if !major {
			return invalidCombination("db-instance-parameter-group-name can only be specified for a major engine version upgrade.")
		}
		if _, err := s.usableGroup(instanceGroup, in.DBInstanceParameterGroupName, version); err != nil {
			return err
		}
	}
	group := c.wire.DBClusterParameterGroup
	switch {
	case in.DBClusterParameterGroupName != nil:
		group = *in.DBClusterParameterGroupName
	case strings.HasPrefix(group, defaultPrefix):
		group = ""
	}
	group, err := s.usableGroup(clusterGroup, group, version)
	if major && in.DBClusterParameterGroupName == nil {
		group = c.wire.DBClusterParameterGroup // the upgrade will change it
	}
	change.group = group
	return err
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

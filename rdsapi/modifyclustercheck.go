package rdsapi

import (
	"cmp"
	"strings"
)

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
	storage, network := "", ""
	set(&storage, in.StorageType)
	set(&network, in.NetworkType)
	var logs []string
	if e := in.CloudwatchLogsExportConfiguration; e != nil {
		logs = e.EnableLogTypes
	}
	return cmp.Or(
		checkRetention(in.BackupRetentionPeriod),
		checkPort(in.Port),
		checkClusterAuthority(in.CACertificateIdentifier),
		notBlank("PreferredMaintenanceWindow", in.PreferredMaintenanceWindow),
		checkLogs(logs),
		checkScaling(in.ServerlessV2ScalingConfiguration),
		oneOfValues("StorageType", storage, "aurora", "aurora-iopt1"),
		oneOfValues("NetworkType", network, "IPV4", "DUAL"),
	)
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

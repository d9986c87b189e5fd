package rdsapi

import "cmp"

// check refuses what is wrong whatever the state is.
func (in *createDBClusterInput) check() error {
	if err := required("DBClusterIdentifier", in.DBClusterIdentifier, "Engine", in.Engine); err != nil {
		return err
	}
	if in.Engine != engine {
		return invalidValue("Invalid DB engine: %s. This is an emulator of %s.", in.Engine, engine)
	}
	if err := in.checkElsewhere(); err != nil {
		return err
	}
	if err := checkNames(in.MasterUsername, in.DatabaseName); err != nil {
		return err
	}
	switch {
	case in.MasterUserPassword == nil && !in.ManageMasterUserPassword:
		return invalidValue("The parameter MasterUserPassword must be provided and must not be blank.")
	case in.MasterUserPassword != nil && in.ManageMasterUserPassword:
		return invalidCombination("You can't specify MasterUserPassword when ManageMasterUserPassword is true.")
	case in.MasterUserSecretKmsKeyId != "" && !in.ManageMasterUserPassword:
		return invalidCombination("MasterUserSecretKmsKeyId can only be specified when ManageMasterUserPassword is true.")
	case in.KmsKeyId != "" && in.StorageEncrypted != nil && !*in.StorageEncrypted:
		return invalidCombination("KmsKeyId can only be specified when StorageEncrypted is true.")
	}
	if err := checkPassword(in.MasterUserPassword); err != nil {
		return err
	}
	if err := in.checkUnsupported(); err != nil {
		return err
	}
	return in.checkSettings()
}

// checkElsewhere refuses to use what is not there.
func (in *createDBClusterInput) checkElsewhere() error {
	switch {
	case in.GlobalClusterIdentifier != "":
		return notFound("GlobalClusterNotFoundFault", "Global cluster %s not found", in.GlobalClusterIdentifier)
	case in.ReplicationSourceIdentifier != "":
		return notFound("DBClusterNotFoundFault", "DBCluster %s not found.", in.ReplicationSourceIdentifier)
	case in.Domain != "":
		return notFound("DomainNotFoundFault", "Domain %s not found. There are no directories here.", in.Domain)
	case !isOptionGroup(in.OptionGroupName):
		return noOptionGroup(in.OptionGroupName)
	}
	return nil
}

// checkUnsupported refuses what Aurora PostgreSQL, or this cluster, cannot have.
func (in *createDBClusterInput) checkUnsupported() error {
	const multiAZ = " can only be specified for Multi-AZ DB clusters, not for " + engine + "."
	return refuse(
		refused{in.EngineMode != "" && in.EngineMode != "provisioned", "The engine mode " + in.EngineMode + " you requested is currently unavailable."},
		refused{in.ScalingConfiguration != nil, "ScalingConfiguration can only be specified with the engine mode serverless."},
		refused{in.BacktrackWindow != 0, "Backtrack is not supported for the engine " + engine + "."},
		refused{in.RdsCustomClusterConfiguration != nil, "RdsCustomClusterConfiguration can't be specified for the engine " + engine + "."},
		refused{in.DBClusterInstanceClass != "", "DBClusterInstanceClass" + multiAZ},
		refused{in.AllocatedStorage != nil && *in.AllocatedStorage > 1, "AllocatedStorage" + multiAZ},
		refused{in.Iops != nil && *in.Iops != 0, "Iops" + multiAZ},
		refused{is(in.PubliclyAccessible), "PubliclyAccessible" + multiAZ},
		refused{is(in.EnableGlobalWriteForwarding), "EnableGlobalWriteForwarding can only be specified for a DB cluster of a global database."},
		refused{is(in.EnableLimitlessDatabase) || in.ClusterScalabilityType == "limitless", "Aurora Limitless Database is not emulated."},
		refused{is(in.WithExpressConfiguration), "The express configuration is not emulated: make the DB instance by CreateDBInstance."},
	)
}

func (in *createDBClusterInput) checkSettings() error {
	var authority *string
	if in.CACertificateIdentifier != "" {
		authority = &in.CACertificateIdentifier
	}
	return cmp.Or(
		checkRetention(in.BackupRetentionPeriod),
		checkPort(in.Port),
		checkClusterAuthority(authority),
		checkWindows(in.PreferredBackupWindow, in.PreferredMaintenanceWindow),
		checkMonitoring(in.MonitoringInterval, in.MonitoringRoleArn, in.PerformanceInsightsRetentionPeriod, in.DatabaseInsightsMode),
		checkLogs(in.EnableCloudwatchLogsExports),
		checkScaling(in.ServerlessV2ScalingConfiguration),
		oneOfValues("StorageType", in.StorageType, "aurora", "aurora-iopt1"),
		oneOfValues("NetworkType", in.NetworkType, "IPV4", "DUAL"),
		oneOfValues("ClusterScalabilityType", in.ClusterScalabilityType, "standard", "limitless"),
		oneOfValues("EngineLifecycleSupport", in.EngineLifecycleSupport, "open-source-rds-extended-support", "open-source-rds-extended-support-disabled"),
	)
}

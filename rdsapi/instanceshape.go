package rdsapi

import (
	"cmp"
	"time"
)

// dbInstance is the API's DBInstance, as far as it is emulated. In an instance's
// wire field the members that follow from the state are empty.
type dbInstance struct {
	DBInstanceIdentifier               string
	DBInstanceClass                    string
	Engine                             string
	DBInstanceStatus                   string
	MasterUsername                     string
	DBName                             string
	Endpoint                           *endpoint
	AllocatedStorage                   int
	InstanceCreateTime                 time.Time
	PreferredBackupWindow              string
	BackupRetentionPeriod              int
	DBSecurityGroups                   []struct{}       `member:"DBSecurityGroup"`
	VpcSecurityGroups                  []securityGroup  `member:"VpcSecurityGroupMembership"`
	DBParameterGroups                  []parameterGroup `member:"DBParameterGroup"`
	AvailabilityZone                   string
	DBSubnetGroup                      *subnetGroup
	PreferredMaintenanceWindow         string
	PendingModifiedValues              *instancePending
	MultiAZ                            bool
	EngineVersion                      string
	AutoMinorVersionUpgrade            bool
	ReadReplicaDBInstanceIdentifiers   []string `member:"ReadReplicaDBInstanceIdentifier"`
	LicenseModel                       string
	PubliclyAccessible                 bool
	StorageType                        string
	DbInstancePort                     int
	DBClusterIdentifier                string
	StorageEncrypted                   bool
	KmsKeyId                           string
	DbiResourceId                      string
	CACertificateIdentifier            string
	DomainMemberships                  []struct{} `member:"DomainMembership"`
	CopyTagsToSnapshot                 bool
	MonitoringInterval                 int
	MonitoringRoleArn                  string
	DatabaseInsightsMode               string
	PromotionTier                      int
	DBInstanceArn                      string
	IAMDatabaseAuthenticationEnabled   bool
	PerformanceInsightsEnabled         bool
	PerformanceInsightsKMSKeyId        string
	PerformanceInsightsRetentionPeriod *int
	EnabledCloudwatchLogsExports       []string
	DeletionProtection                 bool
	AssociatedRoles                    []struct{} `member:"DBInstanceRole"`
	TagList                            []tag      `member:"Tag"`
	CustomerOwnedIpEnabled             bool
	NetworkType                        string
	ActivityStreamStatus               string
	ActivityStreamKmsKeyId             string
	ActivityStreamKinesisStreamName    string
	ActivityStreamMode                 string
	BackupTarget                       string
	CustomIamInstanceProfile           string
	CertificateDetails                 *certificateDetails
	DedicatedLogVolume                 bool
	EngineLifecycleSupport             string
}

type endpoint struct {
	Address      string
	Port         int
	HostedZoneId string
}

type parameterGroup struct{ DBParameterGroupName, ParameterApplyStatus string }

// instanceShape shows an instance. The lock is held.
func (s *Server) instanceShape(i *instance) dbInstance {
	w, c := i.wire, s.shape(i.cluster)
	w.DBInstanceIdentifier, w.DBInstanceArn, w.DbiResourceId = i.id, i.arn, i.resourceID
	w.DBInstanceClass, w.DBInstanceStatus, w.InstanceCreateTime = i.class, i.status, i.created
	w.Engine, w.EngineVersion, w.LicenseModel = engine, c.EngineVersion, "postgresql-license"
	w.AllocatedStorage, w.BackupTarget = 1, "region"
	w.MasterUsername, w.DBName, w.DBClusterIdentifier = c.MasterUsername, c.DatabaseName, c.DBClusterIdentifier
	w.PreferredBackupWindow, w.BackupRetentionPeriod = c.PreferredBackupWindow, c.BackupRetentionPeriod
	w.StorageType, w.StorageEncrypted, w.KmsKeyId = c.StorageType, c.StorageEncrypted, c.KmsKeyId
	w.IAMDatabaseAuthenticationEnabled = c.IAMDatabaseAuthenticationEnabled
	w.NetworkType = cmp.Or(w.NetworkType, c.NetworkType)
	w.EngineLifecycleSupport = cmp.Or(w.EngineLifecycleSupport, c.EngineLifecycleSupport)
	w.EnabledCloudwatchLogsExports = c.EnabledCloudwatchLogsExports
	w.CertificateDetails = &certificateDetails{w.CACertificateIdentifier, validTill(w.CACertificateIdentifier)}
	w.VpcSecurityGroups = c.VpcSecurityGroups
	if g, err := s.findSubnetGroup(c.DBSubnetGroup); err == nil {
		shape := s.subnetGroupShape(g)
		w.DBSubnetGroup = &shape
	}
	w.PendingModifiedValues = i.deferred.shape()
	w.DBSecurityGroups, w.ReadReplicaDBInstanceIdentifiers = []struct{}{}, []string{}
	w.DomainMemberships, w.AssociatedRoles = []struct{}{}, []struct{}{}
	w.TagList = tagList(i.tags)
	if i.host != "" {
		w.Endpoint = &endpoint{i.host, i.port, c.HostedZoneId}
	}
	w.ActivityStreamStatus, w.ActivityStreamMode = c.ActivityStreamStatus, c.ActivityStreamMode
	w.ActivityStreamKmsKeyId, w.ActivityStreamKinesisStreamName = c.ActivityStreamKmsKeyId, c.ActivityStreamKinesisStreamName
	return w
}

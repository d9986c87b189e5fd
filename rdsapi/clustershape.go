package rdsapi

import (
	"time"
)

// dbCluster is the API's DBCluster, as far as it is emulated. In a cluster's
// wire field the members that follow from the state are empty.
type dbCluster struct {
	AllocatedStorage                   int
	AvailabilityZones                  []string `member:"AvailabilityZone"`
	BackupRetentionPeriod              int
	CharacterSetName                   string
	DatabaseName                       string
	DBClusterIdentifier                string
	DBClusterParameterGroup            string
	DBSubnetGroup                      string
	Status                             string
	EarliestRestorableTime             time.Time
	Endpoint                           string
	ReaderEndpoint                     string
	MultiAZ                            bool
	Engine                             string
	EngineVersion                      string
	LatestRestorableTime               time.Time
	Port                               int
	MasterUsername                     string
	PreferredBackupWindow              string
	PreferredMaintenanceWindow         string
	ReadReplicaIdentifiers             []string          `member:"ReadReplicaIdentifier"`
	DBClusterMembers                   []dbClusterMember `member:"DBClusterMember"`
	VpcSecurityGroups                  []securityGroup   `member:"VpcSecurityGroupMembership"`
	HostedZoneId                       string
	StorageEncrypted                   bool
	StorageEncryptionType              string
	KmsKeyId                           string
	DbClusterResourceId                string
	DBClusterArn                       string
	AssociatedRoles                    []clusterRole `member:"DBClusterRole"`
	IAMDatabaseAuthenticationEnabled   bool
	ClusterCreateTime                  time.Time
	EnabledCloudwatchLogsExports       []string
	PendingModifiedValues              *clusterPending
	EngineMode                         string
	StorageType                        string
	AutoMinorVersionUpgrade            bool
	DeletionProtection                 bool
	HttpEndpointEnabled                bool
	ActivityStreamMode                 string
	ActivityStreamStatus               string
	ActivityStreamKmsKeyId             string
	ActivityStreamKinesisStreamName    string
	CopyTagsToSnapshot                 bool
	CrossAccountClone                  bool
	DomainMemberships                  []struct{} `member:"DomainMembership"`
	TagList                            []tag      `member:"Tag"`
	NetworkType                        string
	AutomaticRestartTime               time.Time
	ServerlessV2ScalingConfiguration   *scalingConfiguration
	MonitoringInterval                 *int
	MonitoringRoleArn                  string
	DatabaseInsightsMode               string
	PerformanceInsightsEnabled         *bool
	PerformanceInsightsKMSKeyId        string
	PerformanceInsightsRetentionPeriod *int
	DBSystemId                         string
	MasterUserSecret                   *masterUserSecret
	LocalWriteForwardingStatus         string
	ClusterScalabilityType             string
	CertificateDetails                 *certificateDetails
	EngineLifecycleSupport             string
}

type masterUserSecret struct{ SecretArn, SecretStatus, KmsKeyId string }

type certificateDetails struct {
	CAIdentifier string
	ValidTill    time.Time
}

type dbClusterMember struct {
	DBInstanceIdentifier          string
	IsClusterWriter               bool
	DBClusterParameterGroupStatus string
	PromotionTier                 int
}

type securityGroup struct{ VpcSecurityGroupId, Status string }

type scalingConfiguration struct {
	MinCapacity, MaxCapacity *float64
	SecondsUntilAutoPause    *int
}

// shape shows a cluster. The lock is held.
func (s *Server) shape(c *cluster) dbCluster {
	w := c.wire
	w.AllocatedStorage, w.Engine = 1, engine
	w.DBClusterIdentifier, w.DBClusterArn, w.DbClusterResourceId = c.id, c.arn, c.resourceID
	w.Status, w.ClusterCreateTime, w.LatestRestorableTime = c.status, c.created, s.cfg.Clock.Now()
	w.EarliestRestorableTime = c.created
	w.AvailabilityZones = s.zones()
	w.StorageEncryptionType = "none"
	if w.StorageEncrypted {
		w.StorageEncryptionType = "sse-kms"
	}
	w.TagList = tagList(c.tags)
	w.ReadReplicaIdentifiers, w.DomainMemberships = []string{}, []struct{}{}
	w.AssociatedRoles = append([]clusterRole{}, w.AssociatedRoles...)
	w.PendingModifiedValues = c.deferred.shape()
	w.ActivityStreamStatus = c.stream.status
	if c.stream.status != streamStopped {
		w.ActivityStreamMode, w.ActivityStreamKmsKeyId = c.stream.mode, c.stream.key.ID
		w.ActivityStreamKinesisStreamName = c.streamName()
	}
	w.DBClusterMembers = []dbClusterMember{}
	for n, i := range s.members(c) {
		state := "in-sync"
		if c.pending != nil || i.unsynced {
			state = "pending-reboot"
		}
		w.DBClusterMembers = append(w.DBClusterMembers, dbClusterMember{i.id, n == 0, state, i.wire.PromotionTier})
		if i.host == "" {
			continue
		}
		if n == 0 {
			w.Endpoint, w.Port = i.host, i.port
		}
		if n <= 1 {
			w.ReaderEndpoint = i.host
		}
	}
	w.MultiAZ = len(w.DBClusterMembers) > 1
	return w
}

// clusterDefaults fills in what RDS chooses when the caller does not.
func clusterDefaults(w *dbCluster) {
	for _, d := range []struct {
		member *string
		value  string
	}{
		{&w.DBSubnetGroup, "default"},
		{&w.PreferredBackupWindow, "04:00-04:30"},
		{&w.PreferredMaintenanceWindow, "sun:05:00-sun:05:30"},
		{&w.EngineMode, "provisioned"},
		{&w.StorageType, "aurora"},
		{&w.NetworkType, "IPV4"},
		{&w.EngineLifecycleSupport, "open-source-rds-extended-support"},
		{&w.DatabaseInsightsMode, "standard"},
		{&w.ClusterScalabilityType, "standard"},
	} {
		if *d.member == "" {
			*d.member = d.value
		}
	}
	w.HostedZoneId = "Z2R2ITUGPM61AM"
}

func securityGroups(ids []string) []securityGroup {
	list := make([]securityGroup, 0, len(ids))
	for _, id := range ids {
		list = append(list, securityGroup{id, "active"})
	}
	return list
}

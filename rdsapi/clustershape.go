package rdsapi

import (
	"fmt"
	"strings"
	"time"
)

// dbCluster is the API's DBCluster, as far as it is emulated. In a cluster's
// wire field the members that follow from the state are empty.
type dbCluster struct {
	AllocatedStorage                 int
	AvailabilityZones                []string `member:"AvailabilityZone"`
	BackupRetentionPeriod            int
	DatabaseName                     string
	DBClusterIdentifier              string
	DBClusterParameterGroup          string
	DBSubnetGroup                    string
	Status                           string
	Endpoint                         string
	ReaderEndpoint                   string
	MultiAZ                          bool
	Engine                           string
	EngineVersion                    string
	LatestRestorableTime             time.Time
	Port                             int
	MasterUsername                   string
	PreferredBackupWindow            string
	PreferredMaintenanceWindow       string
	ReadReplicaIdentifiers           []string          `member:"ReadReplicaIdentifier"`
	DBClusterMembers                 []dbClusterMember `member:"DBClusterMember"`
	VpcSecurityGroups                []securityGroup   `member:"VpcSecurityGroupMembership"`
	HostedZoneId                     string
	StorageEncrypted                 bool
	KmsKeyId                         string
	DbClusterResourceId              string
	DBClusterArn                     string
	AssociatedRoles                  []string `member:"DBClusterRole"`
	IAMDatabaseAuthenticationEnabled bool
	ClusterCreateTime                time.Time
	EnabledCloudwatchLogsExports     []string
	EngineMode                       string
	StorageType                      string
	AutoMinorVersionUpgrade          bool
	DeletionProtection               bool
	HttpEndpointEnabled              bool
	ActivityStreamMode               string
	ActivityStreamStatus             string
	ActivityStreamKmsKeyId           string
	ActivityStreamKinesisStreamName  string
	CopyTagsToSnapshot               bool
	CrossAccountClone                bool
	TagList                          []tag `member:"Tag"`
	NetworkType                      string
	ServerlessV2ScalingConfiguration *scalingConfiguration
	MonitoringInterval               *int
	PerformanceInsightsEnabled       *bool
	EngineLifecycleSupport           string
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
	w.AvailabilityZones = []string{s.cfg.Region + "a", s.cfg.Region + "b", s.cfg.Region + "c"}
	w.TagList = tagList(c.tags)
	w.ReadReplicaIdentifiers, w.AssociatedRoles = []string{}, []string{}
	w.ActivityStreamStatus = c.stream.status
	if c.stream.status != streamStopped {
		w.ActivityStreamMode, w.ActivityStreamKmsKeyId = c.stream.mode, c.stream.key.ID
		w.ActivityStreamKinesisStreamName = c.streamName()
	}
	w.DBClusterMembers = []dbClusterMember{}
	state := "in-sync"
	if c.pending != nil {
		state = "pending-reboot"
	}
	for n, i := range s.members(c) {
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
		{&w.DBClusterParameterGroup, "default." + family(w.EngineVersion)},
		{&w.DBSubnetGroup, "default"},
		{&w.PreferredBackupWindow, "04:00-04:30"},
		{&w.PreferredMaintenanceWindow, "sun:05:00-sun:05:30"},
		{&w.EngineMode, "provisioned"},
		{&w.StorageType, "aurora"},
		{&w.NetworkType, "IPV4"},
		{&w.EngineLifecycleSupport, "open-source-rds-extended-support"},
	} {
		if *d.member == "" {
			*d.member = d.value
		}
	}
	if w.BackupRetentionPeriod == 0 {
		w.BackupRetentionPeriod = 1
	}
	if w.Port == 0 {
		w.Port = 5432
	}
	w.HostedZoneId = "Z2R2ITUGPM61AM"
	w.AutoMinorVersionUpgrade = true
}

// family is the parameter group family of an engine version.
func family(version string) string {
	major, minor, _ := strings.Cut(version, ".")
	if major == "9" {
		minor, _, _ = strings.Cut(minor, ".")
		major += "." + minor
	}
	return engine + major
}

func securityGroups(ids []string) []securityGroup {
	list := make([]securityGroup, 0, len(ids))
	for _, id := range ids {
		list = append(list, securityGroup{id, "active"})
	}
	return list
}

// checkVersion accepts any version of PostgreSQL: the upstream's own counts.
func checkVersion(version string) error {
	var major, minor int
	if n, _ := fmt.Sscanf(version, "%d.%d", &major, &minor); n == 0 || major < 9 || major > 99 ||
		strings.Trim(version, "0123456789.") != "" || len(version) > 16 {
		return invalidValue("Cannot find version %s for %s", version, engine)
	}
	return nil
}
